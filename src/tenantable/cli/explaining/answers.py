"""Explanations for people: coloured on a terminal, the same text without colours in a pipe; and as JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from tenantable.cli.explaining.questions import Question
from tenantable.cli.explaining.subjects import Subject
from tenantable.iam.authorizer import denial
from tenantable.iam.documents import Policy, render_policy
from tenantable.iam.evaluation import Verdict
from tenantable.iam.explanation.documents import explanation_document
from tenantable.iam.explanation.explanation import Explanation
from tenantable.iam.explanation.findings import UNKNOWN, ConditionFinding, StatementFinding
from tenantable.iam.requests.context import UNKNOWN_LEADING_KEY

_VALUES_SHOWN_MAX = 12
_GOOD, _BAD = ("✓ ", "green"), ("✗ ", "red")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`words` are the smallest grant as the declaration writes it; None where there is none."""

    question: Question
    explanation: Explanation
    words: str | None


def show_answers(subject: Subject, answers: Sequence[Answer], *, everything: bool, as_json: bool) -> bool:
    """
    Print explanations.

    Args:
        everything: Also what each statement makes of the request.
        as_json: As JSON, which has everything.
    Returns:
        Whether all of it is allowed.
    """
    # Nothing of it is markup: a policy may hold square brackets.
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if as_json:
        print(answers_json(subject, answers))  # noqa: T201 - for programs: no width, no colours
    else:
        for number, answer in enumerate(answers):
            for line in ["", *_lines(subject, answer, everything=everything)][number == 0 :]:
                console.print(line)
    return all(answer.explanation.decision.allowed for answer in answers)


def answers_json(subject: Subject, answers: Iterable[Answer]) -> str:
    """One JSON object: `subject`, `allowed` (all of it) and `requests`, an explanation each."""
    found = [
        {
            **explanation_document(each.explanation),
            "declared_grant": each.words,
            "assumed": list(each.question.assumed),
        }
        for each in answers
    ]
    document = {"subject": subject.name, "allowed": all(each["allowed"] for each in found), "requests": found}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(subject: Subject, answer: Answer, *, everything: bool) -> Iterator[Text | str]:
    explanation = answer.explanation
    request = explanation.request
    allowed = explanation.decision.allowed
    verdict = ("Allowed", "bold green") if allowed else ("Denied", "bold red")
    yield Text.assemble(verdict, f": {subject.name}, {request.action} on {request.resource}")
    yield Text(f"  {_reason(explanation)}")
    for sentence in answer.question.assumed:
        yield Text(f"  {sentence}", style="yellow")
    yield from _request_lines(request.context)
    shown = explanation.deciding or explanation.nearest
    if shown is not None:
        title = "Nearest statement" if explanation.deciding is None else "Deciding statement"
        yield from _statement_lines(title, shown, explanation)
    elif not allowed:
        yield ""
        yield Text("No statement comes near: none names this action, or this table.")
    if not allowed:
        yield from _grant_lines(answer, has_component=subject.declared is not None)
    if everything:
        for finding in explanation.statements:
            yield from _statement_lines("Statement", finding, explanation)


def _reason(explanation: Explanation) -> str:
    decision, request = explanation.decision, explanation.request
    if decision.allowed:
        return "by " + ("" if explanation.deciding is None else f"statement {explanation.deciding.name}")
    sentence = denial("", request.action, request.resource, decision).message
    return sentence[sentence.index(f"{request.resource} ") + len(request.resource) + 1 :]


def _request_lines(context: Any) -> Iterator[Text | str]:
    own = {key: value for key, value in context.items() if key.startswith("dynamodb:")}
    shown = {_SPELLED[key]: value for key, value in own.items() if key in _SPELLED and value}
    if shown:
        yield ""
        yield Text("The request", style="bold")
    for key, value in shown.items():
        yield Text(f"  {key}: {_listed((value,) if isinstance(value, str) else value)}")


def _statement_lines(title: str, finding: StatementFinding, explanation: Explanation) -> Iterator[Text | str]:
    statement, request = finding.statement, explanation.request
    yield ""
    effect = "" if statement.effect == "Allow" else ", a Deny"
    yield Text.assemble((title, "bold"), f": {finding.name} ({finding.kind.value}{effect})")
    if statement.principals is not None:
        names = (value for _, value in statement.principals.named)
        but = "everybody but " if statement.principals.every_one_but else "principal "
        yield _line(finding.principal_matches, f"{but}{_listed(names)}")
    action, resource = ("all actions but " if statement.every_action_but else "action "), "resource "
    yield _line(finding.action_matches, f"{action}{_listed(statement.actions)}")
    if not finding.action_matches:
        yield f"      the request needs {request.action}"
    if statement.every_resource_but:
        resource = "all resources but "
    yield _line(finding.resource_matches, f"{resource}{_listed(statement.resources)}")
    if not finding.resource_matches:
        yield f"      the request is about {request.resource}"
    for condition in finding.conditions:
        yield from _condition_lines(condition)


def _condition_lines(finding: ConditionFinding) -> Iterator[Text | str]:
    values = [_with_meaning(value, finding) for value in finding.wanted]
    yield _line(finding.holds, f"{finding.operator} {finding.key}: {_listed(values)}")
    if finding.holds:
        if finding.given is None and finding.operator != "Null":
            yield "      holds because the request has no such key"
        return
    if finding.given is None:
        yield "      the request has no such key"
    elif finding.operator == "Null":
        yield f"      the request has {_listed(finding.given)}"
    elif len(finding.unmatched) < len(finding.given):
        yield f"      of the request's {_listed(finding.given)} this fails for {_listed(finding.unmatched)}"
    else:
        yield f"      the request has {_listed(finding.given)}"


def _grant_lines(answer: Answer, *, has_component: bool) -> Iterator[Text | str]:
    explanation = answer.explanation
    yield ""
    if explanation.decision.verdict is Verdict.EXPLICIT_DENY:
        yield Text.assemble(("No grant helps", "bold"), ": an explicit Deny wins over every Allow. Narrow the Deny.")
        return
    if explanation.grant is None:
        yield Text.assemble(("No grant helps", "bold"), ": even with one the policies together would deny this.")
        return
    places = " and ".join(f"the {kind.value}" for kind in explanation.missing_in)
    yield Text.assemble(("Smallest grant", "bold"), f", to be added to {places}")
    if answer.words is not None:
        yield Text(f"  in the declaration:  {answer.words}")
    elif has_component:
        yield Text("  in the declaration:  none; no declared access pattern or write needs this")
    label = "for any key" if answer.question.key_is_example else "for this request alone"
    yield Text(f"  as a policy, {label}:")
    yield render_policy(Policy(statements=(explanation.grant,))).rstrip("\n")


def _line(good: bool, text: str) -> Text:
    return Text.assemble("  ", _GOOD if good else _BAD, text)


def _with_meaning(value: str, finding: ConditionFinding) -> str:
    if value not in finding.meant:
        return value
    meaning = finding.meant[value]
    return f"{value} (here: {'nothing' if meaning is None else meaning})"


def _listed(values: Iterable[str]) -> str:
    shown = [UNKNOWN if value == UNKNOWN_LEADING_KEY else value or "''" for value in values]
    more = f" and {len(shown) - _VALUES_SHOWN_MAX} more" if len(shown) > _VALUES_SHOWN_MAX else ""
    return ", ".join(shown[:_VALUES_SHOWN_MAX]) + more


_SPELLED = {
    f"dynamodb:{name.lower()}": f"dynamodb:{name}"
    for name in (
        "LeadingKeys",
        "SecondPartitionKeyValues",
        "ThirdPartitionKeyValues",
        "FourthPartitionKeyValues",
        "Attributes",
        "Select",
        "ReturnValues",
        "EnclosingOperation",
        "FullTableScan",
    )
}
"""What of a request is shown, as IAM writes it."""
