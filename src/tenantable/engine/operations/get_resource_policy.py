"""GetResourcePolicy: the policy of a table or a stream, as it was given."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.policies.policy import policy_not_found
from tenantable.engine.policies.resources import find_resource
from tenantable.engine.session import Session


def get_resource_policy(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    policy = find_resource(session, request["ResourceArn"]).policy
    if policy is None:
        raise policy_not_found()
    return {"Policy": policy.document, "RevisionId": policy.revision_id}
