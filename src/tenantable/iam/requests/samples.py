"""
A request of one action, made from little: a table, a key, the names of attributes.

For whoever asks whether something would be allowed, and has no request at hand. Values are placeholders: policies see
keys and names alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenantable.errors import PolicyError
from tenantable.wire.keys import KeyAttribute, KeyNames

Request = dict[str, Any]
Call = tuple[str, Request]
"""An operation of the API, and a request for it."""

_PLACEHOLDERS = {"S": "any", "N": "0", "B": "AA=="}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """
    What a request is to be about.

    Args:
        table: Physical name.
        index: Physical name of an index, or None.
        keys: The key that a request names: the table's, for a query or scan of an index that index's.
        key: Values of key attributes in DynamoDB JSON; those that are left out have placeholders.
        attributes: Names that are asked for, written or tested; None: whole items, or nothing beside the key.
        in_transaction: Whether the request is to be part of a transaction.
    """

    table: str
    index: str | None
    keys: KeyNames
    key: Mapping[str, Any]
    attributes: tuple[str, ...] | None = None
    in_transaction: bool = False

    @property
    def whole_key(self) -> Request:
        return {**{each.name: self._value(each) for each in self.keys.attributes}, **self.key}

    @property
    def other_attributes(self) -> tuple[str, ...]:
        """Those of `attributes` that are no part of the key."""
        return tuple(name for name in self.attributes or () if name not in self.whole_key)

    @property
    def bound(self) -> Request:
        """What a query fixes: the partition key, and of the sort key what is given."""
        names = [*(each.name for each in self.keys.partitions), *self.key]
        return {name: self.whole_key[name] for name in dict.fromkeys(names)}

    def _value(self, attribute: KeyAttribute) -> Request:
        return {attribute.type: _PLACEHOLDERS[attribute.type]}


def sample_call(action: str, sample: Sample) -> Call | None:
    """
    An operation, and a request for it that needs the action.

    Args:
        action: On items, without its prefix: `GetItem`, `ConditionCheckItem`, `PartiQLSelect`.
    Returns:
        None where the action is none on items.
    Raises:
        PolicyError: The action cannot be asked for like this.
    """
    make = _SINGLE.get(action)
    if make is not None:
        member, operation = _TRANSACTED.get(action, ("", ""))
        is_part = sample.in_transaction or action == "ConditionCheckItem"
        if not is_part:
            return action, make(sample)
        if not operation:
            raise PolicyError(f"{action} cannot be part of a transaction", hint="leave out --in-transaction")
        return operation, {"TransactItems": [{member: make(sample)}]}
    write_statement = _STATEMENTS.get(action)
    if write_statement is None:
        return None
    statement = write_statement(sample)
    if sample.in_transaction:
        return "ExecuteTransaction", {"TransactStatements": [statement]}
    return "ExecuteStatement", statement


def _get(sample: Sample) -> Request:
    return _at(sample) | {"Key": sample.whole_key} | _projected(sample.attributes)


def _batch_get(sample: Sample) -> Request:
    return {"RequestItems": {sample.table: {"Keys": [sample.whole_key], **_projected(sample.attributes)}}}


def _query(sample: Sample) -> Request:
    names, values = {}, {}
    for number, (name, value) in enumerate(sample.bound.items()):
        names[f"#k{number}"], values[f":k{number}"] = name, value
    terms = [f"{name} = {value}" for name, value in zip(names, values, strict=True)]
    projected = _projected(sample.attributes)
    projected["ExpressionAttributeNames"] = projected.get("ExpressionAttributeNames", {}) | names
    condition = {"KeyConditionExpression": " AND ".join(terms), "ExpressionAttributeValues": values}
    return _at(sample) | condition | projected


def _scan(sample: Sample) -> Request:
    return _at(sample) | _projected(sample.attributes)


def _put(sample: Sample) -> Request:
    return {"TableName": sample.table, "Item": _item(sample)}


def _batch_write(sample: Sample) -> Request:
    return {"RequestItems": {sample.table: [{"PutRequest": {"Item": _item(sample)}}]}}


def _update(sample: Sample) -> Request:
    request = {"TableName": sample.table, "Key": sample.whole_key}
    names = _names(sample.other_attributes)
    if names:
        sets = ", ".join(f"{alias} = :v" for alias in names)
        request |= {"UpdateExpression": f"SET {sets}", "ExpressionAttributeValues": {":v": {"S": "any"}}}
        request["ExpressionAttributeNames"] = names
    return request


def _delete(sample: Sample) -> Request:
    request = {"TableName": sample.table, "Key": sample.whole_key}
    names = _names(sample.attributes or ())
    if names:
        condition = " AND ".join(f"attribute_exists({alias})" for alias in names)
        request |= {"ConditionExpression": condition, "ExpressionAttributeNames": names}
    return request


def _check(sample: Sample) -> Request:
    if sample.attributes:
        return _delete(sample)
    name = sample.keys.partition.name
    condition = {"ConditionExpression": "attribute_exists(#k)", "ExpressionAttributeNames": {"#k": name}}
    return _delete(sample) | condition


def _at(sample: Sample) -> Request:
    return {"TableName": sample.table} | ({} if sample.index is None else {"IndexName": sample.index})


def _item(sample: Sample) -> Request:
    return {name: {"S": "any"} for name in sample.other_attributes} | sample.whole_key


def _projected(attributes: Iterable[str] | None) -> Request:
    if attributes is None:
        return {}
    names = _names(attributes)
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _names(attributes: Iterable[str]) -> dict[str, str]:
    return {f"#a{number}": name for number, name in enumerate(dict.fromkeys(attributes))}


def _select_statement(sample: Sample) -> Request:
    columns = "*" if sample.attributes is None else ", ".join(map(_quoted, sample.attributes))
    source = _quoted(sample.table) + ("" if sample.index is None else f".{_quoted(sample.index)}")
    return _statement(f"SELECT {columns} FROM {source} WHERE {_where(sample.bound)}", sample.bound.values())


def _insert_statement(sample: Sample) -> Request:
    item = _item(sample)
    members = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': ?" for name in item)
    return _statement(f"INSERT INTO {_quoted(sample.table)} VALUE {{{members}}}", item.values())


def _update_statement(sample: Sample) -> Request:
    if not sample.other_attributes:
        raise PolicyError("An UPDATE sets an attribute at least", hint="name it with --attributes")
    sets = " ".join(f"SET {_quoted(name)} = 'any'" for name in sample.other_attributes)
    text = f"UPDATE {_quoted(sample.table)} {sets} WHERE {_where(sample.whole_key)}"
    return _statement(text, sample.whole_key.values())


def _delete_statement(sample: Sample) -> Request:
    tests = "".join(f" AND {_quoted(name)} IS NOT MISSING" for name in sample.other_attributes)
    text = f"DELETE FROM {_quoted(sample.table)} WHERE {_where(sample.whole_key)}{tests}"
    return _statement(text, sample.whole_key.values())


def _where(values: Iterable[str]) -> str:
    return " AND ".join(f"{_quoted(name)} = ?" for name in values)


def _statement(text: str, parameters: Iterable[Any]) -> Request:
    return {"Statement": text, "Parameters": list(parameters)}


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


_SINGLE: Mapping[str, Callable[[Sample], Request]] = {
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    "ConditionCheckItem": _check,
    "DeleteItem": _delete,
    "GetItem": _get,
    "PutItem": _put,
    "Query": _query,
    "Scan": _scan,
    "UpdateItem": _update,
}
_STATEMENTS: Mapping[str, Callable[[Sample], Request]] = {
    "PartiQLDelete": _delete_statement,
    "PartiQLInsert": _insert_statement,
    "PartiQLSelect": _select_statement,
    "PartiQLUpdate": _update_statement,
}
_TRANSACTED = {
    "ConditionCheckItem": ("ConditionCheck", "TransactWriteItems"),
    "DeleteItem": ("Delete", "TransactWriteItems"),
    "GetItem": ("Get", "TransactGetItems"),
    "PutItem": ("Put", "TransactWriteItems"),
    "UpdateItem": ("Update", "TransactWriteItems"),
}
ITEM_ACTIONS: Sequence[str] = sorted([*_SINGLE, *_STATEMENTS])
"""The actions that `sample_call` makes requests for."""
