"""The route that erases a user."""

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path
from fastapi import Request as HttpRequest
from pydantic import Field

from tenantable.services.access.directory.api import email_of
from tenantable.services.access.erasure.users import Erased, UserErasure
from tenantable.services.access.http.answers import Answer
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import (
    IdempotencyKey,
    RawBody,
    platform_only,
    repeatable_actor,
)
from tenantable.services.access.identity.callers import Caller
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.web.problems import problem_responses

ADDRESSES_MAX = 20

router = APIRouter(prefix="/v1", tags=["directory"], responses=problem_responses(401, 403, 413, 415, 422, 503))


class EraseUser(RequestBody):
    """Addresses of the user beside those that are found: of somebody who left long ago, none may be."""

    emails: list[Annotated[str, Field(min_length=3, max_length=320)]] = Field(default=[], max_length=ADDRESSES_MAX)


class ErasedCounts(ResponseBody):
    """What was found and is erased now, by kind."""

    memberships: int = Field(description="With roles, teams, name, address and properties.")
    open_invitations: int = Field(description="Revoked.")
    invitations: int = Field(description="That lost the address, the revoked ones too.")
    kept_answers: int = Field(description="To requests with an Idempotency-Key.")
    audit_events: int = Field(description="That lost details.")


class ErasedShown(ResponseBody):
    """Where the user was erased, and where not, because the organisation would have no owner."""

    removed: list[str]
    last_owner_of: list[str]
    found: bool = Field(description="Something names this user, perhaps the id alone.")
    erased: ErasedCounts
    summary: str = Field(description="The same in words.")

    @classmethod
    def of(cls, erased: Erased) -> Self:
        return cls(
            removed=erased.removed,
            last_owner_of=erased.last_owner_of,
            found=erased.is_known,
            erased=ErasedCounts.model_validate(
                {
                    "memberships": len(erased.removed),
                    "open_invitations": erased.revoked,
                    "invitations": erased.invitations,
                    "kept_answers": erased.answers,
                    "audit_events": erased.events,
                }
            ),
            summary=_summary(erased),
        )


def _erasure(request: HttpRequest) -> UserErasure:
    erasure: UserErasure = request.app.state.user_erasure
    return erasure


@router.post("/platform/users/{user_id}/erase")
def erase_user(
    user_id: Annotated[str, Path(pattern=USER_ID_PATTERN)],
    raw: RawBody,
    caller: Annotated[Caller, Depends(platform_only)],
    erasure: Annotated[UserErasure, Depends(_erasure)],
    *,
    http: HttpRequest,
    body: EraseUser | None = None,
    key: IdempotencyKey = None,
) -> ErasedShown:
    """
    Take a user out of every organisation, with all that the user has there, and erase what is known of the person:
    address, name and properties, in invitations, kept answers and the audit trail too.

    For the platform's administrator. The id stays in records of what was done. Repeated, it goes on where it was left.
    Organisations whose last owner the user is must get another one first.
    """
    addresses = [] if body is None else [email_of(each) for each in body.emails]
    answer = Answer(shown=ErasedShown.of)
    actor = repeatable_actor(caller, http, key, body=raw, answer=answer)
    return answer.shown(erasure.erase(actor, caller, user_id, addresses=addresses))


def _summary(erased: Erased) -> str:
    stays = "the id stays in records of what was done"
    if "@" in erased.user_id:
        stays += ", although it is an address"
    if not erased.is_known:
        return "Nothing was found of this user: nothing is erased."
    if erased.last_owner_of:
        return f"Give {', '.join(erased.last_owner_of)} another owner, and ask again: the user is the last one."
    if not any(erased.counts().values()):
        return f"Nothing is left of this user; {stays}."
    return f"The user is erased everywhere; {stays}."
