"""
The condition keys of DynamoDB requests, each derived from the request when a policy asks for it.

Source: Developer Guide, "Using IAM policy conditions for fine-grained access control". Where it leaves a choice:

* Names are top-level attribute names: a path `a.b[0]` counts as `a`.
* A leading key of type N is its canonical decimal text, one of type B its canonical base64 text. Query on an index has
  the index's own partition value.
* Where the partition key of an index has several attributes, the leading key is the value of the first one, and
  `dynamodb:FirstPartitionKeyValues` to `dynamodb:FourthPartitionKeyValues` have the value of each. The first of these
  keys is there for every partition key, so that an Allow conditioned on it never holds because it is absent.
* Without ReturnConsumedCapacity the key is present with the value NONE.
* A write whose ReturnValuesOnConditionCheckFailure is ALL_OLD counts as returning ALL_OLD, since it may.
* A request whose partition key cannot be told, because the table or index does not exist or the key does not fit its
  schema, has `UNKNOWN_LEADING_KEY`: an Allow conditioned on leading keys must not hold because there are none.
* The parameters that expressions replaced count as those do: AttributesToGet is a projection, KeyConditions has the
  leading key, and the attributes that each names are named by the request. Transactions do not have them.
* A member that the operation does not have counts for nothing: the engine does not look at it.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from tenantable.expressions.conditions import parse_condition
from tenantable.expressions.key_conditions import parse_key_condition
from tenantable.expressions.placeholders import Placeholders
from tenantable.expressions.projections import parse_projection
from tenantable.expressions.updates import parse_update
from tenantable.iam.patterns import Context, ContextValue
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeysLookup
from tenantable.wire.numbers import canonical_number

UNKNOWN_LEADING_KEY = "\udcffunknown"
"""Equals no key that DynamoDB can store, for a lone surrogate has no UTF-8 form."""

LEADING_KEYS = "dynamodb:leadingkeys"
PARTITION_KEY_VALUES = tuple(f"dynamodb:{rank}partitionkeyvalues" for rank in ("first", "second", "third", "fourth"))
"""The value of each attribute of a partition key, in their order."""

EXPRESSIONS_REMEMBERED_MAX = 2048
REMEMBERED_CHARACTERS_MAX = 1024
"""Longer lists of attribute names are resolved anew each time: what callers send must not fill the memory."""

Fields = Mapping[str, Any]
"""A request, or the part of one that a batch or transaction holds per table or item; checked for its shape."""


_Aliases = tuple[tuple[str, str], ...] | None


class Subject(NamedTuple):
    """
    What one action on one table or index is asked for.

    `fields` hold its expressions, `keys` its keys or items, `options` what is said once for a whole request;
    `enclosing` names the transaction that it stands in, or is None.
    """

    fields: Fields
    keys: Sequence[Fields]
    table_name: str
    index_name: str | None
    tables: TableKeysLookup
    options: Fields
    enclosing: str | None


Derivation = Callable[[Subject], ContextValue | None]


class DerivedContext(Mapping[str, ContextValue]):
    """
    The condition keys of a subject, in lower case, beside those that are known already.

    A key is derived when it is first asked for.

    Raises:
        DynamoError: On asking for a key whose expression or number cannot be read, as the engine answers it.
    """

    __slots__ = ("_derivations", "_found", "_subject")

    def __init__(self, derivations: Mapping[str, Derivation], subject: Subject, known: Context) -> None:
        self._derivations = derivations
        self._subject = subject
        self._found: dict[str, ContextValue | None] = {**known}

    def get(self, key: str, default: Any = None) -> Any:
        found = self._found
        if key in found:
            value = found[key]
        else:
            derive = self._derivations.get(key)
            found[key] = value = None if derive is None else derive(self._subject)
        return default if value is None else value

    def __getitem__(self, key: str) -> ContextValue:
        value: ContextValue | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        return (key for key in {**self._found, **self._derivations} if self.get(key) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def request_tags(tags: Iterable[Fields]) -> dict[str, ContextValue]:
    """The tags that a request sets."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    if not given:
        return {}
    return {f"aws:requesttag/{key.lower()}": value for key, value in given.items()} | {"aws:tagkeys": tuple(given)}


def _capacity(subject: Subject) -> str:
    return subject.options.get("ReturnConsumedCapacity") or "NONE"


def _enclosing(subject: Subject) -> str | None:
    return subject.enclosing


def _leading_keys(subject: Subject) -> tuple[str, ...]:
    keys = subject.tables(subject.table_name)
    if keys is None:
        return (UNKNOWN_LEADING_KEY,)
    partition = keys.table.partition
    if len(subject.keys) == 1:
        return (leading_key(subject.keys[0].get(partition.name), partition),)
    return tuple([leading_key(key.get(partition.name), partition) for key in subject.keys])


def _queried_partition(position: int) -> "Derivation":
    """The value that a Query has for the partition attribute at this position; no value where there is no such one."""

    def derive(subject: Subject) -> tuple[str, ...] | None:
        key_names = _queried_key_names(subject)
        if key_names is None:
            return (UNKNOWN_LEADING_KEY,)
        partitions = key_names.partitions
        return (_queried_value(subject, partitions[position]),) if position < len(partitions) else None

    return derive


def _queried_value(subject: Subject, partition: KeyAttribute) -> str:
    text = subject.fields.get("KeyConditionExpression")
    if text is None:
        value = _equal_in_conditions(subject.fields.get("KeyConditions") or {}, partition)
    else:
        value = _equal_in_expression(text, subject.fields, partition)
    return leading_key(value, partition)


def _equal_in_expression(text: str, fields: Fields, partition: KeyAttribute) -> Any:
    """The value that a key condition expression wants the partition key to equal; None when that is not one."""
    names = fields.get("ExpressionAttributeNames") or {}
    values = fields.get("ExpressionAttributeValues") or {}
    operands = [
        term.operands
        for term in parse_key_condition(text).terms
        if term.operator == "=" and names.get(term.attribute, term.attribute) == partition.name
    ]
    return values.get(operands[0][0].placeholder) if len(operands) == 1 else None


def _equal_in_conditions(conditions: Fields, partition: KeyAttribute) -> Any:
    """As `_equal_in_expression`, of KeyConditions."""
    condition = conditions.get(partition.name)
    if condition is None or condition["ComparisonOperator"] != "EQ":
        return None
    values: Sequence[Any] = condition.get("AttributeValueList") or ()
    return values[0] if len(values) == 1 else None


def _queried_key_names(subject: Subject) -> KeyNames | None:
    keys = subject.tables(subject.table_name)
    if keys is None or subject.index_name is None:
        return None if keys is None else keys.table
    return keys.indexes.get(subject.index_name)


def leading_key(value: Any, partition: KeyAttribute) -> str:
    """The canonical text of a value of a partition key; `UNKNOWN_LEADING_KEY` when it does not fit the schema."""
    content = value.get(partition.type) if isinstance(value, dict) else None
    if not isinstance(content, str):
        return UNKNOWN_LEADING_KEY
    if partition.type == "S":
        return content
    return canonical_number(content) if partition.type == "N" else _canonical_base64(content)


def _canonical_base64(text: str) -> str:
    # Different texts may stand for the same bytes; a policy must meet one of them only.
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except (binascii.Error, ValueError):
        return UNKNOWN_LEADING_KEY


def _names_read(subject: Subject) -> tuple[str, ...]:
    return tuple(_names(subject, ("ProjectionExpression",), ("AttributesToGet",)).union(*subject.keys))


def _names_scanned(subject: Subject) -> tuple[str, ...]:
    return tuple(_names(subject, ("ProjectionExpression", "FilterExpression"), ("AttributesToGet", "ScanFilter")))


def _names_queried(subject: Subject) -> tuple[str, ...]:
    expressions = ("ProjectionExpression", "KeyConditionExpression", "FilterExpression")
    return tuple(_names(subject, expressions, ("AttributesToGet", "KeyConditions", "QueryFilter")))


def _names_written(subject: Subject) -> tuple[str, ...]:
    return tuple(_names(subject, ("ConditionExpression",), ("Expected",)).union(*subject.keys))


def _names_updated(subject: Subject) -> tuple[str, ...]:
    expressions, legacy = ("ConditionExpression", "UpdateExpression"), ("Expected", "AttributeUpdates")
    return tuple(_names(subject, expressions, legacy).union(*subject.keys))


def _names(subject: Subject, expressions: Sequence[str], legacy: Sequence[str]) -> frozenset[str]:
    """The top-level names in some expressions and legacy parameters; absent ones name nothing."""
    names = _expression_names(subject.fields, *expressions)
    given = [found for member in legacy if (found := _legacy(subject, member)) is not None]
    return names.union(*given) if given else names


def _legacy(subject: Subject, member: str) -> Any:
    """A parameter that an expression replaced, in an operation that has it; None when it is absent."""
    return subject.fields.get(member) if subject.enclosing is None else None


def _expression_names(fields: Fields, *members: str) -> frozenset[str]:
    """The top-level names in some expressions of a request; absent ones name nothing."""
    aliases = fields.get("ExpressionAttributeNames")
    pairs = None if aliases is None else tuple(aliases.items())
    names = _NO_NAMES
    for member in members:
        text = fields.get(member)
        if text is not None:
            found = (_remembered_names if _is_short(pairs) else _names_in)(member, text, pairs)
            names = names | found if names else found
    return names


def _is_short(aliases: _Aliases) -> bool:
    return aliases is None or sum(len(alias) + len(name) for alias, name in aliases) <= REMEMBERED_CHARACTERS_MAX


def _names_in(member: str, text: str, aliases: _Aliases) -> frozenset[str]:
    placeholders = Placeholders(None if aliases is None else dict(aliases))
    names: frozenset[str] = _PARSERS[member](text).attribute_names(placeholders)
    return names


_remembered_names = lru_cache(maxsize=EXPRESSIONS_REMEMBERED_MAX)(_names_in)


def _item_select(subject: Subject) -> str:
    return "SPECIFIC_ATTRIBUTES" if _is_projected(subject) else "ALL_ATTRIBUTES"


def _search_select(subject: Subject) -> str:
    given: str | None = subject.fields.get("Select")
    if given is not None:
        return given
    if subject.index_name is None or _is_projected(subject):
        return _item_select(subject)
    return "ALL_PROJECTED_ATTRIBUTES"


def _is_projected(subject: Subject) -> bool:
    return subject.fields.get("ProjectionExpression") is not None or _legacy(subject, "AttributesToGet") is not None


def _returned(subject: Subject) -> str:
    return returned_values(subject.fields)


def returned_values(fields: Fields) -> str:
    """What a write may return, in the words of ReturnValues."""
    returned: str = fields.get("ReturnValues") or "NONE"
    on_failure: str = fields.get("ReturnValuesOnConditionCheckFailure") or "NONE"
    return returned if returned.startswith("ALL_") or on_failure == "NONE" else on_failure


_NO_NAMES: frozenset[str] = frozenset()

_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "ConditionExpression": lambda text: parse_condition(text, "ConditionExpression"),
    "FilterExpression": lambda text: parse_condition(text, "FilterExpression"),
    "KeyConditionExpression": parse_key_condition,
    "ProjectionExpression": parse_projection,
    "UpdateExpression": parse_update,
}

_EVERY_ITEM_OPERATION: Mapping[str, Derivation] = {
    "dynamodb:returnconsumedcapacity": _capacity,
    "dynamodb:enclosingoperation": _enclosing,
}
READ_KEYS: Mapping[str, Derivation] = {
    **_EVERY_ITEM_OPERATION,
    "dynamodb:attributes": _names_read,
    LEADING_KEYS: _leading_keys,
    PARTITION_KEY_VALUES[0]: _leading_keys,
    "dynamodb:select": _item_select,
}
SCAN_KEYS: Mapping[str, Derivation] = {
    **_EVERY_ITEM_OPERATION,
    "dynamodb:attributes": _names_scanned,
    "dynamodb:select": _search_select,
}
QUERY_KEYS: Mapping[str, Derivation] = {
    **SCAN_KEYS,
    "dynamodb:attributes": _names_queried,
    LEADING_KEYS: _queried_partition(0),
    **{name: _queried_partition(position) for position, name in enumerate(PARTITION_KEY_VALUES)},
}
BATCH_WRITE_KEYS: Mapping[str, Derivation] = {
    **_EVERY_ITEM_OPERATION,
    "dynamodb:attributes": _names_written,
    LEADING_KEYS: _leading_keys,
    PARTITION_KEY_VALUES[0]: _leading_keys,
}
WRITE_KEYS: Mapping[str, Derivation] = {**BATCH_WRITE_KEYS, "dynamodb:returnvalues": _returned}
UPDATE_KEYS: Mapping[str, Derivation] = {**WRITE_KEYS, "dynamodb:attributes": _names_updated}
