"""Rules on what has no effect: actions that nobody has, or on resources that they never act on."""

from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from tenantable.iam.documents import Statement
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.iam.lint.actions import (
    ACTIONS,
    ENCLOSING,
    GHOSTS,
    ITEM_ACTIONS,
    PREFIX,
    STREAM_READS,
    UNNAMED,
    ghosts_in,
    is_pattern,
    known_spelling,
    matching,
    nearest,
)
from tenantable.iam.lint.findings import Finding, Severity
from tenantable.iam.lint.rules.reporting import report, without_effect
from tenantable.iam.lint.rules.scope import expanded_actions
from tenantable.iam.lint.witnesses import Subject, covered_arn, kind_of
from tenantable.iam.patterns import split_arn

ANY_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/any-table"
_EVERY_TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/*"


def ghost_actions(subject: Subject) -> Iterator[Finding]:
    """TP201, and TP311 where a transaction then lacks its condition checks."""
    if subject.statement.every_action_but:
        return
    for action in subject.statement.actions:
        ghosts = ghosts_in(action)
        if ghosts:
            ghost = ghosts[0]
            parts = GHOSTS[ghost]
            part = next((each for each in parts if each in ("dynamodb:PutItem", "dynamodb:PartiQLSelect")), parts[0])
            request = _meant(subject, part, enclosing=ghost.removeprefix(PREFIX))
            sentence = f"{action} is no action of IAM: the operation needs {_listed(parts)}"
            yield without_effect(
                "TP201", subject, sentence, request, part=_only(subject, action), also=_inside(request)
            )


def condition_checks(subject: Subject) -> Iterator[Finding]:
    """TP311, of a policy that means to allow transactions of writes and has no condition checks."""
    named = {known_spelling(action) for action in subject.statement.actions}
    if not subject.is_allow or "dynamodb:TransactWriteItems" not in named:
        return
    request = _meant(subject, "dynamodb:ConditionCheckItem", enclosing="TransactWriteItems")
    if not PolicySet(subject.whole).decide(request).allowed:
        sentence = "transactions of writes are meant, and their condition checks are refused"
        yield report("TP311", subject, sentence, request, is_allowed=False, policies=subject.whole, also=[ENCLOSING])


def unknown_actions(subject: Subject) -> Iterator[Finding]:
    """TP202."""
    if subject.statement.every_action_but:
        return
    for action in (*subject.linted.malformed_actions, *subject.statement.actions):
        if _is_unknown(action):
            meant = nearest(action) or nearest(f"{PREFIX}{action.rpartition(':')[2]}")
            target = GHOSTS[meant][0] if meant is not None and meant in GHOSTS else meant or "dynamodb:GetItem"
            part = _only(subject, action if action in subject.statement.actions else "unknown:Action")
            sentence = f"DynamoDB has no action {action}" + (f"; {meant} was probably meant" if meant else "")
            yield without_effect("TP202", subject, sentence, _meant(subject, target), part=part)


def _inside(request: AccessRequest) -> list[str]:
    return [ENCLOSING] if ENCLOSING in request.context else []


def _is_unknown(action: str) -> bool:
    service, colon, _ = action.partition(":")
    if action in ("*", "unknown:Action"):
        return False
    if not colon:
        return True
    if service.lower() != "dynamodb":
        # `dynamodbstreams` and `dynamo` are names of endpoints and of habit.
        similar = SequenceMatcher(None, service.lower(), "dynamodb").ratio()
        return similar > 0.8 or service.lower().startswith("dynamo")
    if is_pattern(action):
        return not matching(action) and not ghosts_in(action)
    return known_spelling(action) is None


def _only(subject: Subject, action: str) -> Statement:
    return replace(subject.statement, actions=(action,), every_action_but=False)


def _meant(subject: Subject, action: str, *, enclosing: str | None = None) -> AccessRequest:
    """The request that the author of the statement thought of."""
    insisted = {ENCLOSING: enclosing} if enclosing and enclosing.startswith("Transact") else {}
    arn = _meant_resource(subject, action)
    return AccessRequest(action, arn, next(iter(subject.contexts(action, arn, insisted))))


def _meant_resource(subject: Subject, action: str) -> str:
    kinds = sorted(ACTIONS[action] - {UNNAMED}, key=lambda kind: kind != "table")
    if not kinds:
        return _EVERY_TABLE
    for pattern in () if subject.statement.every_resource_but else subject.statement.resources:
        arn = covered_arn(pattern, kinds, variables=subject.policy.has_variables)
        arn = arn or _neighbour(pattern, kinds[0], subject)
        if arn is not None:
            return arn
    return ANY_TABLE if "table" in kinds else f"{ANY_TABLE}/{kinds[0]}/any"


def _neighbour(pattern: str, kind: str, subject: Subject) -> str | None:
    """The table, or its stream, of which the pattern covers another part."""
    found = covered_arn(pattern, ["table", "index", "stream", "backup"], variables=subject.policy.has_variables)
    if found is None:
        return None
    table = "/".join(found.split("/")[:2])
    return table if kind == "table" else f"{table}/{kind}/any"


def misplaced_actions(subject: Subject) -> Iterator[Finding]:
    """TP203, TP204, TP205."""
    statement = subject.statement
    if statement.every_action_but or statement.every_resource_but or not subject.linted.has_resource:
        return
    named = [spelled for each in statement.actions if (spelled := known_spelling(each)) in ACTIONS and spelled]
    dead = [action for action in named if not _acts(subject, action)]
    streams = [action for action in dead if action in STREAM_READS]
    nameless = [action for action in dead if UNNAMED in ACTIONS[action]]
    others = [action for action in dead if action not in streams and action not in nameless]
    where = ", ".join(statement.resources)
    for rule_id, actions in (("TP203", others), ("TP204", streams), ("TP205", nameless)):
        if actions:
            part = replace(statement, actions=tuple(actions))
            sentence = f"{_listed(actions)} {'have' if len(actions) > 1 else 'has'} no effect on {where}"
            yield without_effect(rule_id, subject, sentence, _meant(subject, actions[0]), part=part)
    beside = [action for action in named if action in ITEM_ACTIONS and action not in dead]
    indexes = tuple(each for each in statement.resources if _is_index(subject, each))
    if beside and indexes and subject.is_allow:
        part = replace(statement, actions=tuple(beside), resources=indexes)
        sentence = f"{_listed(beside)} {'have' if len(beside) > 1 else 'has'} no effect on {', '.join(indexes)}"
        request = _meant(subject, beside[0])
        policies = subject.proof(part)
        yield report(
            "TP203", subject, sentence, request, is_allowed=False, policies=policies, severity=Severity.WARNING
        )


def _acts(subject: Subject, action: str) -> bool:
    """Whether any resource of the statement can be one that the action acts on."""
    variables = subject.policy.has_variables
    if ACTIONS[action] >= {UNNAMED}:
        everything = [each.split(":", 5)[-1].strip("*") in ("", "table/") for each in subject.statement.resources]
        if any(everything) or ACTIONS[action] == {UNNAMED}:
            return any(everything)
    kinds = sorted(ACTIONS[action] - {UNNAMED})
    return any(covered_arn(each, kinds, variables=variables) is not None for each in subject.statement.resources)


def _is_index(subject: Subject, pattern: str) -> bool:
    """Whether the pattern is written for indexes: it covers one, and no table."""
    variables = subject.policy.has_variables
    if covered_arn(pattern, ["table"], variables=variables) is not None:
        return False
    found = covered_arn(pattern, ["index"], variables=variables)
    return found is not None and kind_of(found) == "index"


def batch_deletes(subject: Subject) -> Iterator[Finding]:
    """TP310."""
    if not subject.is_allow or "dynamodb:BatchWriteItem" not in expanded_actions(subject):
        return
    whole = PolicySet(subject.whole)
    for pattern in () if subject.statement.every_resource_but else subject.statement.resources:
        arn = covered_arn(pattern, ["table"], variables=subject.policy.has_variables)
        request = None if arn is None else subject.witness("dynamodb:BatchWriteItem", arn)
        if arn is None or request is None:
            continue
        deletes = (
            AccessRequest("dynamodb:DeleteItem", arn, {**request.context, **extra})
            for extra in ({}, {ENCLOSING: "TransactWriteItems"})
        )
        if not any(whole.decide(each).allowed for each in deletes):
            sentence = f"items of {split_arn(arn)[-1].removeprefix('table/')} can be deleted by BatchWriteItem"
            yield report("TP310", subject, sentence, request, is_allowed=True)
            return


def sizes(subject: Subject) -> Iterator[Finding]:
    """TP502, once for a document."""
    policy = subject.policy
    if subject.linted.number != 1 or policy.size <= policy.source.characters_max:
        return
    action = next(iter(subject.statement.actions))
    action = (known_spelling(action) if known_spelling(action) in ACTIONS else None) or "dynamodb:GetItem"
    what = "with white space" if policy.source.kind == "resource" else "without white space"
    sentence = f"the document has {policy.size} characters {what}; {policy.source.characters_max} are taken"
    yield report("TP502", subject, sentence, _meant(subject, action), is_allowed=False, policies=())


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
