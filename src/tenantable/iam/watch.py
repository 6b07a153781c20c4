"""Who is told what is decided: for counts of what is used, and for what is to be said of refusals."""

from collections.abc import Mapping
from typing import Any, Protocol

from tenantable.iam.evaluation import AccessRequest, Decision
from tenantable.iam.patterns import Context
from tenantable.iam.requests.dynamodb import ItemAccess
from tenantable.wire.keys import TableKeysLookup


class Tally(Protocol):
    """Counts what a principal was allowed of one action on one resource."""

    def count(self, context: Context) -> None:
        """One request more, or one part of it, with these condition keys."""
        ...

    def count_item(
        self, access: ItemAccess, request: Mapping[str, Any], tables: TableKeysLookup, *, known: Context
    ) -> None:
        """One request more. Its condition keys are left to be made, for they cost more than the count."""
        ...


class DecisionWatch(Protocol):
    """Is told what a `PolicyAuthorizer` decides. It must be quick: the request waits."""

    def tally(self, principal: str, action: str, resource: str) -> Tally | None:
        """What is to count the requests that are allowed; None: nothing. Asked once and remembered."""
        ...

    def denied(self, principal: str, request: AccessRequest, decision: Decision) -> None:
        """A request is about to be refused. Its context has all that is known of it."""
        ...
