"""The steps that change a table's options, each none when there is nothing to change."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from tenantable.declare.tables import PhysicalTable
from tenantable.infra.changes import requests
from tenantable.infra.changes.steps import Step, disabling, dropping
from tenantable.infra.normal.comparison import facts
from tenantable.infra.normal.forms import TableForm

PROTECTION = "deletion-protection"
STREAM = "stream"


def protection(name: str, declared: TableForm, found: TableForm, *, off: bool) -> Iterator[Step]:
    """Deletion protection, switched off (`off`) or on."""
    if declared.deletion_protection == found.deletion_protection or found.deletion_protection is not off:
        return
    yield Step(
        path="deletion protection",
        action="change",
        before="on" if off else "off",
        after="off" if off else "on",
        calls=(requests.update(name, DeletionProtectionEnabled=not off),),
        loses="the protection against DeleteTable" if off else None,
        flags=(disabling(name, PROTECTION),) if off else (),
    )


def billing(
    physical: PhysicalTable, declared: TableForm, found: TableForm, *, staying: AbstractSet[str]
) -> Iterator[Step]:
    """The billing mode, or the capacity of the table and of the global indexes that stay."""
    request = physical.create_request()
    switches = (declared.capacity is None) != (found.capacity is None)
    members: dict[str, object] = {"BillingMode": request["BillingMode"]} if switches else {}
    changing: AbstractSet[str] = set()
    if declared.capacity is not None:
        if declared.capacity != found.capacity:
            members["ProvisionedThroughput"] = request["ProvisionedThroughput"]
        changing = {
            index
            for index in staying
            if switches
            or (
                index in declared.global_indexes
                and declared.global_indexes[index].capacity != found.global_indexes[index].capacity
            )
        }
    if changing:
        members["GlobalSecondaryIndexUpdates"] = requests.index_capacities(physical, changing)
    if not members:
        return
    before, after = facts(found)["billing"], facts(declared)["billing"]
    if before == after:
        before = "other units of " + ", ".join(sorted(changing))
    yield Step(
        path="billing", action="change", before=before, after=after, calls=(requests.update(physical.name, **members),)
    )


def stream(name: str, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """DynamoDB changes no stream: another view is another stream. One that replicas need ends after them."""
    if declared.stream == found.stream:
        return
    off = requests.update(name, StreamSpecification=requests.stream_specification(None))
    on = requests.update(name, StreamSpecification=requests.stream_specification(declared.stream))
    replicas = [dropping(name, region) for region in sorted(found.replicas - declared.replicas)]
    calls = [*((off,) if found.stream else ()), *((on,) if declared.stream else ())]
    yield Step(
        path="stream",
        action="change",
        before=found.stream or "none",
        after=declared.stream or "none",
        calls=tuple(calls),
        loses="the stream that consumers read" if found.stream else None,
        flags=(disabling(name, STREAM), *replicas) if found.stream else (),
    )


def encryption(physical: PhysicalTable, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """The key of a table; its items are encrypted anew without an interruption."""
    if declared.encryption == found.encryption:
        return
    specification = physical.create_request().get("SSESpecification", {"Enabled": False})
    yield Step(
        path="encryption",
        action="change",
        before=found.encryption,
        after=declared.encryption,
        calls=(requests.update(physical.name, SSESpecification=specification),),
    )


def expiry(name: str, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """Another attribute needs expiry off first; on AWS that takes up to an hour, and the next apply goes on."""
    if declared.ttl == found.ttl:
        return
    calls = []
    if found.ttl is not None:
        calls.append(requests.expiry(name, found.ttl, enabled=False))
    if declared.ttl is not None:
        calls.append(requests.expiry(name, declared.ttl, enabled=True))
    yield Step(
        path="expiry",
        action="change",
        before="never" if found.ttl is None else f"by {found.ttl}",
        after="never" if declared.ttl is None else f"by {declared.ttl}",
        calls=tuple(calls),
    )


def recovery(name: str, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """Point-in-time recovery on or off; how far back it goes is left as it is."""
    on, is_on = declared.recovery_days is not None, found.recovery_days is not None
    if on == is_on:
        return
    yield Step(
        path="recovery",
        action="change",
        before=f"{found.recovery_days} days" if is_on else "off",
        after=f"{declared.recovery_days} days" if on else "off",
        calls=(requests.recovery(name, enabled=on),),
        loses="all earlier states of the table" if is_on else None,
        flags=(disabling(name, "recovery"),) if is_on else (),
    )


def tags(arn: str, declared: TableForm, found: TableForm) -> Iterator[Step]:
    """Declared tags alone: those that others have added stay."""
    wanted = {key: value for key, value in declared.tags.items() if found.tags.get(key) != value}
    if not wanted:
        return
    replaced = {key: found.tags[key] for key in wanted if key in found.tags}
    yield Step(
        path="tags",
        action="change",
        before=_shown(replaced) or "none of them",
        after=_shown(wanted),
        calls=(requests.tagging(arn, wanted),),
    )


def _shown(values: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items()))
