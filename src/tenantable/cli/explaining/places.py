"""The table or index that is asked about, and keys in it, as a command line writes them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenantable.cli.explaining.subjects import Subject
from tenantable.cli.names import unknown_name
from tenantable.declare.keys.layouts import TemplatePart
from tenantable.declare.tables import PhysicalTable
from tenantable.errors import SettingsError
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

UNTOLD_NAME = "-partition key-"
"""Stands for the name of a partition key that nobody told; no attribute is called so by accident."""

_TABLE_ARN = re.compile(r"arn:[^:]+:dynamodb:([^:]+):(\d{12}):table/([^/]+)(?:/index/([^/]+))?")


@dataclass(frozen=True, kw_only=True)
class Place:
    """
    A table, or one of its indexes, under physical names.

    `declared` is None for a table that no declaration here knows; then `keys` are guessed from the key that was given.
    """

    home: Home
    table: str
    index: str | None
    keys: KeyNames
    declared: PhysicalTable | None

    @property
    def arn(self) -> str:
        return self.home.table_or_index(self.table, self.index)

    @property
    def table_keys(self) -> TableKeys:
        if self.declared is not None:
            return self.declared.keys
        return TableKeys(table=self.keys, indexes={} if self.index is None else {self.index: self.keys})

    @property
    def key_attributes(self) -> frozenset[str]:
        """Of the table and all its indexes; none where the table is not declared."""
        return frozenset() if self.declared is None else frozenset(self.declared.table.key_attributes)

    @property
    def partition_patterns(self) -> tuple[str, ...]:
        """The partition keys of its declared entities, `*` for each part: `TENANT#*#EVENT#*`."""
        if self.declared is None:
            return ()
        indexes = {self.declared.index_names[index.name]: index for index in self.declared.table.indexes}
        index = None if self.index is None else indexes[self.index]
        keys = [layout.key(index) for layout in self.declared.table.layouts.values()]
        parts = [key.partition for key in keys if key is not None]
        return tuple(part.template.wildcard({}) for part in parts if isinstance(part, TemplatePart))


def find_place(subject: Subject, table: str | None, index: str | None, *, key_names: tuple[str, ...]) -> Place:
    """
    Args:
        table: A logical or physical name, or an ARN, also of an index.
        index: A logical or physical name.
        key_names: The names of partition and sort key, as far as they were told, for a table that is not declared.
    Raises:
        SettingsError: No table was named, or the system has no such table or index.
    """
    if table is None:
        raise SettingsError("No table was named", hint="write it behind the action, by its name or ARN")
    home, is_arn = subject.home, table.startswith("arn:")
    if is_arn:
        found = _TABLE_ARN.fullmatch(table)
        if found is None:
            raise SettingsError(f"{table} is no ARN of a table or index", hint="write its name")
        home, table, index = Home(region=found[1], account_id=found[2]), found[3], found[4] or index
    declared = _declared_tables(subject) if home == subject.home else {}
    if table in declared:
        return _declared_place(declared[table], index, home)
    if subject.declared is not None and not is_arn:
        raise unknown_name(f"table of {subject.declared.system.name}", table, declared)
    partition, sort = (*key_names, None, None)[:2]
    keys = KeyNames(
        partition=KeyAttribute(name=partition or UNTOLD_NAME), sort=None if sort is None else KeyAttribute(name=sort)
    )
    return Place(home=home, table=table, index=index, keys=keys, declared=None)


def key_texts(text: str | None) -> Mapping[str, Any] | str | None:
    """
    A key as it was given: one value, or the attributes of a JSON object in DynamoDB JSON or plain.

    Raises:
        SettingsError: The JSON cannot be read.
    """
    if text is None or not text.startswith("{"):
        return text
    hint = """write '{"PK": "TENANT#1", "SK": "STATE"}' or the values as {"S": "..."}"""
    try:
        decoded = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--key {text}: no JSON: {error}", hint=hint) from error
    return {name: _attribute_value(name, value, hint) for name, value in decoded.items()}


def key_of(given: Mapping[str, Any] | str | None, place: Place) -> dict[str, Any]:
    """
    The attributes of the key, those that were given.

    Raises:
        SettingsError: One is no attribute of this key.
    """
    if given is None:
        return {}
    if isinstance(given, str):
        return {place.keys.partition.name: {place.keys.partition.type: given}}
    stranger = next((name for name in given if name not in place.keys.names), None)
    if stranger is not None:
        raise unknown_name(f"key attribute of {place.arn.rpartition(':')[2]}", stranger, place.keys.names)
    return dict(given)


def _attribute_value(name: str, value: Any, hint: str) -> dict[str, str]:
    match value:
        case str():
            return {"S": value}
        case bool():
            pass
        case int() | float():
            return {"N": str(value)}
        case {"S": str()} | {"N": str()} | {"B": str()} if len(value) == 1:
            return dict(value)
    raise SettingsError(f"--key: {name} is no text, number or binary value", hint=hint)


def _declared_tables(subject: Subject) -> dict[str, PhysicalTable]:
    """The tables of the component's system, by logical and by physical name."""
    if subject.declared is None:
        return {}
    tables = subject.declared.system.physical_tables(subject.declared.naming)
    return {**{each.table.name: each for each in tables}, **{each.name: each for each in tables}}


def _declared_place(table: PhysicalTable, index: str | None, home: Home) -> Place:
    if index is None:
        return Place(home=home, table=table.name, index=None, keys=table.keys.table, declared=table)
    physical = table.index_names.get(index, index)
    if physical not in table.keys.indexes:
        raise unknown_name(f"index of {table.table.name}", index, {*table.index_names, *table.keys.indexes})
    return Place(home=home, table=table.name, index=physical, keys=table.keys.indexes[physical], declared=table)
