"""The decision itself: the rules of a user, and the facts that they rest on, looked up only where some rule asks."""

from collections.abc import Iterable

from tenantable.services.access.decisions.rules import Facts, Properties, Rule
from tenantable.services.access.decisions.snapshot import Snapshot, User
from tenantable.services.access.evaluation.questions import USER, Question, key_of
from tenantable.services.access.identity.callers import is_user_id

RESOURCE_ID_BYTES_MAX = 900
"""Longer ids are in no directory: keys have 1,024 bytes."""


def decide(snapshot: Snapshot, question: Question, *, now: float, resource: Properties | None = None) -> bool:
    """
    Whether the subject may do this. Unknown subjects may do nothing.

    Args:
        now: Seconds since 1970.
        resource: What the directory knows of the resource; None: look it up if a rule asks for it.
    """
    key = key_of(question.resource.type, question.action.name)
    user = user_of(snapshot, question, now=now)
    if key is None or user is None:
        return False
    if not user.rules.has_tests:
        return user.rules.allows(key)
    if resource is None:
        asks = asks_for_resource(user.rules.concerning(key), question)
        resource = resource_of(snapshot, question) if asks else {}
    return user.rules.allows(key, facts_of(user, question, resource))


def is_at_hand(snapshot: Snapshot, question: Question, *, now: float) -> bool:
    """Whether the decision needs nothing that is still to be read."""
    if question.subject.type != USER:
        return True
    user = snapshot.user_at_hand(question.subject.id, now=now)
    if user is None:
        return not is_user_id(question.subject.id)
    key = key_of(question.resource.type, question.action.name)
    if key is None or not user.rules.has_tests:
        return True
    resource = question.resource
    return (
        not asks_for_resource(user.rules.concerning(key), question)
        or snapshot.resource_at_hand(resource.type, resource.id) is not None
    )


def user_of(snapshot: Snapshot, question: Question, *, now: float) -> User | None:
    """The user who is the subject; None for a subject that can be none."""
    subject = question.subject
    if subject.type != USER:
        return None
    user = snapshot.user_at_hand(subject.id, now=now)
    if user is None and is_user_id(subject.id):
        user = snapshot.user(subject.id, now=now)
    return user


def facts_of(user: User, question: Question, resource: Properties) -> Facts:
    """What the rules are tested with: the request's properties over those of the directory."""
    subject = question.subject.properties
    return Facts(
        subject={**user.properties, **subject} if subject else user.properties,
        resource={**resource, **question.resource.properties},
        action=question.action.properties,
        context=question.context,
    )


def resource_of(snapshot: Snapshot, question: Question) -> Properties:
    """What the directory knows of the resource."""
    resource = question.resource
    if len(resource.id.encode()) > RESOURCE_ID_BYTES_MAX:
        return {}
    return snapshot.resource(resource.type, resource.id)


def asks_for_resource(rules: Iterable[Rule], question: Question) -> bool:
    """Whether a rule tests a property of the resource that the request does not bring."""
    given = question.resource.properties
    return any(test.of == "resource" and test.name not in given for rule in rules for test in rule.tests)
