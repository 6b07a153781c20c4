"""What each wrong request is told, word for word."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

Members = dict[str, Any]

KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
V = {":v": {"S": "x"}}
N = {":n": {"N": "1"}}

CONDITIONS: list[tuple[str, Members, str]] = [
    ("", {}, "The expression can not be empty;"),
    ("a =", {}, 'Syntax error; token: "<EOF>", near: "="'),
    ("a = :v :v", V, 'Syntax error; token: ":v", near: ":v :v"'),
    ("a ! :v", V, 'Syntax error; token: "!", near: "a ! :v"'),
    ("(a = :v", V, 'Syntax error; token: "<EOF>", near: ":v"'),
    ("name = :v", V, "Attribute name is a reserved keyword; reserved keyword: name"),
    ("a.Status = :v", V, "Attribute name is a reserved keyword; reserved keyword: Status"),
    ("#n = :v", V, "An expression attribute name used in the document path is not defined; attribute name: #n"),
    ("a = :w", V, "An expression attribute value used in expression is not defined; attribute value: :w"),
    ("foo(a)", {}, "Invalid function name; function: foo"),
    ("size(a, b) = :v", V,
     "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"),
    ("begins_with(a)", {},
     "Incorrect number of operands for operator or function; operator or function: begins_with, number of operands: 1"),
    ("attribute_exists(:v)", V,
     "Operator or function requires a document path; operator or function: attribute_exists"),
    ("begins_with(a, :n)", N,
     "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"),
    ("a < :l", {":l": {"L": []}},
     "Incorrect operand type for operator or function; operator or function: <, operand type: L"),
    ("a BETWEEN :l AND :l", {":l": {"BOOL": True}},
     "Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: BOOL"),
    ("attribute_type(a, :v)", V,
     "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"),
    ("size(a)", {}, "The function is not allowed to be used this way in an expression; function: size"),
    ("attribute_exists(a) = :v", V,
     "The function is not allowed to be used this way in an expression; function: attribute_exists"),
    ("a = a", {}, "The first operand must be distinct from the remaining operands for this operator or function; "
                  "operator: =, first operand: [a]"),
    ("((a = :v))", V, "The expression has redundant parentheses;"),
    ("a BETWEEN :b AND :a", {":a": {"N": "1"}, ":b": {"N": "2"}},
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
     "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "message"), CONDITIONS, ids=[f"[{text}]" for text, _, _ in CONDITIONS])
def test_a_wrong_condition(composite: "Table", text: str, values: Members, message: str) -> None:
    members: Members = {"ExpressionAttributeValues": values} if values else {}
    error = composite.refusal("DeleteItem", Key=KEY, ConditionExpression=text, **members)
    assert (error.code, error.message) == ("ValidationException", f"Invalid ConditionExpression: {message}")


UPDATES: list[tuple[str, Members, str]] = [
    ("", {}, "Invalid UpdateExpression: The expression can not be empty;"),
    ("SET", {}, 'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "SET"'),
    ("SET a", {}, 'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "a"'),
    ("PUT a = :v", V, 'Invalid UpdateExpression: Syntax error; token: "PUT", near: "PUT a"'),
    ("SET a = :v SET b = :v", V,
     'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'),
    ("SET a = :v, a = :v", V, "Invalid UpdateExpression: Two document paths overlap with each other; "
                              "must remove or rewrite one of these paths; path one: [a], path two: [a]"),
    ("SET a.b = :v REMOVE a", V, "Invalid UpdateExpression: Two document paths overlap with each other; "
                                 "must remove or rewrite one of these paths; path one: [a, b], path two: [a]"),
    ("SET a.b = :v, a[1] = :v", V, "Invalid UpdateExpression: Two document paths conflict with each other; "
                                   "must remove or rewrite one of these paths; path one: [a, b], path two: [a, [1]]"),
    ("SET a = size(b)", {},
     "Invalid UpdateExpression: The function is not allowed in an update expression; function: size"),
    ("SET a = foo(b)", {}, "Invalid UpdateExpression: Invalid function name; function: foo"),
    ("SET a = b + :v", V, "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                          "operator or function: +, operand type: S"),
    ("SET a = list_append(b, :v)", V, "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                                      "operator or function: list_append, operand type: S"),
    ("SET a = if_not_exists(:v, b)", V, "Invalid UpdateExpression: Operator or function requires a document path; "
                                        "operator or function: if_not_exists"),
    ("ADD a :v", V, "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                    "operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
    ("DELETE a :n", N, "Invalid UpdateExpression: Incorrect operand type for operator or function; "
                       "operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ("SET pk = :v", V,
     "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key"),
    ("REMOVE sk", {},
     "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key"),
    ("SET a = :w", V, "Invalid UpdateExpression: An expression attribute value used in expression is not defined; "
                      "attribute value: :w"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "message"), UPDATES, ids=[f"[{text}]" for text, _, _ in UPDATES])
def test_a_wrong_update(composite: "Table", text: str, values: Members, message: str) -> None:
    members: Members = {"ExpressionAttributeValues": values} if values else {}
    error = composite.refusal("UpdateItem", Key=KEY, UpdateExpression=text, **members)
    assert (error.code, error.message) == ("ValidationException", message)
    assert composite.get(KEY) is None


KEY_CONDITIONS: list[tuple[str, Members, str]] = [
    ("sk = :v", V, "Query condition missed key schema element: pk"),
    ("pk = :v AND a = :v", V, "Query condition missed key schema element: sk"),
    ("pk < :v", V, "Query key condition not supported"),
    ("pk = :v AND sk <> :v", V, "Invalid operator used in KeyConditionExpression: <>"),
    ("pk = :v OR sk = :v", V, "Invalid operator used in KeyConditionExpression: OR"),
    ("NOT pk = :v", V, "Invalid operator used in KeyConditionExpression: NOT"),
    ("pk = :v AND sk IN (:v)", V, "Invalid operator used in KeyConditionExpression: IN"),
    ("pk = :v AND contains(sk, :v)", V, "Invalid operator used in KeyConditionExpression: contains"),
    ("pk = :v AND attribute_exists(sk)", V, "Invalid operator used in KeyConditionExpression: attribute_exists"),
    ("pk = :v AND sk = :v AND sk = :v", V, "KeyConditionExpressions must only contain one condition per key"),
    ("pk = :v AND sk > :v AND a = :v", V, "Conditions can be of length 1 or 2 only"),
    ("pk = :n", N, "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    ("pk = :v AND sk > :n", V | N,
     "One or more parameter values were invalid: Condition parameter type does not match schema type"),
    ("pk = :e", {":e": {"S": ""}}, "One or more parameter values are not valid. The AttributeValue for a key attribute "
                                   "cannot contain an empty string value. Key: pk"),
    ("pk =", {}, 'Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "="'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "message"), KEY_CONDITIONS, ids=[text for text, _, _ in KEY_CONDITIONS])
def test_a_wrong_key_condition(composite: "Table", text: str, values: Members, message: str) -> None:
    members: Members = {"ExpressionAttributeValues": values} if values else {}
    error = composite.refusal("Query", KeyConditionExpression=text, **members)
    assert error.code == "ValidationException"
    assert message in error.message


PLACEHOLDERS: list[tuple[Members, str]] = [
    ({"ConditionExpression": "a = :v", "ExpressionAttributeValues": V | {":w": {"S": "y"}}},
     "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"),
    ({"ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {"#n": "a"}},
     "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}"),
    ({"ConditionExpression": "a = :v", "ExpressionAttributeValues": {}},
     "ExpressionAttributeValues must not be empty"),
    ({"ConditionExpression": "attribute_exists(a)", "ExpressionAttributeNames": {}},
     "ExpressionAttributeNames must not be empty"),
    ({"ExpressionAttributeNames": {"#n": "a"}},
     "ExpressionAttributeNames can only be specified when using expressions"),
    ({"ExpressionAttributeValues": V},
     "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"),
    ({"ConditionExpression": "a = :v", "ExpressionAttributeValues": {"v": {"S": "x"}}},
     'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
    ({"ConditionExpression": "#n = #m", "ExpressionAttributeNames": {"n": "a"}},
     'ExpressionAttributeNames contains invalid key: Syntax error; key: "n"'),
    ({"ConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {}}},
     "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of "
     "the supported datatypes for key :v"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "message"), PLACEHOLDERS, ids=[message for _, message in PLACEHOLDERS])
def test_wrong_placeholders(composite: "Table", members: Members, message: str) -> None:
    error = composite.refusal("DeleteItem", Key=KEY, **members)
    assert (error.code, error.message) == ("ValidationException", message)


ITEMS: list[tuple[Members, str]] = [
    ({}, "One or more parameter values were invalid: Missing the key pk in the item"),
    ({"pk": {"S": "a"}}, "One or more parameter values were invalid: Missing the key sk in the item"),
    ({"pk": {"N": "1"}, "sk": {"S": "b"}},
     "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N"),
    ({"pk": {"S": "a"}, "sk": {"NULL": True}},
     "One or more parameter values were invalid: Type mismatch for key sk expected: S actual: NULL"),
    ({"pk": {"S": ""}, "sk": {"S": "b"}},
     "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
     "string value. Key: pk"),
    (KEY | {"x": {}}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    (KEY | {"x": {"S": "a", "N": "1"}},
     "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"),
    (KEY | {"x": {"NULL": False}},
     "One or more parameter values were invalid: Null attribute value types must have the value of true"),
    (KEY | {"x": {"SS": []}}, "One or more parameter values were invalid: An string set  may not be empty"),
    (KEY | {"x": {"NS": []}}, "One or more parameter values were invalid: An number set  may not be empty"),
    (KEY | {"x": {"BS": []}}, "One or more parameter values were invalid: Binary sets should not be empty"),
    (KEY | {"x": {"SS": ["a", "b", "a"]}},
     "One or more parameter values were invalid: Input collection [a, b, a] contains duplicates."),
    (KEY | {"x": {"NS": ["1", "1.0"]}}, "Input collection contains duplicates"),
    (KEY | {"x": {"BS": ["YQ==", "YQ=="]}},
     "One or more parameter values were invalid: Input collection [YQ==, YQ==]of type BS contains duplicates."),
]  # fmt: skip


@pytest.mark.parametrize(("item", "message"), ITEMS, ids=[str(item) for item, _ in ITEMS])
def test_a_wrong_item(composite: "Table", item: Members, message: str) -> None:
    error = composite.refusal("PutItem", Item=item)
    assert (error.code, error.message) == ("ValidationException", message)


@pytest.mark.parametrize("key", [{}, {"pk": {"S": "a"}}, KEY | {"x": {"S": "x"}}, {"pk": {"S": "a"}, "x": {"S": "b"}},
                                 {"pk": {"N": "1"}, "sk": {"S": "b"}}], ids=str)  # fmt: skip
@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
def test_a_key_that_does_not_fit(composite: "Table", operation: str, key: Members) -> None:
    error = composite.refusal(operation, Key=key)
    assert (error.code, error.message) == (
        "ValidationException",
        "The provided key element does not match the schema",
    )


def test_an_empty_key_value(composite: "Table") -> None:
    error = composite.refusal("GetItem", Key={"pk": {"S": ""}, "sk": {"S": "b"}})
    assert error.message == (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
        "string value. Key: pk"
    )


START_KEYS: list[tuple[Members, str]] = [
    ({"pk": {"S": "a"}}, "The provided starting key is invalid"),
    ({"pk": {"S": "a"}, "sk": {"N": "1"}}, "The provided starting key is invalid"),
    ({"pk": {"S": "other"}, "sk": {"S": "b"}},
     "The provided starting key is outside query boundaries based on provided conditions"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "message"), START_KEYS, ids=[str(start) for start, _ in START_KEYS])
def test_a_wrong_start_key(composite: "Table", start: Members, message: str) -> None:
    error = composite.refusal(
        "Query",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "a"}},
        ExclusiveStartKey=start,
    )
    assert error.code == "ValidationException"
    assert error.message.startswith(message)


FILTERS: list[tuple[str, Members, str]] = [
    ("Query", {}, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."),
    ("Query", {"KeyConditionExpression": "pk = :v", "FilterExpression": "sk = :v", "ExpressionAttributeValues": V},
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"),
    ("Scan", {"FilterExpression": "a =", }, 'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "="'),
    ("Scan", {"ExpressionAttributeValues": V},
     "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"),
    ("GetItem", {"Key": KEY, "ProjectionExpression": ""},
     "Invalid ProjectionExpression: The expression can not be empty;"),
    ("GetItem", {"Key": KEY, "ProjectionExpression": "a, a"},
     "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these "
     "paths; path one: [a], path two: [a]"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "members", "message"), FILTERS, ids=[message for _, _, message in FILTERS])
def test_a_wrong_read(composite: "Table", operation: str, members: Members, message: str) -> None:
    error = composite.refusal(operation, **members)
    assert (error.code, error.message) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("GetItem", {"Key": KEY}),
        ("PutItem", {"Item": KEY}),
        ("UpdateItem", {"Key": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("Scan", {}),
        ("Query", {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": V}),
    ],
)
def test_a_table_that_does_not_exist(composite: "Table", unused_name: str, operation: str, members: Members) -> None:
    error = composite.refusal(operation, **members | {"TableName": unused_name})
    assert (error.code, error.message) == ("ResourceNotFoundException", "Requested resource not found")
