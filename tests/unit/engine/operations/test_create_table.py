from typing import TYPE_CHECKING, Any

import pytest

from tenantable.testing import ManualClock

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal, TableRequest

INVALID = "One or more parameter values were invalid: "


def test_a_new_table_is_described_as_it_was_asked_for(create: "Create", clock: ManualClock) -> None:
    table = create("orders", keys=("pk", "count"), local={"by_date": ("date", ["note"])}, global_={"by_x": ("x", "y")})
    assert table.pop("TableId").count("-") == 4
    for index in table["LocalSecondaryIndexes"] + table["GlobalSecondaryIndexes"]:
        assert index.pop("IndexArn") == f"{table['TableArn']}/index/{index['IndexName']}"
    warm = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}
    nothing = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    assert table == {
        "TableName": "orders",
        "TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/orders",
        "TableStatus": "CREATING",
        "CreationDateTime": clock.now,
        "DeletionProtectionEnabled": False,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "count", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "count", "AttributeType": "N"},
            {"AttributeName": "date", "AttributeType": "S"},
            {"AttributeName": "x", "AttributeType": "S"},
            {"AttributeName": "y", "AttributeType": "S"},
        ],
        "BillingModeSummary": {
            "BillingMode": "PAY_PER_REQUEST",
            "LastUpdateToPayPerRequestDateTime": clock.now,
        },
        "ProvisionedThroughput": nothing,
        "WarmThroughput": warm,
        "ItemCount": 0,
        "TableSizeBytes": 0,
        "LocalSecondaryIndexes": [
            {
                "IndexName": "by_date",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "date", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
                "ItemCount": 0,
                "IndexSizeBytes": 0,
            }
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_x",
                "KeySchema": [
                    {"AttributeName": "x", "KeyType": "HASH"},
                    {"AttributeName": "y", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
                "ItemCount": 0,
                "IndexSizeBytes": 0,
                "IndexStatus": "CREATING",
                "ProvisionedThroughput": nothing,
                "WarmThroughput": warm,
            }
        ],
    }


def test_a_table_is_active_at_once(call: "Call", create: "Create") -> None:
    create("orders")
    assert call("DescribeTable", TableName="orders")["Table"]["TableStatus"] == "ACTIVE"


def test_a_name_is_taken_once(create: "Create", refusal: "Refusal", table_request: "TableRequest") -> None:
    create("orders")
    error = refusal("CreateTable", **table_request("orders", keys=("other",)))
    assert (error.code, error.message) == ("ResourceInUseException", "Table already exists: orders")


def test_settings_are_kept_and_described(create: "Create", clock: ManualClock) -> None:
    clock.now = 1_800_000_000.5
    table = create(
        "orders",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        OnDemandThroughput={"MaxReadRequestUnits": 10},
    )
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["LatestStreamLabel"] == "2027-01-15T08:00:00.500"
    assert table["LatestStreamArn"] == f"{table['TableArn']}/stream/2027-01-15T08:00:00.500"
    key = "arn:aws:kms:us-east-1:000000000000:alias/mine"
    assert table["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    assert table["TableClassSummary"] == {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert table["DeletionProtectionEnabled"] is True
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 10}


def test_tags_are_given_at_birth(call: "Call", create: "Create") -> None:
    tags = [{"Key": "team", "Value": "red"}]
    arn = create("orders", Tags=tags)["TableArn"]
    assert call("ListTagsOfResource", ResourceArn=arn) == {"Tags": tags}


UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3}


def test_provisioned_units_are_described(create: "Create") -> None:
    table = create("orders", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    assert table["ProvisionedThroughput"] == {**UNITS, "NumberOfDecreasesToday": 0}
    assert "BillingModeSummary" not in table


def schema(*names: str, kinds: tuple[str, str] = ("HASH", "RANGE")) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]


def strings(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def index(*names: str, name: str = "by_x", **members: Any) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": schema(*names), "Projection": {"ProjectionType": "ALL"}, **members}


def projection(*, kind: str | None = None, names: list[str] | None = None) -> dict[str, Any]:
    members = {"ProjectionType": kind, "NonKeyAttributes": names}
    return {"Projection": {member: value for member, value in members.items() if value is not None}}


PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
X = {"AttributeDefinitions": strings("pk", "sk", "x")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"KeySchema": schema("pk", "sk", kinds=("RANGE", "HASH"))},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {"KeySchema": schema("pk", "sk", kinds=("HASH", "HASH"))},
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            {"KeySchema": schema("pk", "pk")},
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            {"AttributeDefinitions": strings("sk", "x")},
            f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [pk, sk], AttributeDefinitions: [sk, x]",
        ),
        (
            {"AttributeDefinitions": strings("pk")},
            "Invalid KeySchema: Some index key attribute have no definition",
        ),
        (
            {"AttributeDefinitions": strings("pk", "sk", "x")},
            f"{INVALID}Number of attributes in KeySchema does not exactly match number of attributes "
            "defined in AttributeDefinitions",
        ),
        (
            {"AttributeDefinitions": strings("pk", "sk", "x", "y"), "GlobalSecondaryIndexes": [index("x")]},
            f"{INVALID}Some AttributeDefinitions are not used. "
            "AttributeDefinitions: [pk, sk, x, y], keys used: [pk, sk, x]",
        ),
        (
            {"ProvisionedThroughput": UNITS},
            f"{INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"BillingMode": None},
            f"{INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", ProvisionedThroughput=UNITS)]},
            f"{INVALID}ProvisionedThroughput should not be specified for index: by_x "
            "when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {**X, **PROVISIONED, "GlobalSecondaryIndexes": [index("x")]},
            f"{INVALID}ProvisionedThroughput is not specified for index: by_x",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x"), index("x", "pk")]},
            f"{INVALID}Duplicate index name: by_x",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x")], "LocalSecondaryIndexes": [index("pk", "x")]},
            f"{INVALID}Duplicate index name: by_x",
        ),
        ({"GlobalSecondaryIndexes": []}, f"{INVALID}List of GlobalSecondaryIndexes is empty"),
        ({"LocalSecondaryIndexes": []}, f"{INVALID}List of LocalSecondaryIndexes is empty"),
        (
            {"LocalSecondaryIndexes": [index("pk")]},
            f"{INVALID}Index KeySchema does not have a range key for index: by_x",
        ),
        (
            {**X, "LocalSecondaryIndexes": [index("x", "pk")]},
            f"{INVALID}Index KeySchema does not have the same leading hash key as table KeySchema for index: by_x. "
            "index hash key: x, table hash key: pk",
        ),
        (
            {"KeySchema": schema("pk"), "LocalSecondaryIndexes": [index("pk", "sk")]},
            f"{INVALID}Table KeySchema does not have a range key, "
            "which is required when specifying a LocalSecondaryIndex",
        ),
        (
            {**X, "LocalSecondaryIndexes": [index("pk", "x", name=f"by_{number}") for number in range(6)]},
            f"{INVALID}Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", name=f"by_{number}") for number in range(21)]},
            f"{INVALID}GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", **projection())]},
            f"{INVALID}Unknown ProjectionType: null",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", **projection(kind="INCLUDE"))]},
            f"{INVALID}ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", **projection(kind="ALL", names=["a"]))]},
            f"{INVALID}ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            {**X, "GlobalSecondaryIndexes": [index("x", **projection(kind="KEYS_ONLY", names=["a"]))]},
            f"{INVALID}ProjectionType is KEYS_ONLY, but NonKeyAttributes is specified",
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            f"{INVALID}StreamViewType must be specified when StreamEnabled is true",
        ),
    ],
)
def test_a_contradictory_definition_is_refused(
    refusal: "Refusal", call: "Call", table_request: "TableRequest", change: dict[str, Any], message: str
) -> None:
    error = refusal("CreateTable", **(table_request("orders") | change))
    assert (error.code, error.message) == ("ValidationException", message)
    assert call("ListTables") == {"TableNames": []}
