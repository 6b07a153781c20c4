"""What goes over HTTP about invitations, in and out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError

from tenantable.errors import ServiceError
from tenantable.services.access.declaration import Invitation, InvitationStatus
from tenantable.services.access.errors import Unprocessable
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.identity.emails import normalised_email
from tenantable.services.access.invitations.acceptance import Found
from tenantable.services.access.invitations.admission import Admitted
from tenantable.services.access.invitations.bulk import BULK_MAX, Outcome
from tenantable.services.access.invitations.service import DAYS_DEFAULT, DAYS_MAX, USES_MAX, NewInvitation
from tenantable.services.access.invitations.tokens import Issued

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Email = Annotated[str, Field(min_length=3, max_length=320)]
Days = Annotated[int, Field(ge=1, le=DAYS_MAX)]
Kind = Literal["email", "link"]


class CreateInvitation(RequestBody):
    """An invitation to make: of an e-mail address, or a link that `usesMax` users may follow."""

    role_id: Id
    email: Email | None = None
    uses_max: int | None = Field(default=None, ge=1, le=USES_MAX)
    team_id: Id | None = None
    team_role_id: Id | None = None
    expires_in_days: Days = DAYS_DEFAULT
    replace: bool = Field(default=False, description="Revokes the open invitation of the same address, if any.")

    def new(self) -> NewInvitation:
        return NewInvitation(
            role_id=self.role_id,
            email=None if self.email is None else address(self.email),
            uses_max=self.uses_max,
            team_id=self.team_id,
            team_role_id=self.team_role_id,
            days=self.expires_in_days,
            replace=self.replace,
        )


class CreateInvitations(RequestBody):
    """Many invitations to make, each for itself."""

    invitations: list[Any] = Field(
        min_length=1,
        max_length=BULK_MAX,
        description="Each as for one invitation; one that is malformed is refused in its place.",
    )

    def wanted(self) -> list[NewInvitation | ServiceError]:
        return [_wanted(each) for each in self.invitations]


class Resend(RequestBody):
    """For how long the invitation is to be open from now on."""

    expires_in_days: Days = DAYS_DEFAULT


class TokenOf(RequestBody):
    """The token of an invitation. It comes in a body, because addresses are logged."""

    token: str = Field(min_length=1, max_length=256, repr=False)


class InvitationShown(ResponseBody):
    """An invitation, without its token. Its revision is the ETag."""

    invitation_id: str
    organisation_id: str
    kind: Kind
    email: str | None
    address_erased: bool = Field(description="It was of an address, which was erased with the person's data.")
    status: InvitationStatus
    role_id: str
    team_id: str | None
    team_role_id: str | None
    uses: int
    uses_max: int
    accepted_by: str | None = Field(description="The last user who did.")
    invited_by: str
    date_created: datetime
    date_answered: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> Self:
        return cls.model_validate(_shown(invitation))


class IssuedInvitation(InvitationShown):
    """An invitation with its token."""

    token: str | None = Field(description="Shown once: null when a request is answered again. Resend to get another.")

    @classmethod
    def issued(cls, issued: Issued, *, shows_token: bool = True) -> Self:
        token = issued.token if shows_token else None
        return cls.model_validate(_shown(issued.invitation) | {"token": token})


def without_token(issued: Issued) -> IssuedInvitation:
    """What is kept for a repeated request: the token is shown once."""
    return IssuedInvitation.issued(issued, shows_token=False)


class Refusal(ResponseBody):
    """Why an invitation was not made; as in a problem document."""

    code: str
    detail: str
    hint: str | None


class BulkResult(ResponseBody):
    """What became of one of many invitations; its place in the request is its place here."""

    status: int = Field(description="The status that this invitation alone would have been answered with.")
    invitation: IssuedInvitation | None = None
    problem: Refusal | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        if outcome.error is not None:
            error = outcome.error
            problem = Refusal(code=error.code, detail=error.message, hint=error.hint)
            return cls(status=error.status, problem=problem)
        if outcome.kept is not None:
            return cls(status=outcome.kept.status, invitation=IssuedInvitation.model_validate_json(outcome.kept.body))
        assert outcome.issued is not None, "an invitation is issued, kept or refused"
        return cls(status=201, invitation=IssuedInvitation.issued(outcome.issued))


class BulkResults(ResponseBody):
    """What became of many invitations, in their order."""

    results: list[BulkResult]


class OpenInvitation(ResponseBody):
    """What a token shows: no more than its holder needs to decide."""

    organisation_name: str
    kind: Kind
    expires_at: datetime

    @classmethod
    def of(cls, found: Found) -> Self:
        return cls(
            organisation_name=found.organisation.name,
            kind=_kind(found.invitation),
            expires_at=found.invitation.expires_at,
        )


class OwnInvitation(ResponseBody):
    """An invitation as whoever was invited sees it."""

    organisation_id: str
    organisation_name: str
    status: InvitationStatus
    date_created: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation, names: Mapping[str, str]) -> Self:
        return cls(
            organisation_id=invitation.organisation_id,
            organisation_name=names.get(invitation.organisation_id, invitation.organisation_id),
            status=invitation.status,
            date_created=invitation.date_created,
            expires_at=invitation.expires_at,
        )


class AcceptedInvitation(ResponseBody):
    """What an acceptance came to."""

    organisation_id: str
    user_id: str
    role_id: str
    team_id: str | None
    team_role_id: str | None
    joined: bool = Field(description="False for a user who was a member before.")

    @classmethod
    def of(cls, admitted: Admitted) -> Self:
        invitation = admitted.invitation
        return cls(
            organisation_id=invitation.organisation_id,
            user_id=admitted.user_id,
            role_id=invitation.role_id,
            team_id=invitation.team_id,
            team_role_id=invitation.team_role_id,
            joined=admitted.joined,
        )


class Expired(ResponseBody):
    """How many invitations were closed because their time was over."""

    expired: int


def address(text: str) -> str:
    """
    The normalised address.

    Raises:
        Unprocessable: It is none.
    """
    try:
        return normalised_email(text)
    except ValueError as error:
        raise Unprocessable(str(error)) from error


def _wanted(item: Any) -> NewInvitation | ServiceError:
    try:
        return CreateInvitation.model_validate(item).new()
    except ServiceError as error:
        return error
    except ValidationError as error:
        places = [".".join(map(str, each["loc"])) or "the item" for each in error.errors()]
        return Unprocessable(f"Malformed: {', '.join(places[:5])}", hint="each is as for one invitation")


def _kind(invitation: Invitation) -> Kind:
    return "email" if invitation.email is not None or invitation.address_erased else "link"


def _shown(invitation: Invitation) -> dict[str, Any]:
    kept = {name: getattr(invitation, name) for name in InvitationShown.model_fields if name != "kind"}
    return kept | {"kind": _kind(invitation)}
