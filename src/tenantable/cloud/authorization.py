"""Where primitives meet policy. They know nothing of policies: they ask before any work; no is told by an error."""

from collections.abc import Mapping
from typing import Protocol

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys that a request itself gives, as AWS spells them; a tuple for a key of several values."""

NOTHING: Context = {}


class Authorizer(Protocol):
    """Decides what one identity may do: whoever holds a primitive has one of its own."""

    def authorize(self, action: str, resource: str, context: Context = NOTHING) -> None:
        """
        Return when the request is allowed.

        Args:
            action: Such as `sqs:SendMessage`.
            resource: The ARN of what it is to be done to.
            context: What else the request says that policies may look at, such as `s3:prefix`.
        Raises:
            AccessDenied: With the sentence that says what is missing.
        """
        ...
