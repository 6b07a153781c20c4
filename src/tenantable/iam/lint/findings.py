"""What lint finds: a rule that was broken, where, and a request that proves it."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tenantable.iam.documents import Policy
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.keys import usual_spelling


class Severity(enum.Enum):
    """An error fails or endangers; a warning is more than needed; an information may well be meant."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule of the catalogue: a stable id, a name in words, one sentence, why it matters and what to write instead."""

    id: str
    name: str
    severity: Severity
    sentence: str
    why: str
    way_out: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterExample:
    """
    A request that shows the fault.

    Args:
        request: What is asked for, with its context.
        allowed: What the evaluator decides: True where more is allowed than was meant, False where less is.
        policies: What it is decided on: the statement with every deny beside it, or the part of it that has no effect.
        shown: Context keys, in lower case, that matter here; absent ones are said to be absent.
    """

    request: AccessRequest
    allowed: bool
    policies: tuple[Policy, ...]
    shown: tuple[str, ...] = ()

    def holds(self) -> bool:
        """Whether the evaluator decides as `allowed` says."""
        return PolicySet(self.policies).decide(self.request).allowed is self.allowed

    @property
    def words(self) -> str:
        """One sentence."""
        request = self.request
        given = [_shown(key, request.context.get(key)) for key in self.shown]
        detail = f" with {', '.join(given)}" if given else ""
        return f"{request.action} on {request.resource}{detail} is {'allowed' if self.allowed else 'denied'}"

    def document(self) -> dict[str, Any]:
        """For programs: action, resource, context and the decision."""
        context = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in sorted(self.request.context.items())
        }
        return {
            "action": self.request.action,
            "resource": self.request.resource,
            "context": context,
            "decision": "allowed" if self.allowed else "denied",
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """
    A rule broken at one place.

    `place` is the file, and the resource in it where it has several; `statement` the statement's number from 1 on, and
    None where the whole document is meant.
    """

    rule: Rule
    place: str
    statement: int | None
    sid: str | None
    sentence: str
    example: CounterExample
    severity: Severity = field(default=Severity.ERROR)
    way_out: str = ""

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rule": self.rule.id,
            "name": self.rule.name,
            "severity": self.severity.value,
            "place": self.place,
            "statement": self.statement,
            "sid": self.sid,
            "sentence": self.sentence,
            "counter_example": {**self.example.document(), "sentence": self.example.words},
            "way_out": self.way_out or self.rule.way_out,
            "page": page_of(self.rule.id),
        }


def page_of(rule_id: str) -> str:
    """The path of a rule's page in the repository's documents."""
    return f"docs/reference/lint/{rule_id}.md"


def _shown(key: str, value: str | tuple[str, ...] | None) -> str:
    name = usual_spelling(key)
    if value is None:
        return f"no {name}"
    return f"{name} = {', '.join(value) if isinstance(value, tuple) else value}"


def shown_keys(policies: Iterable[Policy], request: AccessRequest, also: Iterable[str] = ()) -> tuple[str, ...]:
    """The keys of a request that a reader must know: those that the policies read and the request has, and `also`."""
    read = frozenset[str]().union(*(PolicySet([policy]).context_keys for policy in policies))
    return tuple(sorted({key for key in read if key in request.context} | set(also)))
