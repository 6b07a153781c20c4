"""What access management refuses, each with its HTTP status and a stable word for programs."""

from tenantable.errors import ServiceError

_ID_CHARACTERS_MAX = 128
_INVALID = "The credential is unknown or counts no longer"


class NotFound(ServiceError):
    """There is no such thing in this organisation."""

    status = 404
    code = "not-found"
    way_out = "look at the id, and at the organisation in the address; strangers to an organisation are told this, too"


class OtherOrganisation(NotFound):
    """The service key is good for one organisation alone, and the request names another one."""

    code = "other-organisation"
    way_out = "ask with a key of the organisation that the request names, or with one of the platform"


def no_such_organisation(organisation_id: str) -> NotFound:
    """Said of what is not there and to whoever has no part in it, in the same words: strangers must not tell apart."""
    more = "..." if len(organisation_id) > _ID_CHARACTERS_MAX else ""
    return NotFound(f"There is no organisation {organisation_id[:_ID_CHARACTERS_MAX]}{more}")


class AlreadyExists(ServiceError):
    """Something of this name or id exists already."""

    status = 409
    code = "already-exists"
    way_out = "choose another id, or change the one that there is; ids of the platform are taken everywhere"


class InUse(ServiceError):
    """Others rest on it."""

    status = 409
    code = "in-use"
    way_out = "give those who have it something else first; a role is remapped"


class Inactive(ServiceError):
    """It is switched off."""

    status = 409
    code = "inactive"
    way_out = "have it switched on: a member by whoever may write members, an organisation by the administrator"


class LastOwner(ServiceError):
    """An organisation must keep an owner."""

    status = 409
    code = "last-owner"
    way_out = "make somebody else an owner first, without an end"


class SeatsTaken(ServiceError):
    """The organisation has no free seat."""

    status = 409
    code = "seats-taken"
    way_out = "remove members or revoke invitations, or have the administrator raise `seatLimit`"


class SeatLimitTooLow(ServiceError):
    """More seats are taken than there would be."""

    status = 409
    code = "seat-limit-too-low"
    way_out = "free seats first; open invitations have seats, too"


class TooMany(ServiceError):
    """There are as many as there can be."""

    status = 409
    code = "too-many"
    way_out = "take away what is not needed any more"


class Stale(ServiceError):
    """Somebody else changed it since it was read."""

    status = 412
    code = "stale"
    way_out = "send back `access-version` as a change answered it; in a moment, it may be there"


class Forbidden(ServiceError):
    """The caller may not do this."""

    status = 403
    code = "forbidden"
    way_out = "ask somebody who holds the permission that `detail` names; nobody hands out more than they hold"


class Unprocessable(ServiceError):
    """The request asks for what cannot be."""

    status = 422
    code = "unprocessable"
    way_out = "`detail` names what cannot be, and `hint` the way out"


class Malformed(ServiceError, ValueError):
    """The request has not the form that it must have."""

    status = 400
    code = "malformed-request"
    way_out = "`detail` names what is wrong with the form"


class Busy(ServiceError):
    """Too many changed this organisation at once; try again."""

    status = 503
    code = "busy"
    way_out = "send it again; with the same `Idempotency-Key` it happens once"


class NotAuthenticated(ServiceError):
    """The request carries no credential that is known and valid."""

    status = 401
    code = "not-authenticated"
    way_out = "send `authorization: Bearer` with a token, a service key or the administrator's secret that is valid now"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, reason: str, challenge: str | None = _INVALID
    ) -> None:
        """
        Args:
            message: Given only where it tells strangers nothing; None: the same as for every other reason.
            reason: What it really is, for the log: a word, never anything of the credential.
            challenge: What the answer's header WWW-Authenticate says of the token; None: there was none.
        """
        super().__init__(message, hint=hint)
        self.reason = reason
        self.challenge = challenge


class IssuerUnreachable(ServiceError):
    """The issuer of tokens does not say with which keys it signs."""

    status = 503
    code = "issuer-unreachable"
    way_out = "look whether the OpenID provider answers, and at `TENANTABLE_OIDC_ISSUER`; then send it again"


class AlreadyInvited(ServiceError):
    """The address has an open invitation into the organisation."""

    status = 409
    code = "already-invited"
    way_out = "resend or revoke the open invitation, or invite with `replace: true`"


class AlreadyMember(ServiceError):
    """Somebody is a member and has everything that the invitation gives."""

    status = 409
    code = "already-member"
    way_out = "nothing needs to be done"


class NotPending(ServiceError):
    """The invitation is not open any more."""

    status = 409
    code = "not-pending"
    way_out = "invite anew"


class InvitationOutdated(ServiceError):
    """What the invitation gives is gone or switched off."""

    status = 409
    code = "invitation-outdated"
    way_out = "switch on what it gives, or invite anew"


class InviterLacksRights(ServiceError):
    """Whoever sent the invitation may not give any more what it gives."""

    status = 409
    code = "inviter-lacks-rights"
    way_out = "have somebody resend it who holds what it gives"


class WrongAddress(ServiceError):
    """The invitation is not for the caller's verified address."""

    status = 403
    code = "wrong-address"
    way_out = "sign in with the invited address, verified; or have that other one invited"


class DomainNotAllowed(ServiceError):
    """The organisation invites no addresses of this domain."""

    status = 422
    code = "domain-not-allowed"
    way_out = "invite an address of an allowed domain, or have the domain allowed"


class TooManyRequests(ServiceError):
    """The caller has asked too often; `retry_after_seconds` says when to try again."""

    status = 429
    code = "too-many-requests"
    way_out = "wait as long as `Retry-After` says"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(hint=f"try again in {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds
