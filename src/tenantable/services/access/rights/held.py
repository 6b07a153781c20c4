"""What a caller may do in an organisation, and that nobody hands out more than they hold."""

from collections.abc import Callable, Iterable
from datetime import datetime

from tenantable.services.access.changes.change import Change
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.holding import not_held
from tenantable.services.access.decisions.rules import Facts, Origin, Properties, Rule, Rules, holds
from tenantable.services.access.decisions.snapshot import Snapshot, moments
from tenantable.services.access.decisions.snapshots import read_snapshot
from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import Forbidden, no_such_organisation
from tenantable.services.access.identity.callers import Caller

NAMED_MAX = 3
"""How many permissions a refusal names."""
Settle = Callable[[Iterable[Rule]], list[Rule]]


def rules_of(caller: Caller, snapshot: Snapshot, *, now: float) -> Rules | None:
    """
    What the caller may do in the organisation; None: everything.

    Raises:
        NotFound: The caller has no part in it.
    """
    if caller.kind == "platform":
        return None
    if snapshot.organisation_id == PLATFORM:  # it is no organisation, whoever asks
        raise no_such_organisation(snapshot.organisation_id)
    if caller.kind == "user":
        user = snapshot.user(caller.id, now=now)
        if user.member is None or not user.member.active:
            raise no_such_organisation(snapshot.organisation_id)
        return user.rules
    if caller.organisation_id not in (None, snapshot.organisation_id):
        raise no_such_organisation(snapshot.organisation_id)
    return Rules(_service_rules(caller, snapshot))


def _service_rules(caller: Caller, snapshot: Snapshot) -> list[Rule]:
    found = snapshot.definitions
    if not found.active:
        return []
    if (
        caller.organisation_id is None
    ):  # a key of the platform has the platform's sets, whatever an organisation calls its own
        found = found.above or found
    return rules_of_sets(found, caller.permission_set_ids, holder=caller.id)


def rules_of_sets(
    definitions: Definitions, set_ids: Iterable[str], *, holder: str, also_inactive: bool = False
) -> list[Rule]:
    """What permission sets give to a holder without a role, such as a service key."""
    return [
        Rule(
            pattern=entry.key,
            effect=entry.effect,
            tests=tuple(entry.when),
            origin=Origin(kind="platform-role", role_id=holder, permission_set_id=set_id),
        )
        for set_id, entry in definitions.entries(set_ids, also_inactive=also_inactive)
    ]


def snapshot_for(change: Change) -> Snapshot:
    """The organisation as the change finds it, read now: what rests on it is checked again if others come first."""
    return read_snapshot(change.database, change.organisation_id, version=change.head.revision)


def refuse_more_than_held(granted: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float) -> None:
    """
    Raises:
        Forbidden: The caller does not hold all that would be handed out; names some of what is missing.
        NotFound: The caller has no part in the organisation.
    """
    _refuse_not_held(granted, _holder(caller, snapshot, now=now, moment=now), lasting=False)


def refuse_longer_than_held(
    granted: Iterable[Rule],
    caller: Caller,
    snapshot: Snapshot,
    *,
    until: datetime | None,
    now: float,
    settle: Settle = list,
) -> None:
    """
    Args:
        until: When what is handed out ends; None: never.
        settle: What the caller's rules come to, where it is known with which resource.
    Raises:
        Forbidden: The caller does not hold all of it now, or not at every moment until then.
        NotFound: The caller has no part in the organisation.
    """
    rules = list(granted)
    end = float("inf") if until is None else until.timestamp()
    for moment in [now, *_moments(caller, snapshot, now=now, end=end)]:
        _refuse_not_held(rules, _holder(caller, snapshot, now=now, moment=moment, settle=settle), lasting=moment > now)


def _refuse_not_held(granted: Iterable[Rule], holder: Rules | None, *, lasting: bool) -> None:
    """`lasting`: the caller holds it now, and the holder is what the caller will be."""
    missing = [] if holder is None else sorted({rule.pattern for rule in not_held(granted, holder)})
    if missing:
        more = f" and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
        shown = ", ".join(missing[:NAMED_MAX]) + more
        if not lasting:
            raise Forbidden(f"This would hand out more than you hold: {shown}", hint="ask somebody who holds it")
        hint = "give it an end, or ask somebody who holds it for as long"
        raise Forbidden(f"This would hand out for longer than you hold it: {shown}", hint=hint)


def _moments(caller: Caller, snapshot: Snapshot, *, now: float, end: float) -> list[float]:
    """When, after now and before the end, the caller gets or loses something by the clock alone."""
    found: list[float] = []
    if caller.kind == "user":
        found = moments(snapshot.user(caller.id, now=now).assignments)
    elif caller.not_after is not None:
        found = [caller.not_after.timestamp()]
    return sorted({each for each in found if now < each < end})


def _holder(caller: Caller, snapshot: Snapshot, *, now: float, moment: float, settle: Settle = list) -> Rules | None:
    """What the caller may do at a moment, as far as is known now; None: everything."""
    found = rules_of(caller, snapshot, now=now)
    if found is None:
        return None
    properties: Properties = {}
    if caller.kind == "user":
        user = snapshot.user(caller.id, now=now)
        properties = user.properties
        if moment > now:
            found = snapshot.compiled(user.member, user.assignments, now=moment)
    elif caller.not_after is not None and caller.not_after.timestamp() <= moment:
        found = Rules(())
    # Without what the caller has only as somebody whom the caller is not: `department` equals `finance`.
    facts = Facts(subject=properties)
    about_them = [
        rule for rule in found.allowing if all(holds(test, facts) for test in rule.tests if test.of == "subject")
    ]
    return Rules(settle([*about_them, *found.denying]), undeniable=found.undeniable)
