"""What AWS's refusals become, the same for every service. Needs the extra `aws`."""

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.errors import AccessDenied, CloudError

_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "403"}


def code_of(error: ClientError) -> str:
    """AWS's name for the error, such as `AccessDenied`; of an answer without a body, its HTTP status."""
    return str(error.response["Error"]["Code"])


def refusal(service: str, place: str, error: ClientError | BotoCoreError) -> CloudError:
    """
    The error to raise for one of botocore's.

    Args:
        service: As people call it, such as `SQS`.
        place: What the call was about, such as the name of a queue.
    Returns:
        AccessDenied, with AWS's sentence, where a policy does not allow the call; else CloudError.
    """
    if not isinstance(error, ClientError):
        return CloudError(f"{service} did not answer a call on {place}: {error}")
    code = code_of(error)
    if code in _DENIED:
        hint = "the role of this process needs a grant for it"
        return AccessDenied(error.response["Error"].get("Message") or f"{service} denied a call on {place}", hint=hint)
    return CloudError(f"{service} refused a call on {place}: {code}")
