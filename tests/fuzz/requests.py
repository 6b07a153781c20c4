"""
Random requests that know what a request looks like: drawn from the shapes of the API, with names, keys, expressions and
values that mean something to the tables of the run, and then spoiled in places.
"""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.administration import BUCKET, TABLES, Definitions, Memory

import tenantable.engine.shapes

Json = Any

_MODEL = json.loads((Path(tenantable.engine.shapes.__file__).parent / "request_shapes.json").read_bytes())
OPERATIONS = tuple(_MODEL["operations"])
FREQUENT = (
    "PutItem GetItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems "
    "ExecuteStatement BatchExecuteStatement ExecuteTransaction"
).split()

ATTRIBUTES = ("pk", "sk", "kind", "grade", "deep", "size", "ttl", "a.b", "", "ünï", "x" * 300)
INDEXES = ("by-kind", "local", "none")
STRINGS = ("a", "b", "", "S", "é", "\ud800", "\x00", "x" * 3000, ":v", "#n", "true", "0", "1e400")
NUMBERS = (
    "0",
    "1",
    "-1",
    "1e125",
    "9.9e-130",
    "1e126",
    "1e-131",
    "1" * 39,
    "00.10",
    "NaN",
    "Infinity",
    " 1",
    "1_0",
    "",
)
INTEGERS = (0, 1, -1, 2, 25, 100, 1000, 1001, 2**31, 2**63, 2**64)
TOKENS = (
    "SET REMOVE ADD DELETE AND OR NOT BETWEEN IN = <> < <= > >= + - ( ) [ ] . , 0 1 99 pk sk kind grade deep deep[0] "
    "deep[1].x deep.y #n #m :v :w :s name size attribute_exists( attribute_not_exists( attribute_type( begins_with( "
    "contains( size( if_not_exists( list_append( foo( _ @ '"
).split()
EXPRESSIONS = (
    "pk = :v",
    "pk = :v AND sk BETWEEN :v AND :w",
    "#n = :v and begins_with(sk, :v)",
    "kind = :v",
    "SET grade = if_not_exists(grade, :v) + :w",
    "SET #n = list_append(#n, :w), kind = :v REMOVE deep[0]",
    "ADD grade :v DELETE deep :w",
    "attribute_not_exists(pk) OR (grade IN (:v, :w) AND NOT size(deep) > :v)",
    "pk, #n, deep[0].x",
    "((((((((pk = :v))))))))",
)
FITTING = {"UpdateExpression": " :w", "KeyConditionExpression": "pk = :v", "ProjectionExpression": "pk, "}
ALTERNATIVES = frozenset({"WriteRequest", "TransactWriteItem"})
"""Structures that have one of their members."""
LEGACY = frozenset(
    "Expected AttributeUpdates KeyConditions QueryFilter ScanFilter AttributesToGet ConditionalOperator".split()
)
STATEMENTS = (
    "SELECT * FROM plain WHERE pk = 'a'",
    'SELECT pk, deep[0].x FROM "sorted"."by-kind" WHERE kind = ? AND grade > 1 ORDER BY kind DESC',
    "INSERT INTO plain VALUE {'pk': 'a', 'l': [1, {'m': <<1, 2>>}], 'n': null}",
    "UPDATE sorted SET grade = grade + 1 SET deep = ? REMOVE kind WHERE pk = 'a' AND sk = 'b' RETURNING ALL NEW *",
    "DELETE FROM sorted WHERE pk = ? AND sk = ?",
    "EXISTS(SELECT * FROM plain WHERE pk = 'a' AND attribute_type(\"x\", 'S'))",
)
PLAUSIBLE_VALUES: tuple[Json, ...] = (
    {"S": "a"},
    {"S": "b"},
    {"N": "1"},
    {"N": "-2.5"},
    {"B": "AAE="},
    {"SS": ["a", "b"]},
    {"NS": ["1", "2"]},
    {"L": [{"S": "a"}, {"M": {"x": {"N": "1"}}}]},
    {"M": {"y": {"NULL": True}}},
    {"BOOL": True},
)
PLACEHOLDER = re.compile(r"[:#]\w+")
SPOILERS: tuple[Json, ...] = (None, True, 0, -1, 1.5, 2**64, "", "x", [], {}, [None], {"S": "a"}, {"": {}}, [[[]]])


class RequestSource:
    """
    An endless source of requests; the same for the same seed.

    Two of three requests are plausible: drawn from what is valid by itself, and none of it spoiled. `memory` may be
    told the answers, so that later requests name what there is.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - the same for the same seed
        self._plausible = False
        self._definitions = Definitions(self._random)
        self.memory = Memory()

    def next(self) -> tuple[str, Json]:
        """An operation and its request."""
        operation = self._choose(FREQUENT) if self._chance(0.7) else self._choose(OPERATIONS)
        self._plausible = self._chance(2 / 3)
        request = self._structure(_MODEL["operations"][operation], depth=0)
        if self._plausible and (known := self._definitions.plausible(operation)):
            required = _MODEL["shapes"][_MODEL["operations"][operation]].get("required", ())
            rest = request if self._chance(0.2) else {name: request[name] for name in required if name in request}
            request = {**rest, **known}
        for _ in range(0 if self._plausible else self._choose((0, 1, 3))):
            request = self._spoiled(request)
        return operation, request

    def value(self, depth: int = 0) -> Json:
        """An attribute value, not always a valid one."""
        if self._plausible:
            return self._choose(PLAUSIBLE_VALUES)
        kind = self._choose(("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M", "X", "SN"))
        if kind in {"L", "M"} and depth > 4:
            return self._nested(self._choose((1, 31, 33, 400)))
        several = range(self._choose((0, 1, 2, 2, 4)))
        made: dict[str, Json] = {
            "S": self._choose(STRINGS),
            "N": self._choose(NUMBERS),
            "B": self._choose(("", "AA==", "AAE=", "A", "*")),
            "BOOL": self._chance(0.5),
            "NULL": self._chance(0.9),
            "SS": [self._choose(STRINGS) for _ in several],
            "NS": [self._choose(NUMBERS) for _ in several],
            "BS": ["AA==" for _ in several],
        }
        if kind == "L":
            return {"L": [self.value(depth + 1) for _ in several]}
        if kind == "M":
            return {"M": {self._choose(ATTRIBUTES): self.value(depth + 1) for _ in several}}
        if kind == "SN":
            return {"S": "a", "N": "1"}
        return {kind: made.get(kind, 1)}

    def _structure(self, name: str, *, depth: int) -> Json:
        facts = _MODEL["shapes"][name]
        required = facts.get("required", [])
        members = facts.get("members", {})
        wanted = [member for member in members if member in required or self._chance(0.35 / (1 + depth / 4))]
        if self._plausible:
            wanted = [member for member in wanted if member not in LEGACY]
            if name == "QueryInput":
                wanted.append("KeyConditionExpression")
            if name in ALTERNATIVES:
                wanted = [self._choose(tuple(members))]
        made = {member: self._member(member, members[member], depth + 1) for member in wanted}
        return self._completed(made, members) if self._plausible else made

    def _completed(self, request: Json, members: Json) -> Json:
        """With exactly the names, values and parameters that its expressions and its statement use."""
        if (marks := request.get("Statement", "").count("?")) or request.pop("Parameters", None):
            request |= {"Parameters": [self.value() for _ in range(marks)]} if marks else {}
        text = " ".join(value for name, value in request.items() if name.endswith("Expression"))
        used = set(PLACEHOLDER.findall(text))
        for member, sign in (("ExpressionAttributeNames", "#"), ("ExpressionAttributeValues", ":")):
            placeholders = sorted(name for name in used if name.startswith(sign))
            request.pop(member, None)
            if placeholders and member in members:
                request[member] = {name: self._placed(sign) for name in placeholders}
        return request

    def _placed(self, sign: str) -> Json:
        """What a placeholder stands for."""
        return self.value() if sign == ":" else self._choose(ATTRIBUTES[2:5])

    def _member(self, member: str, shape: str, depth: int) -> Json:
        if member == "Key" and shape != "Key":  # of a tag
            return self._shape(shape, depth)
        known = self.memory.of(member)
        if known and self._chance(0.9 if self._plausible else 0.3):
            return self._choose(known)
        if self._plausible and (fitting := self._fitting(member)) is not None:
            return fitting
        if member in {"Key", "Item", "ExclusiveStartKey"}:
            return self._item()
        if member in {"TableName", "ResourceArn", "SourceTableName"}:
            return self._choose((*TABLES, *TABLES, "absent", "arn:aws:dynamodb:us-east-1:000000000000:table/plain"))
        if member == "Statement":
            return (
                self._choose(STATEMENTS)
                if self._plausible or self._chance(0.6)
                else self._tokens(" SELECT FROM WHERE INSERT INTO VALUE ")
            )
        if member.endswith("Expression"):
            fitting = [text for text in EXPRESSIONS if FITTING.get(member, "") in text or not self._plausible]
            return self._choose(fitting) if self._plausible or self._chance(0.6) else self._tokens("")
        if member == "ExpressionAttributeNames":
            return {name: self._choose(ATTRIBUTES) for name in ("#n", "#m") if self._chance(0.6)}
        if member == "ExpressionAttributeValues":
            return {name: self.value() for name in (":v", ":w", ":s") if self._chance(0.7)}
        return self._shape(shape, depth)

    def _fitting(self, member: str) -> Json:
        """What names something that there is; None for what names nothing."""
        if member == "Key":
            return {name: {"S": self._choose(("a", "b", "c"))} for name in ("pk", "sk")}
        if member in {"ResourceArn", "TableArn"}:
            return f"arn:aws:dynamodb:us-east-1:000000000000:table/{self._choose(TABLES)}"
        return {"TableName": "sorted", "SourceTableName": "sorted", "S3Bucket": BUCKET}.get(member)

    def _shape(self, name: str, depth: int) -> Json:
        facts = _MODEL["shapes"][name]
        if depth > 9:
            return None
        several = range(self._choose((1, 1, 2) if self._plausible else (0, 1, 1, 2, 3)))
        match facts["type"]:
            case "structure":
                return self._structure(name, depth=depth)
            case "list":
                return [self._member("", facts["member"], depth + 1) for _ in several]
            case "map":
                names = ("sorted",) if self._plausible else (*TABLES, "absent", *ATTRIBUTES)
                return {self._choose(names): self._shape(facts["value"], depth + 1) for _ in several}
            case "attribute_map":
                return self._member("Key" if name == "Key" else "Item", name, depth)
            case "attribute_list":
                return [self.value() for _ in several]
            case "attribute_value":
                return self.value()
            case "boolean":
                return self._chance(0.5)
            case "integer" | "long":
                return self._choose((1, 2, 25) if self._plausible else INTEGERS)
            case "double" | "timestamp":
                return self._choose((*INTEGERS, 1.5))
            case _:
                texts = ("deep", "kind", *INDEXES) if self._plausible else (*STRINGS, *ATTRIBUTES, *INDEXES)
                return self._choose(tuple(facts.get("enum", ())) or texts)

    def _item(self) -> Json:
        item = {"pk": {"S": self._choose(("a", "b", "c"))}}
        if self._plausible or self._chance(0.7):
            item["sk"] = {"S": self._choose(("b", "c") if self._plausible else ("b", "c", ""))}
        for name in ATTRIBUTES[4:7] if self._plausible else ATTRIBUTES[2:]:
            if self._chance(0.2):
                item[name] = self.value()
        return item

    def _nested(self, depth: int) -> Json:
        value: Json = {"N": "1"}
        for _ in range(depth):
            value = {"L": [value]} if self._chance(0.5) else {"M": {"deep": value}}
        return value

    def _tokens(self, more: str) -> str:
        tokens = (*TOKENS, *more.split())
        return " ".join(self._choose(tokens) for _ in range(self._random.randrange(1, 16)))

    def _spoiled(self, request: Json) -> Json:
        """The same with something else in one place."""
        if isinstance(request, dict) and request and self._chance(0.9):
            name = self._choose(tuple(request))
            return {**request, name: self._spoiled(request[name])}
        if isinstance(request, list) and request and self._chance(0.9):
            place = self._random.randrange(len(request))
            return [*request[:place], self._spoiled(request[place]), *request[place + 1 :]]
        return self._choose(SPOILERS)

    def _choose(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability
