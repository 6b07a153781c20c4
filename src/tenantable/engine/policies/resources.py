"""Tables and streams as what policies hang on."""

from dataclasses import replace

from tenantable.engine.policies.policy import ResourcePolicy
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.stream import Stream
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import validation_error

Resource = Table | Stream


def find_resource(session: Session, arn: str) -> Resource:
    """
    The table or stream that an operation on policies names.

    Raises:
        DynamoError: ValidationException for an ARN of anything else; ResourceNotFoundException.
    """
    if not arn.startswith("arn:"):
        raise validation_error(f"Invalid ResourceArn provided as input {arn}")
    _, _, part = arn.partition(":table/")
    if "/stream/" in part:
        return session.catalog.stream(arn)
    if "/index/" in part:
        raise validation_error(f"Invalid ResourceArn provided as input {arn}: the policy of a table covers its indexes")
    return session.catalog.described_table(arn)


def attach(session: Session, transaction: Transaction, resource: Resource, policy: ResourcePolicy | None) -> None:
    """Hang a policy on a resource in the place of the one it has; None takes it away."""
    if isinstance(resource, Table):
        session.catalog.save(transaction, replace(resource, policy=policy))
        return
    stream = replace(resource, policy=policy)
    session.catalog.save_stream(transaction, stream)
    table = session.catalog.find(stream.table_name)
    if table is not None and table.stream is not None and table.stream.number == stream.number:
        session.catalog.save(transaction, replace(table, stream=stream))
