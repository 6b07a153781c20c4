"""What access management refuses, each with its HTTP status and a stable word for programs."""

from tenantable.errors import ServiceError


class NotFound(ServiceError):
    """There is no such thing in this organisation."""

    status = 404
    code = "not-found"


class OtherOrganisation(NotFound):
    """The service key is good for one organisation alone, and the request names another one."""

    code = "other-organisation"


class AlreadyExists(ServiceError):
    """Something of this name or id exists already."""

    status = 409
    code = "already-exists"


class InUse(ServiceError):
    """Others rest on it."""

    status = 409
    code = "in-use"


class Inactive(ServiceError):
    """It is switched off."""

    status = 409
    code = "inactive"


class LastOwner(ServiceError):
    """An organisation must keep an owner."""

    status = 409
    code = "last-owner"


class SeatsTaken(ServiceError):
    """The organisation has no free seat."""

    status = 409
    code = "seats-taken"


class SeatLimitTooLow(ServiceError):
    """More seats are taken than there would be."""

    status = 409
    code = "seat-limit-too-low"


class TooMany(ServiceError):
    """There are as many as there can be."""

    status = 409
    code = "too-many"


class Stale(ServiceError):
    """Somebody else changed it since it was read."""

    status = 412
    code = "stale"


class Forbidden(ServiceError):
    """The caller may not do this."""

    status = 403
    code = "forbidden"


class Unprocessable(ServiceError):
    """The request asks for what cannot be."""

    status = 422
    code = "unprocessable"


class Malformed(ServiceError, ValueError):
    """The request has not the form that it must have."""

    status = 400
    code = "malformed-request"


class Busy(ServiceError):
    """Too many changed this organisation at once; try again."""

    status = 503
    code = "busy"


class NotAuthenticated(ServiceError):
    """The request carries no credential that is known and valid."""

    status = 401
    code = "not-authenticated"


class IssuerUnreachable(ServiceError):
    """The issuer of tokens does not say with which keys it signs."""

    status = 503
    code = "issuer-unreachable"


class AlreadyInvited(ServiceError):
    """The address has an open invitation into the organisation."""

    status = 409
    code = "already-invited"


class AlreadyMember(ServiceError):
    """The caller has everything that the invitation gives."""

    status = 409
    code = "already-member"


class NotPending(ServiceError):
    """The invitation is not open any more."""

    status = 409
    code = "not-pending"


class InvitationOutdated(ServiceError):
    """What the invitation gives is gone or switched off."""

    status = 409
    code = "invitation-outdated"


class InviterLacksRights(ServiceError):
    """Whoever sent the invitation may not give any more what it gives."""

    status = 409
    code = "inviter-lacks-rights"


class WrongAddress(ServiceError):
    """The invitation is not for the caller's verified address."""

    status = 403
    code = "wrong-address"


class DomainNotAllowed(ServiceError):
    """The organisation invites no addresses of this domain."""

    status = 422
    code = "domain-not-allowed"


class TooManyRequests(ServiceError):
    """The caller has asked too often; `retry_after_seconds` says when to try again."""

    status = 429
    code = "too-many-requests"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(hint=f"try again in {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds
