"""What a user may and may not do, compiled: looked up by pattern, with the tests and the origin of each rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from tenantable.services.access.decisions.keys import covers, patterns_of
from tenantable.services.access.declaration import Effect, PropertyTest

Properties = Mapping[str, Any]
_NOTHING: Properties = {}
_ABSENT = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """
    Whence a rule comes: the role that the user has, the roles from there to the one that has the permission set, and
    the team through which, None for a role of the user's own.
    """

    kind: Literal["platform-role", "organisation-role", "team-role"]
    role_id: str
    inherited: tuple[str, ...] = ()
    permission_set_id: str
    team_id: str | None = None
    not_after: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One entry of a permission set as a user has it."""

    pattern: str
    effect: Effect
    tests: tuple[PropertyTest, ...]
    origin: Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The properties that a decision is made with, those of the request over those of the directory."""

    subject: Properties = field(default_factory=dict)
    resource: Properties = field(default_factory=dict)
    action: Properties = field(default_factory=dict)
    context: Properties = field(default_factory=dict)


NO_FACTS = Facts()


class Rules:
    """
    The rules of one user.

    Args:
        rules: In any order.
        valid_until: Seconds since 1970 from which they must be compiled anew, because an assignment begins or ends.
        undeniable: The pattern of what no deny touches; None: denies touch everything.

    `has_tests` is whether some rule rests on properties: where none does, nobody needs to look them up.
    """

    __slots__ = ("_allow", "_deny", "_spared", "has_tests", "undeniable", "valid_until")

    def __init__(
        self, rules: Iterable[Rule], *, valid_until: float = float("inf"), undeniable: str | None = None
    ) -> None:
        self._allow: dict[str, list[Rule]] = {}
        self._deny: dict[str, list[Rule]] = {}
        self._spared: dict[str, list[Rule]] = {}
        self.has_tests = False
        self.undeniable = undeniable
        for rule in rules:
            self.has_tests |= bool(rule.tests)
            kept = self._allow if rule.effect == "allow" else self._deny
            if kept is self._deny and self.is_undeniable(rule.pattern):
                kept = self._spared
            kept.setdefault(rule.pattern, []).append(rule)
        self.valid_until = valid_until

    def allows(self, key: str, facts: Facts = NO_FACTS) -> bool:
        """Whether some rule allows the key and none denies it, unless it is undeniable."""
        patterns = patterns_of(key)
        if self._deny and not self.is_undeniable(key) and _any_holds(self._deny, patterns, facts):
            return False
        return _any_holds(self._allow, patterns, facts)

    def concerning(self, key: str) -> list[Rule]:
        """Every rule that counts and whose pattern covers the key, denies first, the nearest pattern first."""
        counting = (self._allow,) if self.is_undeniable(key) else (self._deny, self._allow)
        return [rule for kept in counting for pattern in patterns_of(key) for rule in kept.get(pattern, ())]

    def sparing(self, key: str) -> list[Rule]:
        """The denies whose patterns cover the key, and that do not count because it is undeniable."""
        if not self.is_undeniable(key):
            return []
        sparing = (self._spared, self._deny)
        return [rule for kept in sparing for pattern in patterns_of(key) for rule in kept.get(pattern, ())]

    def is_undeniable(self, pattern: str) -> bool:
        """Whether no deny touches anything that the pattern stands for."""
        return self.undeniable is not None and covers(self.undeniable, pattern)

    @property
    def allowing(self) -> list[Rule]:
        return [rule for rules in self._allow.values() for rule in rules]

    @property
    def denying(self) -> list[Rule]:
        """The denies that count, of something at least."""
        return [rule for rules in self._deny.values() for rule in rules]

    @property
    def spared(self) -> list[Rule]:
        """The denies that count of nothing."""
        return [rule for rules in self._spared.values() for rule in rules]


def _any_holds(kept: Mapping[str, list[Rule]], patterns: tuple[str, ...], facts: Facts) -> bool:
    for pattern in patterns:
        rules = kept.get(pattern)
        if rules is not None:
            for rule in rules:
                if not rule.tests or all(holds(test, facts) for test in rule.tests):
                    return True
    return False


def holds(test: PropertyTest, facts: Facts) -> bool:
    """Whether a test holds; a property that is absent differs from every value."""
    found = getattr(facts, test.of).get(test.name, _ABSENT)
    match test.comparison:
        case "equals":
            return _same(found, test.value)
        case "not-equals":
            return not _same(found, test.value)
        case "in":
            return any(_same(found, each) for each in _values(test))
        case "not-in":
            return not any(_same(found, each) for each in _values(test))


def _values(test: PropertyTest) -> list[Any]:
    return test.value if isinstance(test.value, list) else [test.value]


def _same(found: Any, wanted: Any) -> bool:
    # In JSON true is no number, and Python holds it to be 1.
    if type(found) is type(wanted):
        return bool(found == wanted)
    if isinstance(found, bool) or isinstance(wanted, bool):
        return False
    if isinstance(found, int | float | Decimal) and isinstance(wanted, int | float | Decimal):
        return _exact(found) == _exact(wanted)
    return False


def _exact(number: float | Decimal) -> Decimal:
    """A number as it was written: requests bring 0.1 as a float, the table brings it as a decimal."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
