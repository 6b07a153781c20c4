"""What the service says of parameters that expressions replaced when they are wrong, or mixed with expressions."""

from typing import TYPE_CHECKING, Any

import pytest

from tenantable.wire.errors import DynamoError

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    from tenantable.wire.client import DynamoClient

Members = dict[str, Any]

INVALID = "One or more parameter values were invalid: "
MIXED = "Can not use both expression and non-expression parameters in the same request: "
KEY: Members = {"pk": {"S": "a"}, "sk": {"S": "a"}}
S, N = ({"S": "x"}, {"N": "1"})


def condition(operator: str, *values: Members) -> Members:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


PK = {"pk": condition("EQ", {"S": "a"})}

# The operands of a comparison, and what is said of them wherever it stands.
OPERANDS: list[tuple[str, list[Members], str]] = [
    ("EQ", [], INVALID + "Invalid number of argument(s) for the EQ ComparisonOperator"),
    ("NE", [S, S], INVALID + "Invalid number of argument(s) for the NE ComparisonOperator"),
    ("BETWEEN", [N], INVALID + "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    ("IN", [], INVALID + "Invalid number of argument(s) for the IN ComparisonOperator"),
    ("NULL", [S], INVALID + "Invalid number of argument(s) for the NULL ComparisonOperator"),
    ("LT", [{"SS": ["a"]}], INVALID + "ComparisonOperator LT is not valid for SS AttributeValue type"),
    ("GE", [{"BOOL": True}], INVALID + "ComparisonOperator GE is not valid for BOOL AttributeValue type"),
    ("BEGINS_WITH", [N], INVALID + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
    ("CONTAINS", [{"L": []}], INVALID + "ComparisonOperator CONTAINS is not valid for L AttributeValue type"),
    ("NOT_CONTAINS", [{"NS": ["1"]}],
     INVALID + "ComparisonOperator NOT_CONTAINS is not valid for NS AttributeValue type"),
    ("IN", [{"M": {}}], INVALID + "ComparisonOperator IN is not valid for M AttributeValue type"),
    ("IN", [S, N], INVALID + "AttributeValues inside AttributeValueList must be of same type"),
    ("BETWEEN", [S, N], INVALID + "AttributeValues inside AttributeValueList must be of same type"),
    ("BETWEEN", [{"N": "10"}, {"N": "9"}], INVALID + "The BETWEEN condition was provided a range where the lower bound "
     "is greater than the upper bound"),
    ("EQ", [{}], "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    ("EQ", [{"N": "x"}], "The parameter cannot be converted to a numeric value: x"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "values", "message"), OPERANDS, ids=[f"{case[0]} {case[1]}" for case in OPERANDS])
def test_wrong_operands_are_told_wherever_they_stand(
    composite: "Table", operator: str, values: list[Members], message: str
) -> None:
    wrong = {"x": condition(operator, *values)}
    requests: list[tuple[str, Members]] = [
        ("PutItem", {"Item": KEY, "Expected": wrong}),
        ("UpdateItem", {"Key": KEY, "Expected": wrong}),
        ("Scan", {"ScanFilter": wrong}),
        ("Query", {"KeyConditions": PK, "QueryFilter": wrong}),
        ("Query", {"KeyConditions": {**PK, **wrong}}),
    ]
    for operation, members in requests:
        error = composite.refusal(operation, **members)
        assert (error.code, error.message) == ("ValidationException", message), operation


EXPECTED: list[tuple[Members, str]] = [
    ({}, "Value must be provided when Exists is null"),
    ({"Exists": True}, "Value must be provided when Exists is true"),
    ({"Exists": False, "Value": S}, "Value cannot be used when Exists is false"),
    ({"AttributeValueList": [S]}, "AttributeValueList can only be used with a ComparisonOperator"),
    ({"AttributeValueList": [S], "Exists": False}, "AttributeValueList can only be used with a ComparisonOperator"),
    ({"Exists": True, **condition("EQ", S)}, "Exists and ComparisonOperator cannot be used together"),
    ({"Value": S, **condition("EQ", S)}, "Value and AttributeValueList cannot be used together"),
    ({"ComparisonOperator": "LT"}, "Value or AttributeValueList must be used with ComparisonOperator: LT"),
]


@pytest.mark.parametrize(("entry", "message"), EXPECTED, ids=[str(entry) for entry, _ in EXPECTED])
def test_members_of_expected_that_do_not_go_together(composite: "Table", entry: Members, message: str) -> None:
    error = composite.refusal("DeleteItem", Key=KEY, Expected={"x": entry})
    assert error.code == "ValidationException"
    assert error.message.endswith(f"{INVALID}{message} for Attribute: x")


# What is wrong, short of `failed to satisfy constraint: Member`.
SHAPES: list[tuple[str, Members, str]] = [
    ("DeleteItem", {"Key": KEY, "Expected": {"x": {"ComparisonOperator": "eq"}}},
     "Value 'eq' at 'expected.x.member.comparisonOperator' must satisfy enum value "
     "set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"),
    ("Scan", {"ScanFilter": {"x": {}}},
     "Value null at 'scanFilter.x.member.comparisonOperator' must not be null"),
    ("Scan", {"ConditionalOperator": "XOR"},
     "Value 'XOR' at 'conditionalOperator' must satisfy enum value set: [OR, AND]"),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Action": "SET"}}},
     "Value 'SET' at 'attributeUpdates.x.member.action' must satisfy enum value "
     "set: [ADD, PUT, DELETE]"),
    ("GetItem", {"Key": KEY, "AttributesToGet": []},
     "Value '[]' at 'attributesToGet' must have length greater than or equal to 1"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "members", "sentence"), SHAPES, ids=[case[2][:60] for case in SHAPES])
def test_a_wrong_shape(composite: "Table", operation: str, members: Members, sentence: str) -> None:
    told = sentence.replace("' must", "' failed to satisfy constraint: Member must", 1)
    assert composite.refusal(operation, **members).message == f"1 validation error detected: {told}"


ALONE = "ConditionalOperator cannot be used without Filter or Expected"
ONE = "ConditionalOperator can only be used when Filter or Expected has two or more elements"
EXISTS = {"x": {"ComparisonOperator": "NOT_NULL"}}
EXPRESSION = {"ConditionExpression": "attribute_exists(pk)"}

# What a request says, and what is said of it; a table that does not exist is not noticed before.
REQUESTS: list[tuple[str, Members, str]] = [
    ("PutItem", {"Item": KEY, "ConditionalOperator": "OR"}, ALONE),
    ("UpdateItem", {"Key": KEY, "ConditionalOperator": "AND", "Expected": {}}, ALONE),
    ("DeleteItem", {"Key": KEY, "ConditionalOperator": "AND", "Expected": EXISTS}, ONE),
    ("Scan", {"ConditionalOperator": "AND"}, ALONE),
    ("Query", {"KeyConditions": PK, "ConditionalOperator": "AND", "QueryFilter": EXISTS}, ONE),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {}}},
     INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Action": "ADD"}}},
     INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Action": "DELETE", "Value": N}}},
     INVALID + "DELETE action with value is not supported for the type N"),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Action": "ADD", "Value": S}}},
     INVALID + "ADD action is not supported for the type S"),
    ("UpdateItem", {"Key": KEY, "AttributeUpdates": {"x": {"Action": "PUT", "Value": {"SS": []}}}},
     INVALID + "An string set  may not be empty"),
    ("Query", {"KeyConditions": {}}, "Conditions can be of length 1 or 2 only"),
    ("Query", {"KeyConditions": {**PK, "sk": condition("EQ", S), "x": condition("EQ", S)}},
     "Conditions can be of length 1 or 2 only"),
    ("Query", {"KeyConditions": {**PK, "sk": condition("NE", S)}},
     "Attempted conditional constraint is not an indexable operation"),
    ("Query", {"KeyConditions": {"pk": condition("NULL")}},
     "Attempted conditional constraint is not an indexable operation"),
    ("GetItem", {"Key": KEY, "AttributesToGet": ["a", "b", "a"]}, INVALID + "Duplicate value in attribute name: a"),
    ("Scan", {"AttributesToGet": ["a", "a"]}, INVALID + "Duplicate value in attribute name: a"),
    ("Scan", {"AttributesToGet": ["a"], "Select": "COUNT"},
     "Cannot specify the AttributesToGet when choosing to get only the Count"),
    ("Query", {"KeyConditions": PK, "AttributesToGet": ["a"], "Select": "ALL_ATTRIBUTES"},
     "Cannot specify the AttributesToGet when choosing to get ALL_ATTRIBUTES"),
    ("GetItem", {"Key": KEY, "AttributesToGet": ["a"], "ProjectionExpression": "a"},
     MIXED + "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"),
    ("PutItem", {"Item": KEY, "Expected": EXISTS, **EXPRESSION},
     MIXED + "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"),
    ("DeleteItem", {"Key": KEY, "ConditionalOperator": "OR", "Expected": {}, **EXPRESSION},
     MIXED + "Non-expression parameters: {Expected, ConditionalOperator} Expression parameters: {ConditionExpression}"),
    ("UpdateItem",
     {"Key": KEY, "UpdateExpression": "REMOVE x", "Expected": EXISTS, "AttributeUpdates": {}, **EXPRESSION},
     MIXED + "Non-expression parameters: {AttributeUpdates, Expected} "
     "Expression parameters: {UpdateExpression, ConditionExpression}"),
    ("Scan", {"ScanFilter": EXISTS, "ProjectionExpression": "a"},
     MIXED + "Non-expression parameters: {ScanFilter} Expression parameters: {ProjectionExpression}"),
    ("Query", {"KeyConditionExpression": "pk = :p", "QueryFilter": EXISTS},
     MIXED + "Non-expression parameters: {QueryFilter} Expression parameters: {KeyConditionExpression}"),
    ("Query", {"KeyConditionExpression": "pk = :p", "KeyConditions": PK},
     MIXED + "Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}"),
    ("PutItem", {"Item": KEY, "Expected": EXISTS, "ExpressionAttributeValues": {":v": S}},
     "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"),
    ("Query", {"KeyConditions": PK, "ExpressionAttributeNames": {"#n": "n"}},
     "ExpressionAttributeNames can only be specified when using expressions"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "members", "message"), REQUESTS, ids=[f"{case[0]} {case[2][-60:]}" for case in REQUESTS]
)
def test_a_wrong_request_is_refused_before_its_table_is_looked_for(
    client: "DynamoClient", unused_name: str, operation: str, members: Members, message: str
) -> None:
    with pytest.raises(DynamoError) as caught:
        client.call(operation, {"TableName": unused_name, **members})
    assert (caught.value.code, caught.value.message) == ("ValidationException", message)


def test_kinds_of_parameters_are_not_mixed_in_a_part_of_a_batch(client: "DynamoClient", unused_name: str) -> None:
    part = {"Keys": [KEY], "AttributesToGet": ["a"], "ProjectionExpression": "a"}
    with pytest.raises(DynamoError, match=MIXED):
        client.call("BatchGetItem", {"RequestItems": {unused_name: part}})


# What a Query of the table says, and what is said of it.
QUERIES: list[tuple[Members, str]] = [
    ({"KeyConditions": {"sk": condition("EQ", S)}}, "Query condition missed key schema element: pk"),
    ({"KeyConditions": {**PK, "x": condition("EQ", S)}}, "Query condition missed key schema element: sk"),
    ({"KeyConditions": {"pk": condition("GT", S)}}, "Query key condition not supported"),
    ({"KeyConditions": {"pk": condition("EQ", N)}}, INVALID + "Condition parameter type does not match schema type"),
    ({"KeyConditions": {**PK, "sk": condition("LT", N)}},
     INVALID + "Condition parameter type does not match schema type"),
    ({"KeyConditions": PK, "QueryFilter": {"sk": condition("EQ", S)}},
     "QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"),
    ({"KeyConditions": {"pk": condition("EQ", {"S": ""})}}, "One or more parameter values are not valid. "
     "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), QUERIES, ids=[message[-60:] for _, message in QUERIES])
def test_a_query_that_does_not_fit_its_table(composite: "Table", members: Members, message: str) -> None:
    error = composite.refusal("Query", **members)
    assert (error.code, error.message) == ("ValidationException", message)


MISMATCH = "Type mismatch for attribute to update"


@pytest.mark.parametrize(
    ("name", "update", "message"),
    [
        ("s", {"Action": "ADD", "Value": N}, MISMATCH),
        ("s", {"Action": "ADD", "Value": {"L": []}}, MISMATCH),
        ("s", {"Action": "ADD", "Value": {"SS": ["a"]}}, MISMATCH),
        ("ss", {"Action": "DELETE", "Value": {"NS": ["1"]}}, MISMATCH),
        ("pk", {"Value": S}, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
        ("pk", {"Action": "DELETE"}, INVALID + "Cannot update attribute pk. This attribute is part of the key"),
    ],
)
def test_an_update_that_does_not_fit_its_item(
    simple: "Table", pk: Members, name: str, update: Members, message: str
) -> None:
    item = {"pk": pk, "s": S, "ss": {"SS": ["a"]}}
    simple.put(item)
    error = simple.refusal("UpdateItem", Key={"pk": pk}, AttributeUpdates={name: update})
    assert (error.code, error.message) == ("ValidationException", message)
    assert simple.get({"pk": pk}) == item


def test_transactions_have_no_such_parameters(composite: "Table", pk: Members) -> None:
    """They are unknown members there, and ignored as such."""
    put = {"TableName": composite.name, "Item": {"pk": pk, "sk": S}, "Expected": {"pk": {"Exists": "no"}}}
    composite.client.call("TransactWriteItems", {"TransactItems": [{"Put": put}]})
    get = {"TableName": composite.name, "Key": {"pk": pk, "sk": S}, "AttributesToGet": ["sk"]}
    answer = composite.client.call("TransactGetItems", {"TransactItems": [{"Get": get}]})
    assert answer["Responses"] == [{"Item": {"pk": pk, "sk": S}}]
