"""
What of a policy can be mended without knowing what its author wants.

Ghosts become the actions that they need, guards and the version are added, set operators and misspelled names are put
right, and item actions leave the statements on indexes. What only the author can say stays, and is found again.
"""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tenantable.iam.documents import CURRENT_VERSION
from tenantable.iam.lint.actions import (
    ACTIONS,
    ATTRIBUTES,
    GHOSTS,
    ITEM_ACTIONS,
    KEYS,
    LEADING_KEYS,
    MULTIVALUED,
    READS,
    RETURN_VALUES,
    ghosts_in,
    is_pattern,
    known_spelling,
    matching,
    nearest,
)
from tenantable.iam.lint.keys import is_known, nearest_key
from tenantable.iam.lint.reading import nearest_operator, texts

_INDEX_ACTIONS = frozenset(action for action, kinds in ACTIONS.items() if "index" in kinds)


def mend(document: Mapping[str, Any], indexes: Sequence[str] = ()) -> tuple[dict[str, Any], list[str]]:
    """
    A policy with its faults mended as far as that can be done mechanically.

    Args:
        document: A policy that can be read.
        indexes: Names of indexes to put in the place of `index/*`; none: it stays.
    Returns:
        The new document, and a sentence for each thing that was changed.
    """
    mended: dict[str, Any] = copy.deepcopy(dict(document))
    done: list[str] = []
    written = mended["Statement"]
    statements = [written] if isinstance(written, Mapping) else list(written)
    if mended.get("Version") != CURRENT_VERSION:
        mended = {"Version": CURRENT_VERSION, **{key: each for key, each in mended.items() if key != "Version"}}
        done.append(f"Version is {CURRENT_VERSION}")
    result: list[dict[str, Any]] = []
    for number, statement in enumerate(statements, start=1):
        notes: list[str] = []
        result += _mended(dict(statement), indexes, notes)
        done += [f"statement {number}: {note}" for note in notes]
    mended["Statement"] = result
    return mended, done


def _mended(statement: dict[str, Any], indexes: Sequence[str], notes: list[str]) -> list[dict[str, Any]]:
    _mend_actions(statement, notes)
    _mend_indexes(statement, indexes, notes)
    _mend_operators(statement, notes)
    if statement.get("Effect") == "Allow":
        _add_guards(statement, notes)
    return _divided(statement, notes)


def _mend_actions(statement: dict[str, Any], notes: list[str]) -> None:
    if "Action" not in statement:
        return
    actions: list[str] = []
    for action in texts(statement["Action"]):
        parts = [part for ghost in ghosts_in(action) for part in GHOSTS[ghost]]
        spelled = known_spelling(action)
        if parts:
            notes.append(f"{action} became the actions of its parts")
        elif action.lower().startswith("dynamodb:") and spelled is None and not matching(action):
            meant = nearest(action)
            if meant is not None:
                notes.append(f"{action} became {meant}")
            parts = [*GHOSTS.get(meant or "", [meant or action])]
        actions += parts or [spelled or action]
    _put(statement, "Action", dict.fromkeys(actions))


def _mend_indexes(statement: dict[str, Any], indexes: Sequence[str], notes: list[str]) -> None:
    if "Resource" not in statement or not indexes:
        return
    resources: list[str] = []
    for resource in texts(statement["Resource"]):
        table, slash, rest = resource.partition("/index/")
        if slash and rest == "*":
            notes.append(f"{resource} became {len(indexes)} named indexes")
            resources += [f"{table}/index/{name}" for name in indexes]
        else:
            resources.append(resource)
    _put(statement, "Resource", dict.fromkeys(resources))


def _mend_operators(statement: dict[str, Any], notes: list[str]) -> None:
    quantifier = "ForAllValues" if statement.get("Effect") == "Allow" else "ForAnyValue"
    block: dict[str, dict[str, Any]] = {}
    for written, keys in (statement.get("Condition") or {}).items():
        meant = nearest_operator(written)
        operator = meant or written
        if operator.lower() != written.lower():
            notes.append(f"{written} became {operator}")
        for key, value in keys.items():
            right = (nearest_key(key) if not is_known(key) and _is_ours(key) else None) or key
            if right != key:
                notes.append(f"{key} became {right}")
            own = operator
            if right.lower() in MULTIVALUED and meant not in (None, "Null") and ":" not in operator:
                own = f"{quantifier}:{operator}"
                notes.append(f"{operator} on {right} became {own}")
            if right.lower() in MULTIVALUED and quantifier == "ForAnyValue" and own.startswith("ForAllValues"):
                own = own.replace("ForAllValues", "ForAnyValue")
                notes.append(f"{operator} on {right} became {own}")
            block.setdefault(own, {})[right] = value
    if block:
        statement["Condition"] = block


def _is_ours(key: str) -> bool:
    return ":" not in key or key.lower().startswith(("dynamodb:", "aws:"))


def _add_guards(statement: dict[str, Any], notes: list[str]) -> None:
    """Guards that a request cannot evade a list by leaving something out."""
    block: dict[str, dict[str, Any]] = statement.get("Condition") or {}
    keys = {key.lower() for operator, written in block.items() if operator != "Null" for key in written}
    actions = _expanded(statement)
    if ATTRIBUTES in keys:
        if actions & READS:
            _guard(block, "StringEqualsIfExists", ("dynamodb:Select", "SPECIFIC_ATTRIBUTES"), notes)
        if any(RETURN_VALUES in KEYS.get(action, ()) for action in actions):
            quiet = ["NONE", "UPDATED_NEW", "UPDATED_OLD"]
            _guard(block, "StringEqualsIfExists", ("dynamodb:ReturnValues", quiet), notes)
    for operator, written in [*block.items()]:
        for key in [*written] if operator.lower().startswith("forallvalues") else ():
            lacks = (
                any(LEADING_KEYS not in KEYS.get(action, ()) for action in actions)
                or "dynamodb:PartiQLSelect" in actions
            )
            always = key.lower() == ATTRIBUTES or (key.lower() == LEADING_KEYS and not lacks)
            if not always:
                _guard(block, "Null", (key, "false"), notes)
    if block:
        statement["Condition"] = block


def _guard(block: dict[str, dict[str, Any]], operator: str, guard: tuple[str, Any], notes: list[str]) -> None:
    key, value = guard
    present = [name.lower() for names in block.values() for name in names] if operator != "Null" else []
    present += [name.lower() for name in block.get("Null", {})]
    if key.lower() not in present:
        block.setdefault(operator, {})[key] = value
        notes.append(f"{operator} on {key} was added")


def _expanded(statement: Mapping[str, Any]) -> frozenset[str]:
    if "Action" not in statement:
        return frozenset(ACTIONS)
    found: set[str] = set()
    for action in texts(statement["Action"]):
        found |= {*matching(action)} if is_pattern(action) else {known_spelling(action) or action}
    return frozenset(found)


def _divided(statement: dict[str, Any], notes: list[str]) -> list[dict[str, Any]]:
    """Item actions stay with the tables; on indexes stay the actions that indexes have."""
    if not {"Action", "Resource"} <= statement.keys() or statement.get("Effect") != "Allow":
        return [statement]
    actions, resources = texts(statement["Action"]), texts(statement["Resource"])
    on_indexes = [each for each in resources if "/index/" in each]
    elsewhere = [each for each in resources if "/index/" not in each]
    of_tables = [each for each in actions if known_spelling(each) in ACTIONS and each not in _INDEX_ACTIONS]
    if not on_indexes or not of_tables or (elsewhere and ITEM_ACTIONS.isdisjoint(of_tables)):
        return [statement]
    elsewhere = elsewhere or list(dict.fromkeys(each.partition("/index/")[0] for each in on_indexes))
    of_indexes = [each for each in actions if each not in of_tables]
    notes.append("actions on items were kept to the tables")
    first, second = dict(statement), dict(statement)
    _put(first, "Resource", elsewhere)
    if not of_indexes:
        return [first]
    if not any("/index/" not in each for each in resources):
        _put(first, "Action", of_tables)
    _put(second, "Action", of_indexes)
    _put(second, "Resource", on_indexes)
    if second.get("Sid"):
        second["Sid"] = f"{second['Sid']}Indexes"
    return [first, second]


def _put(statement: dict[str, Any], element: str, values: Iterable[str]) -> None:
    listed = list(values)
    statement[element] = listed[0] if len(listed) == 1 else listed
