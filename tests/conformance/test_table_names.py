"""How a table may be called, whether it is named by its name or by its ARN."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

DEFINITION: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.mark.parametrize("name", ["", "ab", "a b c", "a*c", "a:b", "é" * 3, "\0" * 3, "n" * 256])
def test_a_table_cannot_be_made_under_a_name_that_is_none_not_even_by_its_arn(
    client: "DynamoClient", make_table: "Callable[..., Table]", name: str
) -> None:
    arn = make_table(DEFINITION).call("DescribeTable")["Table"]["TableArn"]
    for given in (name, arn.rpartition("/")[0] + "/" + name):
        with pytest.raises(DynamoError) as refused:
            client.call("CreateTable", DEFINITION | {"TableName": given})
        assert refused.value.code == "ValidationException"


def test_one_item_cannot_be_written_twice_under_two_names_of_its_table(make_table: "Callable[..., Table]") -> None:
    table = make_table(DEFINITION)
    arn = table.call("DescribeTable")["Table"]["TableArn"]
    key = {"pk": {"S": "a"}}
    writes = {table.name: [{"PutRequest": {"Item": key}}], arn: [{"DeleteRequest": {"Key": key}}]}
    with pytest.raises(DynamoError, match="Provided list of item keys contains duplicates"):
        table.client.call("BatchWriteItem", {"RequestItems": writes})
