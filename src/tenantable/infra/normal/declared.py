"""The normal form of a declared table."""

from dataclasses import replace

from tenantable.declare.tables import PhysicalTable
from tenantable.infra.normal.descriptions import encryption_form, read_properties
from tenantable.infra.normal.forms import RECOVERY_DAYS, REPLICATED_VIEW, TableForm


def declared_form(physical: PhysicalTable) -> TableForm:
    """
    What the declaration says, and for what a declaration cannot say DynamoDB's default.

    A table with replicas has the stream that they are kept up to date by, whether it is declared or not.
    """
    table = physical.table
    form = read_properties(physical.create_request(), on_demand=table.billing is None)
    stream = form.stream or (REPLICATED_VIEW if table.replicas else None)
    return replace(
        form,
        stream=stream,
        ttl=table.ttl,
        recovery_days=RECOVERY_DAYS if table.recovery else None,
        encryption=encryption_form(enabled=table.encryption_key is not None, key=table.encryption_key),
        replicas=frozenset(table.replicas),
    )
