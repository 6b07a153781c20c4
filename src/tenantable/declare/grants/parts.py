"""
Grants taken apart: one access pattern, one kind of write, one action on another resource, each in its own words.

A grant may name several of them. Who asks which were used, or which one is missing, wants to hear of one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.grants.components import Component
from tenantable.declare.grants.granted import Grant, ResourceGrant
from tenantable.declare.grants.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class GrantPart:
    """
    One thing that a component may do.

    `words` are those of the declaration, such as `allow(writes(Event, "create"), in_transaction=True)`; no two parts of
    a component have the same. `alone` is the component with this grant and no other.
    """

    words: str
    grant: Grant | ResourceGrant
    alone: Component


def grant_parts(component: Component) -> tuple[GrantPart, ...]:
    """Everything that the component is granted, in the order of its declaration, each once."""
    parts: dict[str, GrantPart] = {}
    for grant in (part for written in component.grants for part in _taken_apart(written)):
        words = grant_words(grant)
        parts.setdefault(words, GrantPart(words=words, grant=grant, alone=replace(component, grants=[grant])))
    return tuple(parts.values())


def grant_words(grant: Grant | ResourceGrant) -> str:
    """The grant as a declaration writes it."""
    if isinstance(grant, ResourceGrant):
        actions = ", ".join(f'"{action}"' for action in sorted(grant.actions))
        return f'allow_resource("{grant.service}", {actions}, resource="{grant.resource}")'
    entities = [layout.entity for pattern in grant.patterns for layout in pattern.resolution.layouts]
    entities += [written.entity for written in grant.writes]
    words = [pattern.place for pattern in grant.patterns]
    for written in grant.writes:
        kinds = ", ".join(f'"{kind}"' for kind in written.kinds)
        words.append(f"writes({written.entity.model.__name__}, {kinds})")
    if grant.attributes is not None:
        words.append(f"attributes=[{', '.join(_attribute_words(grant.attributes, entities))}]")
    if grant.batch:
        words.append("batch=True")
    if grant.in_transaction:
        words.append("in_transaction=True")
    return f"allow({', '.join(words)})"


def breadth(permissions: Iterable[Permission]) -> tuple[int, ...]:
    """
    How much the permissions allow, for sorting, the narrowest first: the number of actions, those for whole items, the
    attributes of the others, those for any key, and how little of the keys is fixed.
    """
    given = tuple(permissions)
    limits = [each.attributes for each in given]
    keys = [each.leading_keys for each in given]
    return (
        len(frozenset[str]().union(*(each.actions for each in given))),
        sum(limit is None for limit in limits),
        sum(len(limit) for limit in limits if limit is not None),
        sum(each is None for each in keys),
        -min((len(pattern) for each in keys if each is not None for pattern in each), default=0),
    )


def _taken_apart(grant: Grant | ResourceGrant) -> Iterator[Grant | ResourceGrant]:
    if isinstance(grant, ResourceGrant):
        yield from (replace(grant, actions=frozenset({action})) for action in sorted(grant.actions))
        return
    for pattern in grant.patterns:
        yield replace(grant, patterns=(pattern,), writes=())
    for written in grant.writes:
        for kind in written.kinds:
            yield replace(grant, patterns=(), writes=(replace(written, kinds=(kind,)),))


def _attribute_words(stored: frozenset[str], entities: list[EntityDeclaration]) -> Iterator[str]:
    """`Event.status` where an entity has the attribute, else the stored name as text; in the order of the entity."""
    found: dict[str, str] = {}
    for entity in entities:
        for field in entity.attributes.values():
            if field.stored_as in stored:
                found.setdefault(field.stored_as, f"{entity.model.__name__}.{field.name}")
    yield from found.values()
    yield from (f'"{name}"' for name in sorted(stored - found.keys()))
