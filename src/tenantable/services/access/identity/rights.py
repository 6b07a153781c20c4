"""What a caller may do in an organisation, and that nobody hands out more than they hold."""

from collections.abc import Iterable

from tenantable.services.access.changes.change import Change
from tenantable.services.access.decisions.holding import not_held
from tenantable.services.access.decisions.rules import Origin, Rule, Rules
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.decisions.snapshots import read_snapshot
from tenantable.services.access.errors import Forbidden, NotFound
from tenantable.services.access.identity.callers import Caller

NAMED_MAX = 3
"""How many permissions a refusal names."""


def rules_of(caller: Caller, snapshot: Snapshot, *, now: float) -> Rules | None:
    """
    What the caller may do in the organisation; None: everything.

    Raises:
        NotFound: The caller has no part in it.
    """
    if caller.kind == "platform":
        return None
    if caller.kind == "user":
        user = snapshot.user(caller.id, now=now)
        if user.member is None or not user.member.active:
            raise NotFound("There is no such organisation")
        return user.rules
    if caller.organisation_id not in (None, snapshot.organisation_id):
        raise NotFound("There is no such organisation")
    return Rules(_service_rules(caller, snapshot))


def _service_rules(caller: Caller, snapshot: Snapshot) -> list[Rule]:
    rules = []
    for set_id in caller.permission_set_ids:
        found = snapshot.definitions.permission_set(set_id)
        if found is not None and found.active:
            origin = Origin(kind="platform-role", role_id=caller.id, permission_set_id=set_id)
            rules += [
                Rule(pattern=each.key, effect=each.effect, tests=tuple(each.when), origin=origin)
                for each in found.entries
            ]
    return rules


def snapshot_for(change: Change) -> Snapshot:
    """The organisation as the change finds it, read now: what rests on it is checked again if others come first."""
    return read_snapshot(change.database, change.organisation_id, version=change.head.revision)


def refuse_more_than_held(granted: Iterable[Rule], caller: Caller, snapshot: Snapshot, *, now: float) -> None:
    """
    Raises:
        Forbidden: The caller does not hold all that would be handed out; names some of what is missing.
        NotFound: The caller has no part in the organisation.
    """
    holder = rules_of(caller, snapshot, now=now)
    if holder is None:
        return
    missing = sorted({rule.pattern for rule in not_held(granted, holder)})
    if missing:
        more = f" and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
        shown = ", ".join(missing[:NAMED_MAX])
        raise Forbidden(f"This would hand out more than you hold: {shown}{more}", hint="ask somebody who holds it")
