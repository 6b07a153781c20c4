"""What components are granted: access patterns, writes, and actions on other resources."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel

from tenantable.declare.attributes import EntityDeclaration, declaration_of
from tenantable.declare.grants.services import grant_problems
from tenantable.declare.patterns import Pattern
from tenantable.declare.references import Reference
from tenantable.declare.resources import Resource
from tenantable.errors import DeclarationError, Fault

WriteKind = Literal["create", "put", "update", "delete", "erase", "check"]


@dataclass(frozen=True, kw_only=True)
class Writes:
    """Writes of one entity: what `writes` gives."""

    entity: EntityDeclaration
    kinds: tuple[WriteKind, ...]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What `allow` gives."""

    patterns: tuple[Pattern, ...]
    writes: tuple[Writes, ...]
    attributes: frozenset[str] | None
    batch: bool
    in_transaction: bool


@dataclass(frozen=True, kw_only=True)
class ResourceGrant:
    """What `allow_resource` gives; `resource` is the logical name."""

    service: str
    actions: frozenset[str]
    resource: str


def writes(entity: type[BaseModel], *kinds: WriteKind) -> Writes:
    """
    Writes of an entity, to be granted: `writes(Order, "create", "update")`.

    `erase` deletes for good where `delete` is soft; `check` is a condition on an item that a transaction leaves alone.

    Raises:
        DeclarationError: There is no kind, or an unknown one.
    """
    declaration = declaration_of(entity)
    known = get_args(WriteKind)
    place, hint = f"writes({entity.__name__})", f"name one or more of {', '.join(known)}"
    faults = [
        Fault(place=place, problem=f"{kind!r} is no kind of write", hint=hint)
        for kind in map(str, kinds)
        if kind not in known
    ]
    if not kinds:
        faults.append(Fault(place=place, problem="grants nothing", hint=hint))
    if faults:
        raise DeclarationError(faults)
    return Writes(entity=declaration, kinds=kinds)


def allow(
    *granted: Pattern | Writes,
    attributes: Iterable[str | Reference[Any, Any]] | None = None,
    batch: bool = False,
    in_transaction: bool = False,
) -> Grant:
    """
    Grant access patterns and writes.

    Args:
        granted: Access patterns (`Orders.by_status`) and `writes(Order, "put")`.
        attributes: Names as stored, or references, that requests may contain; key attributes always may.
            None: all, or the view's where a pattern has one.
        batch: Also as part of batch operations.
        in_transaction: Only inside a transaction.
    Raises:
        DeclarationError: Something granted is neither a pattern nor writes, or there is nothing.
    """
    faults = list(_strangers(granted))
    if not granted:
        hint = "name access patterns, or writes(...)"
        faults.append(Fault(place="allow()", problem="grants nothing", hint=hint))
    if faults:
        raise DeclarationError(faults)
    names = None if attributes is None else frozenset(map(_stored_name, attributes))
    return Grant(
        patterns=tuple(item for item in granted if isinstance(item, Pattern)),
        writes=tuple(item for item in granted if isinstance(item, Writes)),
        attributes=names,
        batch=batch,
        in_transaction=in_transaction,
    )


def allow_resource(service: str, *actions: str, resource: str | Resource) -> ResourceGrant:
    """
    Grant actions of another service on one resource: `allow_resource("sqs", "SendMessage", resource=deliveries)`.

    Args:
        service: The prefix of its actions: `events`, `kms`, `s3`, `sqs`, `ssm`, `sts`, or `dynamodb` for a whole table
            and its stream.
        actions: Their names; there are no wildcards.
        resource: What the system declares, or its logical name. Of `ssm` it is a path, and whatever lies below is
            granted; of `sts` the name of a role of the same system, such as `accounts-reader`.
    Raises:
        DeclarationError: The service or an action of it is unknown, or the resource is of another service.
    """
    place = f"allow_resource({service!r})"
    faults = [Fault(place=place, problem=problem, hint=hint) for problem, hint in grant_problems(service, actions)]
    if not isinstance(resource, str) and resource.service != service:
        problem = f"{type(resource).__name__} {resource.name!r} is a resource of {resource.service}"
        faults.append(Fault(place=place, problem=problem, hint=f"write allow_resource({resource.service!r}, ...)"))
    if faults:
        raise DeclarationError(faults)
    name = resource if isinstance(resource, str) else resource.name
    return ResourceGrant(service=service, actions=frozenset(actions), resource=name)


def _strangers(granted: Iterable[object]) -> Iterator[Fault]:
    yield from (_stranger(item) for item in granted if not isinstance(item, Pattern | Writes))


def _stranger(item: object) -> Fault:
    hint = "name access patterns such as Orders.get, or writes(Order, ...)"
    shown = item.__name__ if isinstance(item, type) else repr(item)
    if isinstance(item, type) and issubclass(item, BaseModel):
        hint = f"write writes({shown}, 'create', 'update') for writes, and the patterns of its repository for reads"
    elif isinstance(patterns := getattr(item, "patterns", None), dict):
        hint = f"name its access patterns: {', '.join(f'{shown}.{name}' for name in patterns)}"
    elif isinstance(item, str):
        hint = f"pass the access pattern itself: {item}, without quotes"
    return Fault(place="allow()", problem=f"{shown} is neither an access pattern nor writes(...)", hint=hint)


def _stored_name(attribute: str | Reference[Any, Any]) -> str:
    if isinstance(attribute, str):
        return attribute
    return declaration_of(attribute.entity).attributes[attribute.name].stored_as
