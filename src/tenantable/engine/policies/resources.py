"""Tables and streams as what policies hang on."""

from dataclasses import replace

from tenantable.engine.policies.policy import ResourcePolicy
from tenantable.engine.session import Session
from tenantable.engine.storage.transaction import Transaction
from tenantable.engine.streams.stream import Stream
from tenantable.engine.tables.table import Table
from tenantable.wire.errors import DynamoError, validation_error

Resource = Table | Stream


def find_resource(session: Session, arn: str) -> Resource:
    """
    The table or stream that an operation on policies names.

    Raises:
        DynamoError: ValidationException for an ARN of anything else; ResourceNotFoundException.
    """
    if not arn.startswith("arn:"):
        raise _invalid_arn(arn)
    if "/stream/" in arn:
        return session.catalog.stream(arn)
    table = session.catalog.described_table(arn)
    if arn != session.home.table(table.name):  # what policies allow is compared with the ARN as it was sent
        raise _invalid_arn(f"{arn}: the policy of a table covers its indexes")
    return table


def _invalid_arn(detail: str) -> DynamoError:
    return validation_error(f"Invalid ResourceArn provided as input {detail}")


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
