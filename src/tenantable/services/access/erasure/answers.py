"""Kept answers to requests with an Idempotency-Key, without what they say of a person."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from tenantable.errors import ItemNotFound
from tenantable.services.access.audit.erasure import Person
from tenantable.services.access.changes.change import Actor, Change
from tenantable.services.access.changes.changes import Changes
from tenantable.services.access.declaration import KeptAnswer, KeptAnswers

ERASED = "erased"
"""What stands in an answer in the place of a person's data: the request is still not carried out again."""
ANSWERS_AT_ONCE = 10
ROUNDS_MAX = 3
"""An answer may expire while it is changed."""
_OF_A_MEMBER = ("email", "name")


class AnswerErasure:
    """`changes` are the eraser's, on a database with a clock of 0: an answer is there until it is deleted."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._answers = changes.database.repository(KeptAnswers)

    def names(self, organisation_id: str, person: Person) -> bool:
        """Whether an answer about an organisation says something of the person."""
        return next(self._parts(organisation_id, person), None) is not None

    def erase(self, actor: Actor, organisation_id: str, person: Person) -> int:
        """How many answers about an organisation lost something."""
        count = 0
        for round_number in range(1, ROUNDS_MAX + 1):
            try:
                for part in self._parts(organisation_id, person):
                    self._replace(actor, organisation_id, person, part)
                    count += len(part)
                break
            except ItemNotFound:
                if round_number == ROUNDS_MAX:
                    raise
        return count

    def _replace(self, actor: Actor, organisation_id: str, person: Person, part: Sequence[KeptAnswer]) -> None:
        def build(change: Change) -> None:
            for each in part:
                body = KeptAnswer.body.set(without(each.body, person))
                change.update(KeptAnswers, KeptAnswers.get.key(key_digest=each.key_digest), body)
            details = {"answers": str(len(part))}
            change.record("USER_MANAGEMENT", "user.erase", target=person.user_id, outcome="begun", details=details)

        self._changes.run(organisation_id, actor, build)

    def _parts(self, organisation_id: str, person: Person) -> Iterator[list[KeptAnswer]]:
        part: list[KeptAnswer] = []
        for each in self._answers.of_organisation(organisation_id=organisation_id):
            if without(each.body, person) != each.body:
                part.append(each)
            if len(part) == ANSWERS_AT_ONCE:
                yield part
                part = []
        if part:
            yield part


def without(body: str, person: Person) -> str:
    """The same answer, with `erased` for what is the person's; it as it is, when it has nothing."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:  # an answer without a body
        return body
    cleared = _cleared(content, person)
    return body if cleared == content else orjson.dumps(cleared).decode()


def _cleared(content: Any, person: Person) -> Any:
    if isinstance(content, str):
        return ERASED if person.is_named_in(content) else content
    if isinstance(content, list):
        return [_cleared(each, person) for each in content]
    if not isinstance(content, dict):
        return content
    found = {name: _cleared(each, person) for name, each in content.items()}
    if content.get("userId") == person.user_id:
        found |= {name: ERASED for name in _OF_A_MEMBER if isinstance(content.get(name), str) and content[name]}
        if "properties" in content:
            found["properties"] = {}
    return found
