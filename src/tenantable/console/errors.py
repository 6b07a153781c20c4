"""What can come of asking an API, beside its answer."""

from collections.abc import Mapping

from tenantable.errors import ServiceError, TenantableError


class SignedOut(TenantableError):
    """Nobody is signed in, or not any more."""


class Unreachable(TenantableError):
    """The API gives no answer."""


class Refused(ServiceError):
    """
    The API refuses a request, in the words of its problem document.

    `faults` says what is wrong with single members of the body, by their names with dots between them.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "refused",
        hint: str | None = None,
        faults: Mapping[str, str] | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.faults = dict(faults or {})
        self.request_id = request_id
