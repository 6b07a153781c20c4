"""DynamoDB requests in few words, what a permission says of them, and their neighbours that differ in one respect."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from tenantable.declare.grants import TENANT_VARIABLE, Permission
from tenantable.iam.evaluation import PolicySet
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, TableKeys

HOME = Home()
TENANT = "acme"
"""The tenant of whoever asks, by a tag of the principal."""

ON_INDEXES = ("Query", "Scan")
TRANSACTED = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
ACTIONS = (*TRANSACTED, *ON_INDEXES, "BatchGetItem", "BatchWriteItem")


@dataclass(frozen=True, kw_only=True)
class Universe:
    """The tables that requests may go to, with the keys of each, and the keys and attributes that they may name."""

    tables: Mapping[str, TableKeys]
    keys: tuple[str, ...]
    attributes: tuple[frozenset[str] | None, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request in few words; `attributes` None asks for, writes or returns everything."""

    action: str
    table: str
    index: str | None
    key: str
    attributes: frozenset[str] | None
    enclosed: bool

    def possible(self, universe: Universe) -> bool:
        if self.enclosed and self.action not in TRANSACTED:
            return False
        if self.index is not None and self.index not in universe.tables[self.table].indexes:
            return False
        return not (self.action == "ConditionCheckItem" and not self.enclosed) and (
            self.index is None or self.action in ON_INDEXES
        )


def allowed_by(policies: PolicySet, request: Request, universe: Universe) -> bool:
    operation, fields = _as_dynamodb(request, universe.tables[request.table])
    known = {"aws:principaltag/tenant": TENANT}
    needed = access_requests(operation, fields, universe.tables.get, home=HOME, known=known)
    return bool(needed) and all(policies.decide(access).allowed for access in needed or ())


def permits(granted: Permission, request: Request) -> bool:
    """What a permission means, in the plainest words; the policies must come to the same."""
    inside = granted.transactional or request.action == "ConditionCheckItem"
    return (
        request.action in granted.actions
        and (request.table, request.index) == (granted.table, granted.index)
        and (request.action not in TRANSACTED or request.enclosed == inside)
        and (
            granted.attributes is None
            or (request.attributes is not None and request.attributes <= granted.attributes | granted.key_attributes)
        )
        and (granted.leading_keys is None or any(fnmatchcase(request.key, each) for each in leading_keys(granted)))
        and not any(fnmatchcase(request.key, each) for each in foreign_keys(granted))
    )


def leading_keys(granted: Permission) -> tuple[str, ...]:
    return tuple(each.replace(TENANT_VARIABLE, TENANT) for each in granted.leading_keys or ())


def foreign_keys(granted: Permission) -> tuple[str, ...]:
    return tuple(each.replace(TENANT_VARIABLE, TENANT) for each in granted.foreign_keys)


def neighbours(request: Request, universe: Universe) -> Iterator[Request]:
    """Every possible request that differs in one respect."""
    indexes = {index for keys in universe.tables.values() for index in keys.indexes}
    mutations: dict[str, Iterable[Any]] = {
        "action": ACTIONS,
        "table": universe.tables,
        "index": (None, *sorted(indexes)),
        "key": universe.keys,
        "attributes": universe.attributes,
        "enclosed": (True, False),
    }
    for name, others in mutations.items():
        for other in others:
            mutated = replace(request, **{name: other})
            if mutated != request and mutated.possible(universe):
                yield mutated


def requests_of(granted: Permission, universe: Universe) -> Iterator[Request]:
    """One request or more for each of a permission's actions."""
    for action in sorted(granted.actions):
        for key in universe.keys:
            request = Request(
                action=action,
                table=granted.table,
                index=granted.index,
                key=key,
                attributes=granted.attributes,
                enclosed=action in TRANSACTED and (granted.transactional or action == "ConditionCheckItem"),
            )
            if permits(granted, request):
                yield request


def _as_dynamodb(request: Request, keys: TableKeys) -> tuple[str, dict[str, Any]]:
    """The operation that the words stand for."""
    names = sorted(request.attributes if request.attributes is not None else {"everything"})
    key = {each.name: _value(each, "1") for each in keys.table.attributes}
    key[keys.table.partition.name] = _value(keys.table.partition, request.key)
    named = {f"#{number}": name for number, name in enumerate(names)}
    naming = {"ExpressionAttributeNames": named} if named else {}
    projection = {} if request.attributes is None else {"ProjectionExpression": ", ".join(named)} | naming
    condition = {"ConditionExpression": " AND ".join(f"attribute_exists({name})" for name in named)} | naming
    update = {"UpdateExpression": "REMOVE " + ", ".join(named)} | naming
    member = "ReturnValuesOnConditionCheckFailure" if request.enclosed else "ReturnValues"
    returned = {} if request.attributes is not None else {member: "ALL_OLD"}
    on_index = {} if request.index is None else {"IndexName": request.index}
    partition = (keys.table if request.index is None else keys.indexes[request.index]).partition
    queried = {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": partition.name} | (named if projection else {}),
        "ExpressionAttributeValues": {":p": _value(partition, request.key)},
    }
    item = {name: {"S": "x"} for name in names} | key
    fields: dict[str, dict[str, Any]] = {
        "GetItem": {"Key": key} | projection,
        "PutItem": {"Item": item} | returned,
        "UpdateItem": {"Key": key} | update | returned,
        "DeleteItem": {"Key": key} | condition | returned,
        "ConditionCheckItem": {"Key": key} | condition | returned,
        "Query": projection | queried | on_index,
        "Scan": projection | on_index,
    }
    if request.action == "BatchGetItem":
        return request.action, {"RequestItems": {request.table: {"Keys": [key]} | projection}}
    if request.action == "BatchWriteItem":
        return request.action, {"RequestItems": {request.table: [{"PutRequest": {"Item": item}}]}}
    own = fields[request.action] | {"TableName": request.table}
    if not request.enclosed:
        return request.action, own
    operation = "TransactGetItems" if request.action == "GetItem" else "TransactWriteItems"
    member = {"ConditionCheckItem": "ConditionCheck"}.get(request.action, request.action.removesuffix("Item"))
    return operation, {"TransactItems": [{member: own}]}


def _value(attribute: KeyAttribute, text: str) -> dict[str, str]:
    return {attribute.type: text if attribute.type == "S" else "1"}
