"""Components as identities of primitives: each holds queues and keys of its own, limited by its own policies."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from tenantable.cloud.authorization import NOTHING, Context
from tenantable.declare.grants import Component
from tenantable.errors import AccessDenied
from tenantable.iam.authorizer import denial
from tenantable.iam.documents import Policy
from tenantable.iam.evaluation import AccessRequest, PolicySet
from tenantable.local.components import Installation
from tenantable.local.primitives.held import Primitives, authorized_primitives
from tenantable.wire.arns import Home

ComponentPrimitives = Callable[[Component], Primitives]
"""From a component to the primitives that carry its identity."""


class PrimitiveAuthorizer:
    """
    Implements `cloud.authorization.Authorizer` for one role.

    Args:
        principal: The role's ARN.
        policies: The role's own.
        tags: Of its session, such as `{"tenant": "t1"}`; policies see them as `aws:PrincipalTag/...`.
        clock: Seconds since 1970, for conditions on the time.

    Safe to share between threads.
    """

    def __init__(
        self,
        principal: str,
        policies: Sequence[Policy],
        home: Home,
        *,
        tags: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._principal = principal
        self._policies = PolicySet(policies)
        self._reads_time = not self._policies.context_keys.isdisjoint({"aws:currenttime", "aws:epochtime"})
        self._clock = clock
        self._caller: dict[str, str] = {
            "aws:principalarn": principal,
            "aws:principalaccount": home.account_id,
            "aws:principaltype": "AssumedRole",
            "aws:requestedregion": home.region,
            "aws:resourceaccount": home.account_id,
            "aws:viaawsservice": "false",
            **{f"aws:principaltag/{name.lower()}": value for name, value in (tags or {}).items()},
        }

    def authorize(self, action: str, resource: str, context: Context = NOTHING) -> None:
        known: dict[str, str | tuple[str, ...]] = {
            **self._caller,
            **{key.lower(): each for key, each in context.items()},
        }
        if self._reads_time:
            now_seconds = self._clock()
            known["aws:currenttime"] = datetime.fromtimestamp(now_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            known["aws:epochtime"] = str(int(now_seconds))
        decision = self._policies.decide(AccessRequest(action, resource, known))
        if not decision.allowed:
            raise AccessDenied(denial(self._principal, action, resource, decision).message)


def component_primitives(
    installation: Installation, primitives: Primitives, *, clock: Callable[[], float] = time.time
) -> ComponentPrimitives:
    """The primitives of each of a system's components, on primitives that the system shares."""
    policies = installation.policies()

    def of(component: Component) -> Primitives:
        principal = installation.principal(component)
        authorizer = PrimitiveAuthorizer(principal, policies[principal], installation.home, clock=clock)
        return authorized_primitives(primitives, authorizer, installation.home)

    return of
