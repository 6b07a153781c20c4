"""The design lint: every rule over a system, and what its declaration accepts."""

from collections.abc import Iterator, Mapping

from tenantable.declare.systems import System
from tenantable.declare.tables import Index
from tenantable.infra.design.catalogue import RULES, RULES_BY_ID
from tenantable.infra.design.finding import Finding, Found, Rule

IDLE = RULES_BY_ID["TD017"]


def lint_design(system: System) -> tuple[Finding, ...]:
    """
    Everything that the rules find, accepted findings included, in the order of rules, then of declaration.

    A finding is accepted by the index that it is about (`Index(..., accepted={"TD005": "..."})`), or by the system,
    at the place that it names (`System(..., accepted={"TD004": {"PlatformRole": "..."}})`).
    """
    used: set[tuple[str, str]] = set()
    findings = [_judged(system, rule, found, used) for rule in RULES for found in rule.check(system)]
    return (*findings, *_idle(system, used))


def _judged(system: System, rule: Rule, found: Found, used: set[tuple[str, str]]) -> Finding:
    finding = Finding(rule=rule, place=found.place, problem=found.problem)
    reason = system.accepted.get(rule.id, {}).get(found.place)
    if reason is not None:
        used.add((rule.id, found.place))
    elif found.index is not None and rule.id in found.index.accepted:
        reason = found.index.accepted[rule.id]
        used.add((rule.id, _place_of(system, found.index)))
    return finding.accept(reason) if reason and reason.strip() else finding


def _idle(system: System, used: set[tuple[str, str]]) -> Iterator[Finding]:
    for place, accepted in _acceptances(system):
        for rule, reason in accepted.items():
            shown = f"{place}, accepted {rule}"
            if rule not in RULES_BY_ID:
                yield Finding(rule=IDLE, place=shown, problem="there is no such rule")
            elif (rule, place) not in used:
                yield Finding(rule=IDLE, place=shown, problem=f"{RULES_BY_ID[rule].name} finds nothing there")
            elif not reason.strip():
                yield Finding(rule=IDLE, place=shown, problem="the reason is empty")


def _acceptances(system: System) -> Iterator[tuple[str, Mapping[str, str]]]:
    for rule, places in system.accepted.items():
        for place, reason in places.items():
            yield place, {rule: reason}
    for table in system.tables:
        for index in table.indexes:
            yield f"{table.name}.{index.name}", index.accepted


def _place_of(system: System, index: Index) -> str:
    return next(f"{table.name}.{index.name}" for table in system.tables if index in table.indexes)
