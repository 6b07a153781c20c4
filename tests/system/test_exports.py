"""An export and its import over HTTP, with buckets in the data folder of the server."""

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tenantable.data.http_client import HttpClient
from tenantable.wire.signatures import Credentials

if TYPE_CHECKING:
    from tests.conftest import StartDynamo

SCHEMA = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


def test_a_table_goes_through_the_bucket_of_the_server(start_dynamo: "StartDynamo", tmp_path: Path) -> None:
    with start_dynamo(tmp_path) as server:
        credentials = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
        with HttpClient(server.address, region="us-east-1", credentials=lambda: credentials) as client:
            arn = client.call("CreateTable", {"TableName": "notes", **SCHEMA})["TableDescription"]["TableArn"]
            specification = {"PointInTimeRecoveryEnabled": True}
            request = {"TableName": "notes", "PointInTimeRecoverySpecification": specification}
            client.call("UpdateContinuousBackups", request)
            client.call("PutItem", {"TableName": "notes", "Item": {"pk": {"S": "a"}}})
            exported = client.call("ExportTableToPointInTime", {"TableArn": arn, "S3Bucket": "backups"})
            identifier = exported["ExportDescription"]["ExportArn"].rpartition("/")[2]
            prefix = f"AWSDynamoDB/{identifier}/data/"
            written = [gzip.decompress(path.read_bytes()) for path in (tmp_path / "objects/backups" / prefix).iterdir()]
            assert [orjson.loads(content) for content in written if content] == [{"Item": {"pk": {"S": "a"}}}]
            client.call(
                "ImportTable",
                {
                    "S3BucketSource": {"S3Bucket": "backups", "S3KeyPrefix": prefix},
                    "InputFormat": "DYNAMODB_JSON",
                    "InputCompressionType": "GZIP",
                    "TableCreationParameters": {"TableName": "imported", **SCHEMA},
                },
            )
            assert client.call("Scan", {"TableName": "imported"})["Items"] == [{"pk": {"S": "a"}}]
