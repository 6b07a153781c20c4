"""
How often each grant of a component was exercised.

A request is counted for the narrowest grants that allow it by themselves: reading a summary of an event is a use of
`Events.summary`, also where `Events.get` would do. Grants that allow the same, such as two queries of one index, cannot
be told apart by any policy, and are counted together.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from tenantable.declare.grants import Permission, ResourceGrant
from tenantable.declare.grants.parts import GrantPart, breadth, grant_parts
from tenantable.declare.systems import System
from tenantable.iam.authorizer import Tally
from tenantable.iam.callers import role_of_session
from tenantable.iam.evaluation import OpenDecision, PolicySet
from tenantable.iam.explanation.declared import DeclaredComponent
from tenantable.iam.patterns import Context
from tenantable.iam.requests.context import Fields
from tenantable.iam.requests.dynamodb import ItemAccess
from tenantable.iam.synthesis.statements import component_policies
from tenantable.iam.use.shapes import expression_shape
from tenantable.wire.keys import TableKeysLookup


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class GrantId:
    """A grant by its names: system, component, and the words of the declaration."""

    system: str
    component: str
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantUse:
    """How often a grant was exercised. `count` is None for what nobody counts: actions of other services."""

    grant: GrantId
    count: int | None


REMEMBERED_MAX = 2048
REMEMBERED_CHARACTERS_MAX = 256
COUNTED_SERVICES: frozenset[str] = frozenset()
"""Services beside DynamoDB whose actions come to a tally; the actions of others cannot be called unused."""

_EXPRESSION_KEYS = frozenset({"dynamodb:attributes", "dynamodb:select", "dynamodb:returnvalues"})


class Counter:
    """Counts what several threads add, without a lock where it is added."""

    def __init__(self) -> None:
        self._numbers = count()
        self._looks = 0
        self._lock = threading.Lock()
        self.add: Callable[[], int] = self._numbers.__next__

    @property
    def total(self) -> int:
        with self._lock:  # a look takes a number too
            self._looks += 1
            return next(self._numbers) - self._looks + 1


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One grant of a component: what it allows by itself, and its count."""

    grant: GrantId
    permissions: tuple[Permission, ...]
    policies: PolicySet
    counter: Counter
    is_counted: bool


class _Only:
    """All that can be told of an action on a resource belongs to the same grants."""

    def __init__(self, counters: tuple[Counter, ...]) -> None:
        adds = tuple(counter.add for counter in counters)
        self.add: Callable[[], object] = adds[0] if len(adds) == 1 else lambda: [add() for add in adds]

    def count(self, _context: Context) -> None:
        self.add()

    def count_item(self, _access: ItemAccess, _request: Fields, _tables: TableKeysLookup, *, known: Context) -> None:  # noqa: ARG002
        self.add()


class _Narrowest:
    """
    Of several grants those count that come first and allow the request.

    Which these are is remembered by leading key and expressions, from which everything follows that grants look at.
    """

    add = None

    def __init__(self, alternatives: list[tuple[OpenDecision, _Only]]) -> None:
        self._alternatives = alternatives
        self._reads_expressions = any(decision.keys_read() & _EXPRESSION_KEYS for decision, _ in alternatives)
        self._remembered: dict[object, _Only] = {}

    def count(self, context: Context) -> None:
        self._find(context).count(context)

    def count_item(self, access: ItemAccess, request: Fields, tables: TableKeysLookup, *, known: Context) -> None:
        shape = self._shape(access, request, tables)
        only = self._remembered.get(shape)
        if only is None:
            only = self._find(access.context(request, tables, known))
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            if shape is not None:
                self._remembered[shape] = only
        only.add()

    def _find(self, context: Context) -> _Only:
        return next((only for decision, only in self._alternatives if decision.complete(context).allowed), _NONE)

    def _shape(self, access: ItemAccess, request: Fields, tables: TableKeysLookup) -> object | None:
        """None where it is too large to be remembered: what callers send must not fill the memory."""
        if access.key_member is None:
            return None
        key = access.leading_key(request, tables(access.table_name))
        if len(key) > REMEMBERED_CHARACTERS_MAX:
            return None
        if not self._reads_expressions:
            return key
        rest = expression_shape(request)
        return None if rest is None else (key, rest)


_NONE = _Only(())


class GrantUses:
    """
    Counts how often the grants of some components are exercised: the part of a `DecisionWatch` that counts.

    Args:
        components: By the ARN of the principal.

    Safe to share between threads. A request counts when it is allowed, whatever becomes of it.
    """

    def __init__(self, components: Mapping[str, DeclaredComponent]) -> None:
        self._parts = {principal: tuple(_parts(each)) for principal, each in components.items()}
        self._taken: dict[GrantId, int] = {}

    def tally(self, principal: str, action: str, resource: str) -> Tally | None:
        """What counts an action on a resource; None where no grant of the principal is about it."""
        role = role_of_session(principal)
        parts = self._parts.get(principal) or self._parts.get(role or principal, ())
        # Grants that allow the same of this action here are one alternative.
        alternatives: dict[object, tuple[OpenDecision, tuple[int, ...], list[Counter]]] = {}
        for part in parts:
            decision = part.policies.open_decision(action, resource)
            if decision.candidates:
                own = frozenset(_permissions_for(part, action, resource))
                shape: object = own or part.grant
                found = alternatives.setdefault(shape, (decision, _breadth(part, own), []))
                found[2].append(part.counter)
        ordered = sorted(alternatives.values(), key=lambda each: each[1])
        choices = [(decision, _Only(tuple(counters))) for decision, _, counters in ordered]
        return choices[0][1] if len(choices) == 1 else _Narrowest(choices) if choices else None

    def counts(self) -> tuple[GrantUse, ...]:
        """Every grant with its count, in the order of the declarations."""
        return tuple(
            GrantUse(grant=part.grant, count=part.counter.total if part.is_counted else None) for part in self._all()
        )

    def unused(self) -> tuple[GrantId, ...]:
        """The grants that are counted and were never exercised."""
        return tuple(each.grant for each in self.counts() if each.count == 0)

    def take(self) -> dict[GrantId, int]:
        """What was counted since the last time that this was called, for whoever keeps it; one caller at a time."""
        totals = {each.grant: each.count for each in self.counts() if each.count}
        news = {grant: total - self._taken.get(grant, 0) for grant, total in totals.items()}
        self._taken = totals
        return {grant: number for grant, number in news.items() if number}

    def _all(self) -> Iterator[_Part]:
        return (part for parts in self._parts.values() for part in parts)


def declared_grants(system: System) -> tuple[GrantUse, ...]:
    """Every grant of a system's components with a count of zero, or of None where nobody counts."""
    return tuple(
        GrantUse(
            grant=GrantId(system=system.name, component=component.name, words=part.words),
            count=0 if _is_counted(part) else None,
        )
        for component in system.components
        for part in grant_parts(component)
    )


def _parts(declared: DeclaredComponent) -> Iterator[_Part]:
    for part in grant_parts(declared.component):
        policies = component_policies(part.alone, declared.naming, declared.home)
        yield _Part(
            grant=GrantId(system=declared.system.name, component=declared.component.name, words=part.words),
            permissions=part.alone.permissions(declared.naming),
            policies=PolicySet(policies),
            counter=Counter(),
            is_counted=_is_counted(part),
        )


def _is_counted(part: GrantPart) -> bool:
    return not isinstance(part.grant, ResourceGrant) or part.grant.service in COUNTED_SERVICES


def _permissions_for(part: _Part, action: str, resource: str) -> Iterator[Permission]:
    """What the grant permits of this action here, whatever else it permits."""
    name = action.partition(":")[2]
    for permission in part.permissions:
        place = f":table/{permission.table}" + ("" if permission.index is None else f"/index/{permission.index}")
        if name in permission.actions and resource.endswith(place):
            yield replace(permission, actions=frozenset({name}))


def _breadth(part: _Part, own: frozenset[Permission]) -> tuple[int, ...]:
    """A grant that permits other actions too comes after one that is about this action alone."""
    actions = frozenset[str]().union(*(each.actions for each in part.permissions))
    return len(actions), *breadth(own)
