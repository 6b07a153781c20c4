"""DeleteResourcePolicy: take the policy from a table or a stream; there may be none."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.policies.policy import check_revision
from tenantable.engine.policies.resources import attach, find_resource
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction


def delete_resource_policy(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    def work(transaction: Transaction) -> dict[str, Any]:
        resource = find_resource(session, request["ResourceArn"])
        check_revision(resource.policy, request.get("ExpectedRevisionId"))
        if resource.policy is None:
            return {}
        attach(session, transaction, resource, None)
        return {"RevisionId": resource.policy.revision_id}

    return session.storage.write(work)
