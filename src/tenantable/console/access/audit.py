"""The audit trail: searched, and verified."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from tenantable.console.access.sections import ROWS, organisation_of
from tenantable.console.errors import Refused
from tenantable.console.forms import Form, moment_of
from tenantable.console.visits import Visit

TYPES = (
    "AUTHORIZATION",
    "PERMISSION_CHANGE",
    "USER_MANAGEMENT",
    "TEAM_MEMBERSHIP",
    "ROLE_CHANGE",
    "INVITATION",
    "CONFIGURATION",
)
_FILTERS = ("day", "from", "to", "user", "type", "action", "target")
_READS = ("audit.read",)
_ROWS_WITH_READS = 30
"""Events of one page where those of reading the trail are left out."""
_PAGES_MAX = 3
"""How many such pages are looked through for one that has others."""
_REMEMBERED_MAX = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What became of a verification, and when it was made."""

    result: dict[str, Any]
    at: datetime


@dataclass(kw_only=True, slots=True)
class Verifications:
    """The last verification of each organisation, in this process; those not made for longest are forgotten."""

    found: OrderedDict[str, Verified] = field(default_factory=OrderedDict)

    def keep(self, organisation_id: str, verified: Verified) -> None:
        self.found.pop(organisation_id, None)
        self.found[organisation_id] = verified
        if len(self.found) > _REMEMBERED_MAX:
            self.found.popitem(last=False)

    def last(self, organisation_id: str) -> Verified | None:
        return self.found.get(organisation_id)


async def search_events(visit: Visit) -> Response:
    """Events by day, or by user or type and range, the newest first."""
    return await _show(visit)


async def verify_trail(visit: Visit) -> Response:
    """Compare the whole trail with its chain."""
    organisation_id = visit.segment("organisation")
    try:
        result = await visit.calls.post("organisations", organisation_id, "audit", "verifications")
    except Refused as refused:
        return await _show(visit, failed=Form(name="verify", refused=refused))
    at = datetime.fromtimestamp(visit.console.clock(), UTC)
    _verifications(visit).keep(organisation_id, Verified(result=result, at=at))
    done = "The trail is intact." if result["verified"] else "The trail is broken. See the findings below."
    return visit.to("organisations", organisation_id, "audit", done=done)


async def _show(visit: Visit, *, failed: Form | None = None) -> Response:
    organisation_id = visit.segment("organisation")
    organisation = await organisation_of(visit)
    asked = {name: visit.query(name) for name in _FILTERS}
    found: dict[str, Any] = {"items": [], "next": None}
    reads, hidden = visit.query("reads") == "show" or bool(asked["type"] or asked["action"]), 0
    try:
        times = {name: moment_of(asked[name], name) for name in ("from", "to")}
        found, hidden = await _events(visit, {**asked, **times}, reads=reads)
    except Refused as refused:
        if refused.status not in {400, 422}:
            raise
        failed = Form(name="search", values=asked, refused=refused)
    return visit.page(
        "access/audit.html",
        at=("organisations", organisation_id, "audit"),
        failed=failed,
        organisation=organisation,
        here="audit",
        found=found,
        asked=asked,
        types=TYPES,
        reads=visit.query("reads"),
        hidden=hidden,
        verified=last_verification(visit),
    )


async def _events(visit: Visit, query: dict[str, Any], *, reads: bool) -> tuple[dict[str, Any], int]:
    """A page of events, and how many were left out because they only say that somebody read the trail."""
    cursor, hidden = visit.query("cursor"), 0
    place = "organisations", visit.segment("organisation"), "audit", "events"
    for _ in range(_PAGES_MAX):
        limit = ROWS if reads else _ROWS_WITH_READS
        found = await visit.calls.get(*place, **query, limit=limit, cursor=cursor)
        kept = [each for each in found["items"] if reads or each["action"] not in _READS]
        hidden += len(found["items"]) - len(kept)
        cursor = found["next"]
        if kept or not cursor:
            break
    return {"items": kept, "next": cursor}, hidden


def last_verification(visit: Visit) -> Verified | None:
    """Of the organisation of the page; None: there was none since the start."""
    return _verifications(visit).last(visit.segment("organisation"))


def _verifications(visit: Visit) -> Verifications:
    found: Verifications = visit.request.app.state.verifications
    return found
