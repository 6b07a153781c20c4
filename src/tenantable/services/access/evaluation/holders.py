"""What a user may do, and who may do something, without a request: then some conditions are still open."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Literal

import orjson

from tenantable.data.database import Database
from tenantable.data.reading.cursors import read_cursor, write_cursor
from tenantable.declare.queries import Page
from tenantable.services.access.decisions.keys import covers
from tenantable.services.access.decisions.rules import Facts, Origin, Properties, Rule, Rules, holds
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import Effect, Member, Members, PropertyTest
from tenantable.services.access.errors import NotFound

CANDIDATES_MAX = 500
"""Members that one page looks at."""

Standing = Literal["always", "sometimes", "never"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A permission as a user has it, from one place or several; see `PermissionHeld` of the schemas."""

    pattern: str
    effect: Effect
    tests: tuple[PropertyTest, ...]
    effective: bool
    origins: tuple[Origin, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A member who has a permission; `conditional` where it depends on a request."""

    member: Member
    conditional: bool
    origins: tuple[Origin, ...]


class Holders:
    """
    Args:
        database: As a component that may read members sees it.
        cursor_key: Signs the cursors.
    """

    def __init__(self, database: Database, *, cursor_key: bytes, clock: Callable[[], float]) -> None:
        self._members = database.repository(Members)
        self._cursor_key = cursor_key
        self._clock = clock

    def permissions_of(self, snapshot: Snapshot, user_id: str, *, limit: int, cursor: str | None) -> Page[Held]:
        """
        What a member may do and is denied at this time, by key.

        Raises:
            NotFound: There is no such member.
            InvalidCursor: The cursor is none of this listing.
        """
        user = snapshot.user(user_id, now=self._clock())
        if user.member is None:
            raise NotFound(f"{user_id} is no member")
        context = {"listing": "permissions-of-user", "organisation": snapshot.organisation_id, "user": user_id}
        after = self._after(context, cursor)
        found = (each for each in held(user.rules) if after is None or _place(each) > after)
        items = list(islice(found, limit + 1))
        following = self._cursor(context, _place(items[limit - 1])) if len(items) > limit else None
        return Page(items=tuple(items[:limit]), next=following)

    def holders_of(self, snapshot: Snapshot, key: str, *, limit: int, cursor: str | None) -> Page[Holder]:
        """
        The members who have a permission, by user id: through whatever roles and teams, at this time. All of them over
        the pages; one page may have fewer than asked for.

        Raises:
            InvalidCursor: The cursor is none of this listing.
        """
        context = {"listing": "users-with-permission", "organisation": snapshot.organisation_id, "key": key}
        after = self._after(context, cursor)
        found = self._members.of_organisation(organisation_id=snapshot.organisation_id)
        found = found if after is None else found.range(Member.user_id > after)
        waiting = (member for page in found.pages(min(limit + 1, CANDIDATES_MAX)) for member in page)
        items: list[Holder] = []
        last = after
        for candidate in islice(waiting, CANDIDATES_MAX):
            if len(items) == limit:
                return Page(items=tuple(items), next=self._cursor(context, last))
            last = candidate.user_id
            items += self._holder(snapshot, candidate.user_id, key)
        following = None if next(waiting, None) is None else self._cursor(context, last)
        return Page(items=tuple(items), next=following)

    def _holder(self, snapshot: Snapshot, user_id: str, key: str) -> Iterator[Holder]:
        user = snapshot.user(user_id, now=self._clock())
        found = standing(user.rules, key, user.properties)
        if user.member is not None and found != "never":
            allowing = [rule for rule in user.rules.concerning(key) if rule.effect == "allow"]
            origins = tuple(rule.origin for rule in allowing if _standing(rule, user.properties) != "never")
            yield Holder(member=user.member, conditional=found == "sometimes", origins=origins)

    def _after(self, context: dict[str, str], cursor: str | None) -> Any:
        if cursor is None:
            return None
        position: dict[str, Any] = read_cursor(self._cursor_key, context, cursor)
        return position["after"]

    def _cursor(self, context: dict[str, str], after: Any) -> str:
        position: dict[str, Any] = {"after": after}
        return write_cursor(self._cursor_key, context, position)


def held(rules: Rules) -> list[Held]:
    """The rules of a user by key, allows before denies; the same permission from several places once."""
    found = []
    for _, group in groupby(sorted([*rules.allowing, *rules.denying, *rules.spared], key=_place), key=_place):
        same = list(group)
        first = same[0]
        undeniable = rules.is_undeniable(first.pattern)
        effective = not undeniable if first.effect == "deny" else undeniable or not _is_denied(rules, first.pattern)
        origins = tuple(rule.origin for rule in same)
        found.append(
            Held(pattern=first.pattern, effect=first.effect, tests=first.tests, effective=effective, origins=origins)
        )
    return found


def _is_denied(rules: Rules, pattern: str) -> bool:
    """Whether all of it is, always. What covers something undeniable is not."""
    if rules.undeniable is not None and covers(pattern, rules.undeniable):
        return False
    return any(covers(deny.pattern, pattern) and not deny.tests for deny in rules.denying)


def standing(rules: Rules, key: str, subject: Properties) -> Standing:
    """Whether the key is allowed to a subject with these properties in every request, in some, or in none."""
    found = [(rule.effect, _standing(rule, subject)) for rule in rules.concerning(key)]
    if ("deny", "always") in found:
        return "never"
    allowed = {each for effect, each in found if effect == "allow"}
    if "always" in allowed:
        return "sometimes" if ("deny", "sometimes") in found else "always"
    return "sometimes" if "sometimes" in allowed else "never"


def _standing(rule: Rule, subject: Properties) -> Standing:
    facts = Facts(subject=subject)
    if any(test.of == "subject" and not holds(test, facts) for test in rule.tests):
        return "never"
    return "always" if all(test.of == "subject" for test in rule.tests) else "sometimes"


def _place(rule: Rule | Held) -> list[str]:
    """By what rules are sorted, and told apart from others."""
    tests = orjson.dumps([test.model_dump(mode="json") for test in rule.tests], option=orjson.OPT_SORT_KEYS)
    return [rule.pattern, rule.effect, tests.decode()]
