"""aiobotocore's own basic flow: a table, concurrent writes, a paginated query, a refused condition, the deletion."""

import asyncio

from aiobotocore.session import get_session
from botocore.exceptions import ClientError


async def main() -> None:
    async with get_session().create_client("dynamodb") as client:
        await client.create_table(
            TableName="concurrent",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "N"},
            ],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        )
        await client.get_waiter("table_exists").wait(TableName="concurrent")
        puts = [client.put_item(TableName="concurrent", Item=item(number)) for number in range(40)]
        await asyncio.gather(*puts)
        pages = client.get_paginator("query").paginate(
            TableName="concurrent",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "a"}},
            PaginationConfig={"PageSize": 7},
        )
        found = [one async for page in pages for one in page["Items"]]
        assert [int(one["sk"]["N"]) for one in found] == list(range(40))
        try:
            await client.put_item(TableName="concurrent", Item=item(1), ConditionExpression="attribute_not_exists(pk)")
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "ConditionalCheckFailedException"
        else:
            raise AssertionError("the condition must fail")
        await client.delete_table(TableName="concurrent")


def item(number: int) -> dict[str, dict[str, str]]:
    return {"pk": {"S": "a"}, "sk": {"N": str(number)}, "note": {"S": "x" * 100}}


asyncio.run(main())
