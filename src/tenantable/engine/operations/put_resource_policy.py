"""PutResourcePolicy: hang a policy on a table or a stream."""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.policies.policy import check_document, check_revision, revised
from tenantable.engine.policies.resources import attach, find_resource
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction


def put_resource_policy(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
    check_document(request["Policy"], session.check_policy)

    def work(transaction: Transaction) -> str:
        resource = find_resource(session, request["ResourceArn"])
        check_revision(resource.policy, request.get("ExpectedRevisionId"))
        policy = revised(resource.policy, request["Policy"], now=session.clock())
        attach(session, transaction, resource, policy)
        return policy.revision_id

    return {"RevisionId": session.storage.write(work)}
