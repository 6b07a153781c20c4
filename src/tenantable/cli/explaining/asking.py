"""From everything that a command line said to explanations."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tenantable.cli.explaining.actions import given_context, operation_name
from tenantable.cli.explaining.answers import Answer
from tenantable.cli.explaining.questions import Asked, Question, question_of, questions_of_request
from tenantable.cli.explaining.subjects import Files, Subject, component_subject, files_subject
from tenantable.cli.files import read_text
from tenantable.errors import SettingsError
from tenantable.iam.evaluation import PolicyKind
from tenantable.iam.explanation.declared import smallest_declared_grant
from tenantable.iam.explanation.explanation import explain
from tenantable.iam.patterns import ContextValue
from tenantable.wire.arns import Home

REQUEST_BYTES_MAX = 16 * 1024 * 1024
"""As much as DynamoDB takes in one request."""

_ACCOUNT = re.compile(r"\d{12}")
_EXAMPLE_TENANT = "any"
_TENANT = "aws:principaltag/tenant"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """`request` is the file of a whole request; None when `asked` says all. Either `component` or `files` decide."""

    asked: Asked
    files: Files
    component: str | None
    principal: str | None
    tenant: str | None
    request: Path | None
    stage: str
    names: Sequence[str] | None
    account: str | None
    region: str | None


def answered(asking: Asking, *, clock: Callable[[], float]) -> tuple[Subject, list[Answer]]:
    """
    Explain everything that is asked.

    Args:
        clock: Seconds since 1970, for conditions on the time.
    Raises:
        TenantableError: The question cannot be answered; says what is wrong with it.
    """
    if (asking.component is None) == (not asking.files.identity):
        raise SettingsError("Name either --component or --policy", hint="such as --component webhooks.authorizer")
    subject = _subject(asking)
    known, assumed = _known(subject, asking.tenant, clock())
    if asking.request is None:
        questions = [question_of(asking.asked, subject, known)]
    else:
        known |= given_context(asking.asked.context)
        operation = operation_name(asking.asked.action)
        text = read_text(asking.request, REQUEST_BYTES_MAX)
        decoded = _decoded(text, asking.request)
        named = asking.asked.partition_key
        questions = questions_of_request(operation, decoded, subject, known, partition_key=named)
    if not questions:
        raise SettingsError("The request asks for nothing")
    return subject, [_answer(replace(each, assumed=(*assumed, *each.assumed)), subject) for each in questions]


def _subject(asking: Asking) -> Subject:
    if asking.account is not None and not _ACCOUNT.fullmatch(asking.account):
        raise SettingsError(f"--account {asking.account}: the number of an account has 12 digits")
    own = {"account_id": asking.account, "region": asking.region}
    home = replace(Home(), **{name: value for name, value in own.items() if value is not None})
    if asking.component is None:
        is_told = asking.account is not None or asking.region is not None
        return files_subject(asking.files, home=home if is_told else None, principal=asking.principal)
    return component_subject(asking.component, asking.files, stage=asking.stage, values=asking.names, home=home)


def _known(subject: Subject, tenant: str | None, now: float) -> tuple[dict[str, ContextValue], tuple[str, ...]]:
    """The condition keys of every request, and what had to be assumed for them."""
    moment = datetime.fromtimestamp(now, UTC)
    known: dict[str, ContextValue] = {
        **subject.context,
        "aws:requestedregion": subject.home.region,
        "aws:resourceaccount": subject.home.account_id,
        "aws:viaawsservice": "false",
        "aws:currenttime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now)),
    }
    if tenant is not None:
        return {**known, _TENANT: tenant}, ()
    if subject.declared is None or not subject.declared.component.tenant_bound:
        return known, ()
    sentence = f"No tenant was given. Decided for credentials of the tenant {_EXAMPLE_TENANT!r}."
    return {**known, _TENANT: _EXAMPLE_TENANT}, (sentence,)


def _decoded(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} holds no JSON: {error}") from error


def _answer(question: Question, subject: Subject) -> Answer:
    explanation = explain(
        question.access,
        subject.attached,
        standing=subject.standing(question.access.resource),
        key_attributes=question.key_attributes,
        any_key=question.key_is_example,
    )
    words = None
    if subject.declared is not None and PolicyKind.IDENTITY in explanation.missing_in and explanation.grant is not None:
        words = smallest_declared_grant(question.access, subject.declared)
    return Answer(question=question, explanation=explanation, words=words)
