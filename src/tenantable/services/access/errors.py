"""What access management refuses, each with its HTTP status and a stable word for programs."""

from tenantable.errors import ServiceError


class NotFound(ServiceError):
    """There is no such thing in this organisation."""

    status = 404
    code = "not-found"


class AlreadyExists(ServiceError):
    """Something of this name or id exists already."""

    status = 409
    code = "already-exists"


class InUse(ServiceError):
    """Others rest on it."""

    status = 409
    code = "in-use"


class LastOwner(ServiceError):
    """An organisation must keep an owner."""

    status = 409
    code = "last-owner"


class SeatsTaken(ServiceError):
    """The organisation has no free seat."""

    status = 409
    code = "seats-taken"


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
