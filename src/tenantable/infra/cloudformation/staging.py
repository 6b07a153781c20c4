"""
Templates between an old one and a new one: CloudFormation creates or deletes one global index of a table per update.

Source: CloudFormation's reference, AWS::DynamoDB::Table.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from tenantable.errors import InfrastructureError
from tenantable.infra.cloudformation.scaling import index_place
from tenantable.infra.normal.templates import GLOBAL_TABLE, TABLE

Properties = dict[str, Any]
Indexes = list[Properties]

_INDEXES = "GlobalSecondaryIndexes"
_KEPT = ("Type", "KeySchema", "LocalSecondaryIndexes", "TableName")


def staged_templates(old: Mapping[str, Any], new: Properties) -> list[tuple[str, Properties]]:
    """
    The templates that lead from an old one to the new one, to be deployed one after the other.

    Everything but indexes changes with the first of them. An index that changes goes first and then comes back: its
    queries fail meanwhile.

    Args:
        old: As `parse_template` gives it: what the stack was made from.
        new: Not changed.
    Returns:
        Each with what it does, such as `create-orders-by-date`. The last one is the new template; it is the only one
        where at most one index changes.
    Raises:
        InfrastructureError: A table cannot be changed without being replaced.
    """
    tables = [name for name, resource in new["Resources"].items() if resource["Type"] in {TABLE, GLOBAL_TABLE}]
    before: dict[str, Indexes] = {}
    for name in tables:
        there = old["Resources"].get(name)
        if there is not None:
            _check_replacement(name, there, new["Resources"][name])
            before[name] = list(there.get("Properties", {}).get(_INDEXES) or ())
    stages: list[tuple[str, Properties]] = []
    current = dict(before)
    for name, indexes in before.items():
        wanted = list(new["Resources"][name]["Properties"].get(_INDEXES) or ())
        for what, changed in _steps(indexes, wanted):
            current[name] = changed
            action, index = what
            stages.append((f"{action}-{name}-{_slug(index)}", _with_indexes(old, new, current)))
    if not stages:
        return [("all", new)]
    last, _ = stages[-1]
    return [*stages[:-1], (last, new)]


def _check_replacement(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    before, after = old.get("Properties", {}), new["Properties"]
    pairs = [("Type", old.get("Type"), new["Type"])]
    pairs += [(member, before.get(member), after.get(member)) for member in _KEPT[1:]]
    for member, first, second in pairs:
        if first != second:
            hint = "give the table another logical name and copy its items, or go back to what it was"
            raise InfrastructureError(f"{name}: another {member} makes CloudFormation replace the table", hint=hint)


def _steps(old: Indexes, new: Indexes) -> Iterator[tuple[tuple[str, str], Indexes]]:
    """First what must go, then what must come, one by one; the indexes after each."""
    wanted = {_name(index): index for index in new}
    current = {_name(index): index for index in old}
    for name, index in list(current.items()):
        if name not in wanted or _schema(wanted[name]) != _schema(index):
            del current[name]
            yield ("delete", name), _ordered(current, new)
    for name, index in wanted.items():
        if name not in current:
            current[name] = index
            yield ("create", name), _ordered(current, new)


def _schema(index: Properties) -> tuple[Any, Any]:
    """What of an index cannot be changed."""
    return index["KeySchema"], index["Projection"]


def _ordered(current: Mapping[str, Properties], new: Indexes) -> Indexes:
    """In the order of the new template, and with its capacities; those that go later come last."""
    kept = [index for index in new if _name(index) in current]
    names = {_name(index) for index in kept}
    # One that changes is still the old one until it has gone.
    kept = [index if _schema(index) == _schema(current[_name(index)]) else current[_name(index)] for index in kept]
    return kept + [index for name, index in current.items() if name not in names]


def _with_indexes(old: Mapping[str, Any], new: Properties, indexes: Mapping[str, Indexes]) -> Properties:
    template = deepcopy(new)
    for name, present in indexes.items():
        properties = template["Resources"][name]["Properties"]
        names = [index["IndexName"] for index in present]
        absent = [each["IndexName"] for each in properties.pop(_INDEXES, ()) if each["IndexName"] not in names]
        if present:
            properties[_INDEXES] = deepcopy(present)
        known = [*properties["AttributeDefinitions"], *old["Resources"][name]["Properties"]["AttributeDefinitions"]]
        properties["AttributeDefinitions"] = _definitions(properties, known)
        _leave_out_scaling(template["Resources"], name, absent)
    return template


def _definitions(properties: Properties, known: Iterable[Properties]) -> list[Properties]:
    """CloudFormation wants the attributes that keys use, and no others."""
    schemas = [properties["KeySchema"]]
    for member in (_INDEXES, "LocalSecondaryIndexes"):
        schemas += [index["KeySchema"] for index in properties.get(member) or ()]
    used = {element["AttributeName"] for schema in schemas for element in schema}
    by_name: dict[str, Properties] = {}
    for each in known:
        by_name.setdefault(each["AttributeName"], each)
    return [each for name, each in by_name.items() if name in used]


def _leave_out_scaling(resources: Properties, table: str, absent: Iterable[Any]) -> None:
    """An index that is not there yet cannot be scaled."""
    places = [index_place(table, index) for index in absent]
    targets = [
        {"Ref": name} for name, resource in resources.items() if resource["Properties"].get("ResourceId") in places
    ]
    for name, resource in list(resources.items()):
        if {"Ref": name} in targets or resource["Properties"].get("ScalingTargetId") in targets:
            del resources[name]


def _name(index: Properties) -> str:
    """An index's name, also where it is an intrinsic function."""
    name = index["IndexName"]
    return name if isinstance(name, str) else json.dumps(name, sort_keys=True)


def _slug(name: str) -> str:
    """A name for a file: without parameters and signs."""
    text = name if not name.startswith("{") else " ".join(re.findall(r'": *\[?"([^"]*)"', name))
    return re.sub(r"[^A-Za-z0-9_.]+", "-", re.sub(r"\$\{[^}]*\}", "", text)).strip("-")
