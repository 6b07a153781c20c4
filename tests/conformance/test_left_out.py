"""
What is left out on purpose says so, and what to use instead. Endpoints that have these operations lack `left out`.

An operation that nobody has is refused as the service refuses it.
"""

from typing import TYPE_CHECKING

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient


@pytest.mark.needs("left out")
@pytest.mark.parametrize(
    ("operation", "instead"),
    [
        ("CreateGlobalTable", "UpdateTable with ReplicaUpdates"),
        ("DescribeTableReplicaAutoScaling", "DescribeTable"),
        ("EnableKinesisStreamingDestination", "GetRecords"),
        ("ListGlobalTables", "DescribeTable"),
        ("StartBulkPutItems", "BatchWriteItem"),
        ("UpdateTableReplicaAutoScaling", "UpdateTable with ProvisionedThroughput"),
    ],
)
def test_an_operation_that_is_left_out_names_itself_and_the_way_out(
    client: "DynamoClient", operation: str, instead: str
) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {})
    assert caught.value.code == "ValidationException"
    assert caught.value.message.startswith(f"{operation} is left out here: ")
    assert instead in caught.value.message


def test_an_operation_of_nobodys_is_unknown(client: "DynamoClient") -> None:
    with pytest.raises(DynamoError) as caught:
        client.call("MakeCoffee", {})
    assert caught.value.code == "UnknownOperationException"


def test_a_table_streams_to_no_kinesis_stream(simple: "Table", unused_name: str) -> None:
    answer = simple.call("DescribeKinesisStreamingDestination")
    assert answer == {"TableName": simple.name, "KinesisDataStreamDestinations": []}
    error = simple.refusal("DescribeKinesisStreamingDestination", TableName=unused_name)
    assert error.code == "ResourceNotFoundException"
