"""A snapshot of an organisation: its definitions, and the compiled rules of the users who were asked about."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.rules import NO_FACTS, Facts, Properties, Rule, Rules
from tenantable.services.access.declaration import OWNER, Member, UserRoleAssignment

USERS_MAX = 100_000
"""Users whose rules a snapshot keeps; the one not asked about for longest is read again."""

OWNERS_HOLD = "access:*"
"""
What owners without an end always may, whatever somebody denies them: else an organisation could have owners and nobody
who can help it.
"""

RESOURCES_MAX = 1_000
"""Resources whose properties a snapshot keeps."""

Grants = Iterable[UserRoleAssignment | Member]
ReadUser = Callable[[str], Grants]
ReadResource = Callable[[str, str], Properties]
"""The properties that the directory has of a resource, by its type and id; none for one that it does not know."""


@dataclass(frozen=True, slots=True)
class User:
    """What decisions about a user rest on; `member` is None for a stranger, who may do nothing."""

    member: Member | None
    assignments: tuple[UserRoleAssignment, ...]
    rules: Rules

    @property
    def properties(self) -> Properties:
        return {} if self.member is None else self.member.properties


class Snapshot:
    """
    An organisation as it was at a version, or later.

    Safe to share between threads. Users are read when they are first asked about.
    """

    def __init__(
        self,
        *,
        organisation_id: str,
        version: int,
        definitions: Definitions,
        read_user: ReadUser,
        read_resource: ReadResource = lambda _type, _id: {},
    ) -> None:
        self.organisation_id = organisation_id
        self.version = version
        self.definitions = definitions
        self._read_user = read_user
        self._read_resource = read_resource
        self._resources: OrderedDict[tuple[str, str], Properties] = OrderedDict()
        self._users: OrderedDict[str, User] = OrderedDict()
        self._lock = Lock()

    def allows(self, user_id: str, key: str, *, now: float, facts: Facts = NO_FACTS) -> bool:
        """Whether the user may do what the key says. `now` is in seconds since 1970."""
        user = self._users.get(user_id)
        if user is None or now >= user.rules.valid_until:
            user = self.user(user_id, now=now)
        return user.rules.allows(key, facts)

    def user_at_hand(self, user_id: str, *, now: float) -> User | None:
        """The user, when nothing must be read or compiled for that."""
        user = self._users.get(user_id)
        return user if user is not None and now < user.rules.valid_until else None

    def resource_at_hand(self, resource_type: str, resource_id: str) -> Properties | None:
        """What the directory knows of a resource, when nothing must be read for that."""
        return self._resources.get((resource_type, resource_id))

    def resource(self, resource_type: str, resource_id: str) -> Properties:
        """The properties that the directory has of a resource; empty for one that it does not know."""
        found = self._resources.get((resource_type, resource_id))
        if found is None:
            found = self._read_resource(resource_type, resource_id)
            with self._lock:
                self._resources[resource_type, resource_id] = found
                while len(self._resources) > RESOURCES_MAX:
                    self._resources.popitem(last=False)
        return found

    def user(self, user_id: str, *, now: float) -> User:
        """The user, read and compiled when that was not done yet or an assignment has begun or ended since."""
        user = self._users.get(user_id)
        if user is None:
            grants = list(self._read_user(user_id))
            member = next((each for each in grants if isinstance(each, Member)), None)
            assignments = tuple(each for each in grants if isinstance(each, UserRoleAssignment))
            user = User(member, assignments, self.compiled(member, assignments, now=now))
        elif now >= user.rules.valid_until:
            user = User(user.member, user.assignments, self.compiled(user.member, user.assignments, now=now))
        else:
            return user
        with self._lock:
            self._users[user_id] = user
            while len(self._users) > USERS_MAX:
                self._users.popitem(last=False)
        return user

    def rules_of(self, member: Member, assignments: Iterable[UserRoleAssignment], *, now: float) -> list[Rule]:
        """The rules that follow from roles and teams at a moment."""
        rules = [
            rule
            for assignment in assignments
            if _begins(assignment) <= now < _ends(assignment)
            for rule in self.definitions.rules_of_role(assignment.role_id)
        ]
        for team_id, team_role_id in sorted(member.team_roles.items()):
            rules += self.definitions.rules_of_team_role(team_role_id, team_id)
        return rules

    def compiled(self, member: Member | None, assignments: Iterable[UserRoleAssignment], *, now: float) -> Rules:
        """The rules of somebody with these roles and teams at a moment, whichever it is: nothing of it is kept."""
        held = list(assignments)
        if member is None or not member.active or not self.definitions.active:
            return Rules(())
        owns = any(each.role_id == OWNER and each.not_after is None and _begins(each) <= now for each in held)
        return Rules(
            self.rules_of(member, held, now=now),
            valid_until=min((each for each in moments(held) if each > now), default=float("inf")),
            undeniable=OWNERS_HOLD if owns else None,
        )


def moments(assignments: Iterable[UserRoleAssignment]) -> list[float]:
    """When assignments begin and end, in seconds since 1970; infinite where they do not."""
    return [moment for each in assignments for moment in (_begins(each), _ends(each))]


def _begins(assignment: UserRoleAssignment) -> float:
    return _seconds(assignment.not_before, float("-inf"))


def _ends(assignment: UserRoleAssignment) -> float:
    return _seconds(assignment.not_after, float("inf"))


def _seconds(moment: datetime | None, absent: float) -> float:
    return absent if moment is None else moment.timestamp()
