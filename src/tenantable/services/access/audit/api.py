"""The routes of the audit trail."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Response
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from tenantable.services.access.audit.archiving.archive import ArchiveDamaged
from tenantable.services.access.audit.exports import ExportFormat
from tenantable.services.access.audit.schemas import (
    AuditEventShown,
    Erase,
    Erased,
    PublicKeysShown,
    SignedHeadShown,
    SignedHeadsShown,
    VerificationShown,
)
from tenantable.services.access.audit.service import Audit
from tenantable.services.access.audit.trail import Order, Wanted
from tenantable.services.access.declaration import AuditType
from tenantable.services.access.errors import Unprocessable
from tenantable.services.access.http.answers import Answer
from tenantable.services.access.http.pages import LIMIT_DEFAULT, Cursor, Limit, Listing, listing
from tenantable.services.access.http.requests import CallerHere, DoorsHere, IdempotencyKey, RawBody, Request, allowed
from tenantable.web.problems import problem_response, problem_responses

DEFAULT_DAYS = 30
RANGE_DAYS_MAX = 3660
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
GZIP = "application/gzip"
_EXPORT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {GZIP: {"schema": {"type": "string", "format": "binary"}}}},
    **problem_responses(404),
}

ReadsAudit = Annotated[Request, Depends(allowed("access:audit:read", also_platform=True))]
WritesAudit = Annotated[Request, Depends(allowed("access:audit:write", also_platform=True))]
Day = Annotated[date | None, Query(description="Events of one day (UTC), in place of a range.")]
Since = Annotated[AwareDatetime | None, Query(alias="from", description="Not before; by default 30 days before `to`.")]
Until = Annotated[AwareDatetime | None, Query(alias="to", description="Not after; by default now.")]
_Text = Query(min_length=1, max_length=200)
Acting = Annotated[str | None, _Text]
Form = Annotated[ExportFormat, Query(alias="format")]
Doing = Annotated[str | None, _Text]


def _audit(request: HttpRequest) -> Audit:
    audit: Audit = request.app.state.audit
    return audit


AuditHere = Annotated[Audit, Depends(_audit)]

router = APIRouter(prefix="/v1", tags=["audit"], responses=problem_responses(401, 403, 413, 415, 422, 503))


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A range as it was given: None where it was left to us. `text` is what was given."""

    since: datetime | None
    until: datetime | None
    text: str


def _asked(day: Day = None, since: Since = None, until: Until = None) -> Asked:
    """
    Raises:
        Unprocessable: It ends before it begins, or a day is given too.
    """
    text = f"{day} {since} {until}"
    if day is not None:
        if since is not None or until is not None:
            raise Unprocessable("`day` goes with neither `from` nor `to`", hint="give one or the other")
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return Asked(since=begin, until=begin.replace(hour=23, minute=59, second=59, microsecond=999_999), text=text)
    try:
        begin_at = since.astimezone(UTC) if since else None
        end_at = until.astimezone(UTC) if until else None
    except OverflowError as error:
        raise Unprocessable("There is no such time") from error
    if begin_at and end_at and begin_at > end_at:
        raise Unprocessable("The range ends before it begins")
    return Asked(since=begin_at, until=end_at, text=text)


AskedHere = Annotated[Asked, Depends(_asked)]


def _range(asked: AskedHere, doors: DoorsHere) -> tuple[datetime, datetime]:
    """
    Raises:
        Unprocessable: The range is too long.
    """
    now = datetime.fromtimestamp(doors.clock(), UTC)
    until = min(asked.until or now, now + timedelta(days=1))
    since = asked.since or (until - min(timedelta(days=DEFAULT_DAYS), until - EARLIEST))
    if until - since > timedelta(days=RANGE_DAYS_MAX):
        raise Unprocessable(f"The range has more than {RANGE_DAYS_MAX} days", hint="ask for a part of it")
    return since, until


Range = Annotated[tuple[datetime, datetime], Depends(_range)]


def _wanted(
    request: ReadsAudit,
    found: Range,
    asked: AskedHere,
    user: Acting = None,
    *,
    event_type: Annotated[AuditType | None, Query(alias="type")] = None,
    action: Doing = None,
    target: Doing = None,
    order: Order = "newest",
) -> Wanted:
    return Wanted(
        organisation_id=request.organisation_id,
        since=found[0],
        until=found[1],
        user_id=user,
        event_type=event_type,
        action=action,
        target=target,
        order=order,
        asked=asked.text,
    )


WantedHere = Annotated[Wanted, Depends(_wanted)]


@router.get("/organisations/{organisation_id}/audit/events", responses=problem_responses(400, 404))
def list_events(
    request: ReadsAudit,
    wanted: WantedHere,
    audit: AuditHere,
    *,
    limit: Limit = LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Listing[AuditEventShown]:
    """
    Events of an organisation by day or time range, user, type, action and target, from the table and from the archive.

    A page may have fewer events than its limit, or none, although `next` is given. That the trail is read is recorded,
    once a minute for the same reader and filters. Without `from` and `to` the pages that follow keep to the range of
    the first.
    """
    page = audit.events(request.actor(), wanted, limit=limit, cursor=cursor)
    return listing(page.items, AuditEventShown.of, following=page.next)


@router.get(
    "/organisations/{organisation_id}/audit/export", response_class=StreamingResponse, responses=_EXPORT_RESPONSES
)
def export_events(
    request: ReadsAudit,
    wanted: WantedHere,
    audit: AuditHere,
    *,
    form: Form = "jsonl",
) -> StreamingResponse:
    """The events of a range as a compressed file, JSON Lines or CSV; that they were exported is recorded."""
    name = f"audit-{wanted.organisation_id}-{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.{form}.gz"
    parts = audit.export(request.actor(), wanted, form)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(parts, media_type=GZIP, headers=headers)


@router.post("/organisations/{organisation_id}/audit/verifications", responses=problem_responses(404))
def verify_trail(request: ReadsAudit, audit: AuditHere) -> VerificationShown:
    """
    Compare the whole trail with its chain, its head and the signed copies: edits, insertions, reordering, gaps and a
    cut tail are found and named.
    """
    return VerificationShown.of(audit.verify(request.actor(), request.organisation_id))


@router.get("/organisations/{organisation_id}/audit/heads", responses=problem_responses(404))
def list_signed_heads(request: ReadsAudit, audit: AuditHere) -> SignedHeadsShown:
    """
    The last signed copies of the trail's head, to be kept where nobody else can reach them. That they are read is
    recorded, once a minute for the same reader.
    """
    heads = audit.signed_heads(request.actor(), request.organisation_id)
    return SignedHeadsShown(items=[SignedHeadShown.of(each) for each in heads])


@router.post("/organisations/{organisation_id}/audit/erasures", responses=problem_responses(400, 404))
def erase_details(
    body: Erase, raw: RawBody, request: WritesAudit, audit: AuditHere, *, key: IdempotencyKey = None
) -> Erased:
    """
    Erase personal details from the trail, in the table and in the archive. The events stay, without these details, and
    the trail can still be verified; what was erased is recorded by the events' numbers.
    """
    answer: Answer[int, Erased] = Answer(shown=lambda events: Erased(events=events))
    return answer.shown(audit.erase(request.repeatable(key, raw, answer), request.organisation_id, body.person()))


@router.get("/audit/events", responses=problem_responses(400))
def list_own_events(
    caller: CallerHere, asked: AskedHere, audit: AuditHere, *, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
) -> Listing[AuditEventShown]:
    """
    What the caller did, in all organisations that the caller belongs to, newest first; of what is not yet in the
    archive alone.
    """
    since, until = asked.since or EARLIEST, asked.until or LATEST
    page = audit.own_events(caller, since=since, until=until, limit=limit, cursor=cursor)
    return listing(page.items, AuditEventShown.of, following=page.next)


@router.get("/audit/keys")
def list_public_keys(_caller: CallerHere, audit: AuditHere) -> PublicKeysShown:
    """The public keys that signed heads, as a JSON Web Key Set."""
    return PublicKeysShown.of(audit.keys)


def install_damage(app: FastAPI) -> None:
    """
    Name the object of the archive that cannot be read: whoever searches the trail must not take a part for the whole,
    and whoever keeps it must know what to bring back.
    """

    async def tell(request: HttpRequest, damaged: Exception) -> Response:
        assert isinstance(damaged, ArchiveDamaged)
        return problem_response(request, status=503, code="archive-damaged", detail=damaged.message, hint=damaged.hint)

    app.add_exception_handler(ArchiveDamaged, tell)
