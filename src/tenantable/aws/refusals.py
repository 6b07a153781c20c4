"""The errors that services answer with."""

from tenantable.errors import CloudError

INVALID = "Invalid"
LIMIT_EXCEEDED = "LimitExceeded"
"""Codes that services call by different names; `Service.named` gives the service's own."""
UNKNOWN_ACTION = "UnknownOperationException"


class Refusal(CloudError):
    """A service's own error: `code` is its name (`NoSuchEntity`), `status` the HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def unknown_action(name: str) -> Refusal:
    """For what no service, or not this one, has. Queries have another name for it."""
    return Refusal(UNKNOWN_ACTION, f"The action {name} is not answered here" if name else "No action is named")
