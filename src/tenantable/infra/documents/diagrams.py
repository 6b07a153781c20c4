"""Diagrams in mermaid, which code forges and editors draw."""

import re
from collections.abc import Iterator

from tenantable.declare.grants import Component, Grant
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System

_NO_IDENTIFIER = re.compile(r"\W")


def access_diagram(system: System, naming: Naming) -> Iterator[str]:
    """Components and what they touch: entities in their tables, queues, keys; an arrow says how."""
    yield "```mermaid"
    yield "flowchart LR"
    for component in system.components:
        yield f"    {_identifier('component', component.name)}([{component.name}])"
    for table in system.tables:
        yield f"    subgraph {_identifier('table', table.name)} [{table.name}]"
        for layout in table.layouts.values():
            yield f"        {_identifier('entity', layout.entity.name)}[({layout.entity.name})]"
        yield "    end"
    for resource in system.resources:
        yield f"    {_identifier(resource.service, naming.resource_name(resource.name))}[/{resource.name}/]"
    for component in system.components:
        source = _identifier("component", component.name)
        for entity, ways in _touched(component).items():
            yield f"    {source} -->|{' and '.join(ways)}| {_identifier('entity', entity)}"
        for permission in component.resource_permissions(naming):
            label = ", ".join(sorted(permission.actions))
            yield f"    {source} -->|{label}| {_identifier(permission.service, permission.resource)}"
    yield from _dead_letters(system, naming)
    yield "```"
    yield ""


def _touched(component: Component) -> dict[str, list[str]]:
    """Whether a component reads or writes, or both, by entity."""
    ways: dict[str, list[str]] = {}
    grants = [grant for grant in component.grants if isinstance(grant, Grant)]
    read = [
        layout.entity.name for grant in grants for pattern in grant.patterns for layout in pattern.resolution.layouts
    ]
    written = [each.entity.name for grant in grants for each in grant.writes]
    for way, entities in (("reads", read), ("writes", written)):
        for entity in dict.fromkeys(entities):
            ways.setdefault(entity, []).append(way)
    return ways


def _dead_letters(system: System, naming: Naming) -> Iterator[str]:
    for resource in system.resources:
        dead_letters = getattr(resource, "dead_letters", None)
        if dead_letters is not None:
            source, target = (_identifier("sqs", naming.resource_name(each.name)) for each in (resource, dead_letters))
            yield f"    {source} -.->|dead letters| {target}"


def _identifier(kind: str, name: str) -> str:
    return f"{kind}_{_NO_IDENTIFIER.sub('_', name)}"
