"""How the webhook service refuses: each leaf is one answer, with a status and a code for programs."""

from tenantable.errors import ServiceError


class NotAuthenticated(ServiceError):
    """The API key is not valid."""

    # Missing, malformed, unknown and suspended keys all get this one answer: nothing can be learned by guessing.
    status = 401
    code = "not-authenticated"
    way_out = "send `authorization: Bearer` with the tenant's API key, or the operator's token"


class ConfigContended(ServiceError):
    """The configuration is being changed by many at once; this change was not made."""

    status = 409
    code = "config-contended"
    way_out = "read the configuration, and send the change again"


class EventNotFound(ServiceError, LookupError):
    """There is no such event."""

    status = 404
    code = "event-not-found"
    way_out = "look at the id; events are forgotten after a while"


class EventInProgress(ServiceError):
    """The event is still being delivered; only a delivered or dead one can be sent again."""

    status = 409
    code = "event-in-progress"
    way_out = "wait until it is delivered or dead"


class EventRefused(ServiceError, ValueError):
    """The event cannot be delivered as it was sent."""

    status = 422
    code = "event-refused"
    way_out = "`detail` names what is wrong with it"


class TenantExists(ServiceError):
    """The tenant exists already."""

    status = 409
    code = "tenant-exists"
    way_out = "use the tenant that there is, or another id"


class TenantNotFound(ServiceError, LookupError):
    """There is no such tenant."""

    status = 404
    code = "tenant-not-found"
    way_out = "look at the id, or create the tenant"


class TargetRefused(ServiceError, ValueError):
    """Webhooks are not delivered to this address."""

    status = 422
    code = "target-refused"
    way_out = "name an https URL with a public host; `detail` says what is wrong with this one"


class SignatureMalformed(ServiceError, ValueError):
    """The webhook headers are missing or malformed."""

    status = 400
    code = "signature-malformed"
    way_out = "pass the headers on as they were received"


class SignatureMismatch(ServiceError):
    """The signature does not match, or is older or newer than five minutes."""

    # An unknown tenant gets this answer too.
    status = 401
    code = "signature-mismatch"
    way_out = "check with the body as it was received, byte for byte, within five minutes, and with the present secret"
