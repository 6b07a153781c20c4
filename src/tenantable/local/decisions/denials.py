"""
The log of denials: one line each, that says what was missing.

A line names the component, the action, the resource, what fails and the smallest grant. Values of keys and attributes
are personal data and never in it; names of conditions, and what the declaration itself says, are.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from tenantable.errors import PolicyError
from tenantable.iam.evaluation import AccessRequest, Decision, PolicyKind
from tenantable.iam.explanation.declared import DeclaredComponent, smallest_declared_grant
from tenantable.iam.explanation.explanation import Standing, explain
from tenantable.iam.explanation.findings import Asker, StatementFinding
from tenantable.iam.patterns import ContextValue

REMEMBERED_MAX = 1024
"""How many denials are remembered with their explanation."""

EXPLAINED_PER_SECOND_MAX = 20
"""How many new ones are explained in a second; more are logged without. An explanation takes some milliseconds."""

_NAME_CHARACTERS_MAX = 512
"""A caller may send any text for a table."""

_DECISIVE_PREFIXES = ("dynamodb:", "aws:principaltag/")
_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})

_log = structlog.get_logger("tenantable.policy")


class Log(Protocol):
    """Writes one line: an event with its fields."""

    def __call__(self, event: str, **fields: Any) -> None: ...


def warn(event: str, **fields: Any) -> None:
    """To the process's own log, as it is configured when something is logged."""
    _log.warning(event, **fields)


class DenialLog:
    """
    Logs denials as `denied` at the level `warning`.

    Args:
        components: By the ARN of the principal.
        monotonic: Seconds, for the limit of explanations.
        log: Where lines go; the process's own log.

    Safe to share between threads.
    """

    def __init__(
        self,
        components: Mapping[str, DeclaredComponent],
        *,
        monotonic: Callable[[], float],
        log: Log = warn,
    ) -> None:
        self._components = components
        self._monotonic = monotonic
        self._log = log
        self._lock = threading.Lock()
        self._second = 0
        self._explained = 0
        self._remembered: dict[object, dict[str, Any]] = {}

    def denied(self, asker: Asker, request: AccessRequest, decision: Decision) -> None:
        """Log one denial."""
        principal = asker.names.arn
        declared = self._components.get(asker.names.role_arn or principal)
        fields: dict[str, Any] = {
            "component": None if declared is None else f"{declared.system.name}.{declared.component.name}",
            "principal": principal[:_NAME_CHARACTERS_MAX],
            "action": request.action,
            "resource": request.resource[:_NAME_CHARACTERS_MAX],
            "verdict": decision.verdict.value,
            "decided_by": decision.kind.value,
        }
        self._log("denied", **fields, **self._explained_once(asker, request, decision, declared=declared))

    def _explained_once(
        self, asker: Asker, request: AccessRequest, decision: Decision, *, declared: DeclaredComponent | None
    ) -> dict[str, Any]:
        request = request._replace(context=dict(request.context))
        key = (asker, decision.verdict, request.action, request.resource, _decisive(asker, request.context))
        with self._lock:
            found = self._remembered.get(key)
            if found is None and not self._may_explain():
                return {"explained": False}
        if found is None:
            found = _explanation(asker, request, declared)
            with self._lock:
                if len(self._remembered) >= REMEMBERED_MAX:
                    self._remembered.clear()
                self._remembered[key] = found
        return found

    def _may_explain(self) -> bool:
        second = int(self._monotonic())
        if second != self._second:
            self._second, self._explained = second, 0
        self._explained += 1
        return self._explained <= EXPLAINED_PER_SECOND_MAX


def _explanation(asker: Asker, request: AccessRequest, declared: DeclaredComponent | None) -> dict[str, Any]:
    try:
        attached = asker.attached()
    except PolicyError:  # a resource policy that cannot be read denies everything
        return {"explained": False}
    explanation = explain(request, attached, standing=Standing(caller=asker.names, same_account=asker.same_account))
    nearest = explanation.nearest or explanation.deciding
    grant = None
    if explanation.grant is not None:
        if declared is not None and PolicyKind.IDENTITY in explanation.missing_in:
            grant = smallest_declared_grant(request, declared)
        grant = grant or f"{request.action} on {request.resource[:_NAME_CHARACTERS_MAX]}"
    return {
        "explained": True,
        "nearest": None if nearest is None else nearest.name,
        "fails_on": [] if explanation.nearest is None else _failing_parts(explanation.nearest),
        "grant": grant,
    }


def _failing_parts(finding: StatementFinding) -> list[str]:
    """`principal`, `action`, `resource`, and the failing conditions by operator and key."""
    parts = [] if finding.principal_matches else ["principal"]
    parts += [] if finding.action_matches else ["action"]
    parts += [] if finding.resource_matches else ["resource"]
    return parts + [f"{condition.operator} {condition.key}" for condition in finding.failing]


def _decisive(asker: Asker, context: Mapping[str, ContextValue]) -> frozenset[tuple[str, ContextValue]]:
    """
    What of the context may make another explanation: the request's own keys, tags, and what some condition reads.

    Attributes have no order: the same names are the same denial. The time is left out, or nothing would be remembered.
    """
    limits = () if asker.boundary is None else (asker.boundary,)
    read = {
        condition.key.lower()
        for policy in (*asker.identity, *limits, *asker.session)
        for statement in policy.statements
        for condition in statement.conditions
    }
    return frozenset(
        (key, value if isinstance(value, str) else tuple(sorted(value)))
        for key, value in context.items()
        if (key in read or key.startswith(_DECISIVE_PREFIXES)) and key not in _TIMES
    )
