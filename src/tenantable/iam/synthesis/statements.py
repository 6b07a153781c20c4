"""
Grants become policy documents: exact actions on exact tables and named indexes, and nothing else.

A permission becomes statements that allow its own requests and no neighbour of them. What makes that tight:

* An action granted outside transactions is refused inside them, and the reverse (`dynamodb:EnclosingOperation`).
* Attribute lists hold only with their guards: a read must project (`dynamodb:Select`), a write must not return whole
  items (`dynamodb:ReturnValues`). The lists contain all key names, for a request cannot leave these out.
* Leading keys are never granted to Scan, which has none, so that a condition on them would hold for everything.

Source: Developer Guide, "Using IAM policy conditions for fine-grained access control".
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from tenantable.declare.grants import Component, Permission, ResourcePermission
from tenantable.declare.naming import Naming
from tenantable.errors import PolicyError
from tenantable.iam.documents import Condition, Policy, Statement
from tenantable.iam.patterns import Pattern, Wildcard, has_variables, parse_pattern, text_test
from tenantable.iam.synthesis.packing import pack
from tenantable.iam.synthesis.resources import resource_statements
from tenantable.wire.arns import Home

ValueT = TypeVar("ValueT")

_READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})
_WRITES = frozenset({"BatchWriteItem", "ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"})
_TRANSACTIONS = {
    "GetItem": "TransactGetItems",
    "ConditionCheckItem": "TransactWriteItems",
    "DeleteItem": "TransactWriteItems",
    "PutItem": "TransactWriteItems",
    "UpdateItem": "TransactWriteItems",
}
_NO_TRANSACTION = ""
_OUTSIDE = frozenset({_NO_TRANSACTION})
_RETURN_VALUES_WITHOUT_ITEMS = ("NONE", "UPDATED_NEW", "UPDATED_OLD")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Access:
    """
    One action on one resource, under what must hold of the request.

    `attributes` and `leading_keys` are None where any will do. `enclosing` names the transactions that the action may
    stand in, `_NO_TRANSACTION` that it may stand in none.
    """

    action: str
    resource: str
    attributes: frozenset[str] | None = None
    leading_keys: frozenset[str] | None = None
    enclosing: frozenset[str] = _OUTSIDE

    def covers(self, other: "_Access") -> bool:
        return (
            (self.action, self.resource) == (other.action, other.resource)
            and (self.attributes is None or (other.attributes is not None and other.attributes <= self.attributes))
            and _keys_cover(self.leading_keys, other.leading_keys)
            and other.enclosing <= self.enclosing
        )


def component_policies(component: Component, naming: Naming, home: Home) -> tuple[Policy, ...]:
    """The policies of a component, from its grants; `synthesize` says in what form."""
    return synthesize(component.permissions(naming), home, others=component.resource_permissions(naming))


def synthesize(
    permissions: Iterable[Permission], home: Home, *, others: Iterable[ResourcePermission] = ()
) -> tuple[Policy, ...]:
    """
    The policies that allow what is permitted, and nothing else.

    Args:
        permissions: On tables and indexes, in any order; what one grants beside another is granted once.
        home: The account and region that tables and other resources live in.
        others: On resources of other services.
    Returns:
        Managed policies, each within IAM's quota, usually one; none where nothing is permitted. Statements, actions,
        resources and values are in alphabetical order: equal permissions give equal documents.
    Raises:
        PolicyError: A permission gives leading keys to Scan, which has none, or names no key or no attribute at all; it
            is on a resource of an unknown service, or has an action that its service does not know; or one statement
            is larger than the quota and cannot be divided.
    """
    accesses = _widest(_with_all_transactions(_accesses(permissions, home)), _Access.covers)
    on_resources = (statement for each in others for statement in resource_statements(each, home))
    return pack(_merged([*_table_statements(_with_all_keys(accesses)), *on_resources]))


def _accesses(permissions: Iterable[Permission], home: Home) -> Iterator[_Access]:
    for permission in permissions:
        _check(permission)
        resource = _resource(permission, home)
        attributes = None if permission.attributes is None else permission.attributes | permission.key_attributes
        keys = None if permission.leading_keys is None else _widest_keys(permission.leading_keys)
        for action in permission.actions:
            yield _Access(
                action=action,
                resource=resource,
                attributes=attributes,
                leading_keys=keys,
                enclosing=_enclosing(action, transactional=permission.transactional),
            )


def _check(permission: Permission) -> None:
    place = f"permission on {permission.index or permission.table}"
    if permission.leading_keys is not None and "Scan" in permission.actions:
        raise PolicyError(
            f"{place}: a Scan has no leading keys", hint="grant a Query, or the Scan without leading keys"
        )
    if permission.leading_keys is not None and not permission.leading_keys:
        raise PolicyError(f"{place}: names no leading key", hint="None means any key")
    if permission.attributes is not None and not permission.attributes:
        raise PolicyError(f"{place}: names no attribute", hint="None means all attributes")


def _resource(permission: Permission, home: Home) -> str:
    if permission.index is None:
        return home.table(permission.table)
    return home.index(permission.table, permission.index)


def _enclosing(action: str, *, transactional: bool) -> frozenset[str]:
    transaction = _TRANSACTIONS.get(action)
    if transaction is not None and (transactional or action == "ConditionCheckItem"):
        return frozenset({transaction})
    return _OUTSIDE


def _with_all_transactions(accesses: Iterable[_Access]) -> list[_Access]:
    """Accesses that differ in their transactions alone become one."""
    enclosing: dict[_Access, frozenset[str]] = {}
    for access in accesses:
        plain = replace(access, enclosing=_OUTSIDE)
        enclosing[plain] = enclosing.get(plain, frozenset()) | access.enclosing
    return [replace(plain, enclosing=names) for plain, names in enclosing.items()]


def _with_all_keys(accesses: Iterable[_Access]) -> list[_Access]:
    """Accesses that differ in their leading keys alone become one: each request of either still has its own."""
    keys: dict[_Access, frozenset[str]] = {}
    united = []
    for access in accesses:
        if access.leading_keys is None:
            united.append(access)
        else:
            plain = replace(access, leading_keys=frozenset())
            keys[plain] = keys.get(plain, frozenset()) | access.leading_keys
    return united + [replace(plain, leading_keys=_widest_keys(each)) for plain, each in keys.items()]


def _widest(values: Iterable[ValueT], covers: Callable[[ValueT, ValueT], bool]) -> list[ValueT]:
    """The values that no other covers; of values that cover each other, the first."""
    kept: list[ValueT] = []
    for value in values:
        if not any(covers(other, value) for other in kept):
            kept = [other for other in kept if not covers(value, other)] + [value]
    return kept


def _widest_keys(patterns: Iterable[str]) -> frozenset[str]:
    return frozenset(_widest(sorted(frozenset(patterns)), _is_wider))


def _is_wider(pattern: str, other: str) -> bool:
    # `*` takes in whatever stands in the other pattern, a wildcard too; `?` might take in the sign for many.
    if pattern == other:
        return True
    parsed = _parsed(pattern)
    return Wildcard.ONE not in parsed and not has_variables(parsed) and text_test(parsed)(other)


def _parsed(pattern: str) -> Pattern:
    return parse_pattern(pattern, wildcards=True, variables=True)


def _keys_cover(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return all(any(_is_wider(pattern, each) for pattern in wide) for each in narrow)


def _table_statements(accesses: Iterable[_Access]) -> Iterator[Statement]:
    """One statement for all actions that the same must hold for."""
    actions: dict[_Access, set[str]] = {}
    for access in accesses:
        actions.setdefault(replace(access, action=""), set()).add(access.action)
    for shared, names in actions.items():
        yield Statement(
            effect="Allow",
            actions=tuple(f"dynamodb:{name}" for name in names),
            resources=(shared.resource,),
            conditions=tuple(_conditions(shared, names)),
        )


def _conditions(shared: _Access, actions: set[str]) -> Iterator[Condition]:
    if shared.leading_keys is not None:
        literal = not any(Wildcard.ANY in each or Wildcard.ONE in each for each in map(_parsed, shared.leading_keys))
        operator = "ForAllValues:StringEquals" if literal else "ForAllValues:StringLike"
        yield _condition(operator, "dynamodb:LeadingKeys", shared.leading_keys)
    if shared.attributes is not None:
        yield _condition("ForAllValues:StringEquals", "dynamodb:Attributes", shared.attributes)
        if actions & _READS:
            yield _condition("StringEqualsIfExists", "dynamodb:Select", ["SPECIFIC_ATTRIBUTES"])
        if actions & _WRITES:
            yield _condition("StringEqualsIfExists", "dynamodb:ReturnValues", _RETURN_VALUES_WITHOUT_ITEMS)
    if _NO_TRANSACTION not in shared.enclosing:
        yield _condition("StringEquals", "dynamodb:EnclosingOperation", shared.enclosing)
    elif shared.enclosing == _OUTSIDE and actions & _TRANSACTIONS.keys():
        yield _condition("Null", "dynamodb:EnclosingOperation", ["true"])


def _condition(operator: str, key: str, values: Iterable[str]) -> Condition:
    return Condition(operator=operator, key=key, values=tuple(sorted(values)))


def _merged(statements: Iterable[Statement]) -> list[Statement]:
    """Statements that differ in their actions alone become one, then those that differ in their resources alone."""
    actions: dict[Statement, set[str]] = {}
    for statement in statements:
        alike = replace(statement, actions=(), conditions=tuple(sorted(statement.conditions, key=_condition_order)))
        actions.setdefault(alike, set()).update(statement.actions)
    resources: dict[Statement, set[str]] = {}
    for alike, names in actions.items():
        same = replace(alike, actions=tuple(sorted(names)), resources=())
        resources.setdefault(same, set()).update(alike.resources)
    merged = [replace(same, resources=tuple(sorted(arns))) for same, arns in resources.items()]
    return sorted(
        merged, key=lambda each: (each.resources, each.actions, [_condition_order(c) for c in each.conditions])
    )


def _condition_order(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return condition.operator, condition.key, condition.values
