"""A resource policy as a value, and what a document must be to become one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from tenantable.wire.errors import DynamoError, invalid_parameter_values
from tenantable.wire.limits import RESOURCE_POLICY_BYTES_MAX

NO_POLICY = "NO_POLICY"
"""The ExpectedRevisionId of a resource that has no policy."""

_EFFECTS = ("Allow", "Deny")  # no set: whatever stands there can be looked for


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePolicy:
    """A policy as it was given, JSON text, and the name of this state of it."""

    document: str
    revision_id: str


def check_document(document: str, check_further: Callable[[str], None] | None = None) -> None:
    """
    Args:
        check_further: Whoever will evaluate the policy; None when nobody will.
    Raises:
        DynamoError: ValidationException for what is no policy, or too large.
    """
    size_bytes = len(document.encode(errors="replace"))
    if size_bytes > RESOURCE_POLICY_BYTES_MAX:
        raise _invalid(f"it has {size_bytes} bytes, and may have {RESOURCE_POLICY_BYTES_MAX}")
    try:
        parsed = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        raise _invalid("it is not JSON") from error
    statements = parsed.get("Statement") if isinstance(parsed, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise _invalid("it has no Statement")
    for statement in statements:
        _check_statement(statement)
    if check_further is not None:
        check_further(document)


def revised(before: ResourcePolicy | None, document: str, *, now: float) -> ResourcePolicy:
    """
    The policy after a document was put in its place. The same document again is the same revision.

    Args:
        before: None when there was none.
        document: A checked document.
        now: Seconds since 1970; revisions are numbered by it, and never twice the same.
    """
    if before is not None and before.document == document:
        return before
    number = int(now * 1000)
    if before is not None:
        number = max(number, int(before.revision_id) + 1)
    return ResourcePolicy(document=document, revision_id=str(number))


def check_revision(policy: ResourcePolicy | None, expected: str | None) -> None:
    """
    Raises:
        DynamoError: PolicyNotFoundException when a request expects another revision than there is.
    """
    if expected is not None and expected != (NO_POLICY if policy is None else policy.revision_id):
        raise policy_not_found()


def policy_not_found() -> DynamoError:
    return DynamoError("PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn")


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise _invalid("a Statement is an object")
    if statement.get("Effect") not in _EFFECTS:
        raise _invalid("the Effect of a Statement is Allow or Deny")
    for member in ("Principal", "Action"):
        if not statement.get(member) and not statement.get(f"Not{member}"):
            raise _invalid(f"a Statement of a resource-based policy names a {member}")


def _invalid(detail: str) -> DynamoError:
    """Source: what users quote, aws-controllers-k8s/dynamodb-controller, pull request 176."""
    return invalid_parameter_values(f"Invalid policy document: {detail}")
