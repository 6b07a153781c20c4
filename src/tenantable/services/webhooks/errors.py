"""How the webhook service refuses: each leaf is one answer, with a status and a code for programs."""

from tenantable.errors import ServiceError


class NotAuthenticated(ServiceError):
    """The API key is not valid."""

    # Missing, malformed, unknown and suspended keys all get this one answer: nothing can be learned by guessing.
    status = 401
    code = "not-authenticated"


class ConfigContended(ServiceError):
    """The configuration is being changed by many at once; this change was not made."""

    status = 409
    code = "config-contended"


class EventNotFound(ServiceError, LookupError):
    """There is no such event."""

    status = 404
    code = "event-not-found"


class EventInProgress(ServiceError):
    """The event is still being delivered; only a delivered or dead one can be sent again."""

    status = 409
    code = "event-in-progress"


class EventRefused(ServiceError, ValueError):
    """The event cannot be delivered as it was sent."""

    status = 422
    code = "event-refused"


class TenantExists(ServiceError):
    """The tenant exists already."""

    status = 409
    code = "tenant-exists"


class TenantNotFound(ServiceError, LookupError):
    """There is no such tenant."""

    status = 404
    code = "tenant-not-found"


class TargetRefused(ServiceError, ValueError):
    """Webhooks are not delivered to this address."""

    status = 422
    code = "target-refused"


class SignatureMalformed(ServiceError, ValueError):
    """The webhook headers are missing or malformed."""

    status = 400
    code = "signature-malformed"


class SignatureMismatch(ServiceError):
    """The signature does not match, or is older or newer than five minutes."""

    # An unknown tenant gets this answer too.
    status = 401
    code = "signature-mismatch"
