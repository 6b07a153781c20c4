"""
The normal form of tables in Terraform's words: what `terraform show -json` prints of a plan or a state.

Source: Terraform's "JSON output format", and the schema of `aws_dynamodb_table` in versions 5 and 6 of the provider.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenantable.errors import InfrastructureError
from tenantable.infra.normal.descriptions import (
    ON_DEMAND,
    canonical_policy,
    ceilings_of,
    encryption_form,
    table_name_of_arn,
)
from tenantable.infra.normal.forms import EVERYTHING, RECOVERY_DAYS, STANDARD, Capacity, IndexForm, KeyForm, TableForm
from tenantable.wire.keys import KeyAttribute

Values = Mapping[str, Any]

_TABLE = "aws_dynamodb_table"
_POLICY = "aws_dynamodb_resource_policy"


def read_terraform(document: Values) -> dict[str, TableForm]:
    """
    The tables of a plan or a state, by name.

    Args:
        document: Parsed JSON of `terraform show -json`. What a plan does not know yet, such as the ARN of a key that it
            makes, counts as not given.
    Raises:
        InfrastructureError: It is no such document, or a table has no name or no key yet.
    """
    values = document.get("planned_values") or document.get("values")
    if not isinstance(values, Mapping) or "format_version" not in document:
        hint = "give the output of terraform show -json PLAN"
        raise InfrastructureError("This is not what terraform show -json prints", hint=hint)
    resources = list(_resources(values.get("root_module") or {}))
    addressed = {resource["address"]: _read_table(resource) for resource in resources if resource.get("type") == _TABLE}
    tables = {form.name: form for form in addressed.values()}
    named = dict(_policy_tables(document, addressed))
    for resource in resources:
        if resource.get("type") == _POLICY:
            given = resource["values"]
            name = table_name_of_arn(given.get("resource_arn")) or named.get(resource["address"])
            if name in tables:
                tables[name] = replace(tables[name], resource_policy=canonical_policy(given.get("policy")))
    return tables


def _resources(module: Values) -> Iterator[Values]:
    yield from (each for each in module.get("resources") or () if each.get("mode", "managed") == "managed")
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _read_table(resource: Values) -> TableForm:
    values: Values = resource["values"]
    if not values.get("name") or not values.get("hash_key"):
        hint = "give the name and the keys as values that the plan knows"
        raise InfrastructureError(f"{resource.get('address')} has no name or no key yet", hint=hint)
    types = {each["name"]: each["type"] for each in values.get("attribute") or ()}
    on_demand = values.get("billing_mode") == ON_DEMAND
    encryption = _block(values, "server_side_encryption")
    recovery = _block(values, "point_in_time_recovery")
    expiry = _block(values, "ttl")
    ceilings = _block(values, "on_demand_throughput")
    return TableForm(
        name=values["name"],
        keys=_keys(values, types),
        global_indexes={
            each["name"]: _index(each, _keys(each, types), on_demand=on_demand)
            for each in values.get("global_secondary_index") or ()
        },
        local_indexes={
            each["name"]: _index(each, _keys({**each, "hash_key": values["hash_key"]}, types), on_demand=True)
            for each in values.get("local_secondary_index") or ()
        },
        capacity=None if on_demand else _capacity(values),
        ceilings=_ceilings(ceilings) if on_demand else None,
        ttl=(expiry.get("attribute_name") or None) if expiry.get("enabled", True) else None,
        recovery_days=(recovery.get("recovery_period_in_days") or RECOVERY_DAYS) if recovery.get("enabled") else None,
        encryption=encryption_form(enabled=bool(encryption.get("enabled")), key=encryption.get("kms_key_arn")),
        stream=(values.get("stream_view_type") or None) if values.get("stream_enabled") else None,
        deletion_protection=bool(values.get("deletion_protection_enabled")),
        table_class=values.get("table_class") or STANDARD,
        tags=dict(values.get("tags_all") or values.get("tags") or {}),
        replicas=frozenset(each["region_name"] for each in values.get("replica") or ()),
    )


def _block(values: Values, name: str) -> Values:
    """A block that may stand once is a list of at most one."""
    blocks: Sequence[Values] = values.get(name) or ()
    return blocks[0] if blocks else {}


def _keys(values: Values, types: Mapping[str, str]) -> KeyForm:
    """Version 6 of the provider writes an index's keys as `key_schema`, and keeps the older arguments."""
    schema = values.get("key_schema") or ()
    if schema:
        partition = [each["attribute_name"] for each in schema if each["key_type"] == "HASH"]
        sort = [each["attribute_name"] for each in schema if each["key_type"] == "RANGE"]
    else:
        partition = [values["hash_key"]]
        sort = [values["range_key"]] if values.get("range_key") else []
    return KeyForm(partition=_typed(partition, types), sort=_typed(sort, types))


def _typed(names: Sequence[str], types: Mapping[str, str]) -> tuple[KeyAttribute, ...]:
    return tuple(KeyAttribute(name=name, type=types.get(name, "?")) for name in names)


def _index(values: Values, keys: KeyForm, *, on_demand: bool) -> IndexForm:
    ceilings = _block(values, "on_demand_throughput")
    return IndexForm(
        keys=keys,
        projection=values.get("projection_type") or EVERYTHING,
        included=frozenset(values.get("non_key_attributes") or ()),
        capacity=None if on_demand else _capacity(values),
        ceilings=_ceilings(ceilings) if on_demand else None,
    )


def _ceilings(values: Values) -> Any:
    return ceilings_of(values.get("max_read_request_units"), values.get("max_write_request_units"))


def _capacity(values: Values) -> Capacity:
    return Capacity(
        read_units=int(values.get("read_capacity") or 0), write_units=int(values.get("write_capacity") or 0)
    )


def _policy_tables(document: Values, addressed: Mapping[str, TableForm]) -> Iterator[tuple[str, str]]:
    """
    From the address of a policy to the name of its table, where the plan does not know the table's ARN yet.

    The configuration says which table it refers to, by its address within the module and without a key of `for_each`.
    """
    configuration = (document.get("configuration") or {}).get("root_module") or {}
    for prefix, resource in _configured(configuration, ""):
        if resource.get("type") != _POLICY:
            continue
        references = ((resource.get("expressions") or {}).get("resource_arn") or {}).get("references") or ()
        for address, form in addressed.items():
            local = address.removeprefix(prefix)
            if any(local.split("[")[0] == reference.split("[")[0].removesuffix(".arn") for reference in references):
                yield f"{prefix}{resource['address']}", form.name


def _configured(module: Values, prefix: str) -> Iterator[tuple[str, Values]]:
    for resource in module.get("resources") or ():
        yield prefix, resource
    for name, call in (module.get("module_calls") or {}).items():
        yield from _configured(call.get("module") or {}, f"{prefix}module.{name}.")
