"""Who may do what: components by access pattern, and the matrix of components, tables and actions."""

from collections.abc import Iterator

from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.grants import Component, Grant, Writes
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import Pattern
from tenantable.declare.systems import System
from tenantable.declare.tables import PhysicalTable
from tenantable.infra.documents.markdown import NOTHING, code, paragraph, table


def granted_components(system: System, pattern: Pattern) -> list[str]:
    """The names of the components that are granted the pattern, in the order of declaration."""
    return [component.name for component in system.components if pattern in _patterns(component)]


def _patterns(component: Component) -> list[Pattern]:
    return [pattern for grant in component.grants if isinstance(grant, Grant) for pattern in grant.patterns]


def granted_writes(system: System, entity: EntityDeclaration) -> Iterator[tuple[str, str]]:
    """Each kind of write of an entity that is granted, and the names of the components that are granted it."""
    granted: dict[str, list[str]] = {}
    for component in system.components:
        kinds = [kind for written in _writes(component) if written.entity is entity for kind in written.kinds]
        for kind in dict.fromkeys(kinds):
            granted.setdefault(kind, []).append(component.name)
    return ((kind, ", ".join(names)) for kind, names in sorted(granted.items()))


def _writes(component: Component) -> list[Writes]:
    return [written for grant in component.grants if isinstance(grant, Grant) for written in grant.writes]


def components_section(system: System, naming: Naming) -> Iterator[str]:
    """The components, and the access matrix: component by table, with the actions on the table and its indexes."""
    yield "## Components"
    yield ""
    yield from table(
        ("component", "what it is", "role"),
        ((each.name, paragraph(each.description), code(f"{system.name}-{each.name}")) for each in system.components),
    )
    yield "## Access matrix"
    yield ""
    yield "What each component's policy allows, by table. An action with an asterisk is bound: to some partition keys,"
    yield "to some attributes, or to the inside of a transaction. Nothing else is allowed."
    yield ""
    tables = system.physical_tables(naming)
    rows = ([each.name, *(_cell(each, table_, naming) for table_ in tables)] for each in system.components)
    yield from table(["component", *(each.table.name for each in tables)], rows)
    yield from _resource_matrix(system, naming)


def _cell(component: Component, physical: PhysicalTable, naming: Naming) -> str:
    logical = {name: index for index, name in physical.index_names.items()}
    actions: dict[str, bool] = {}
    for permission in component.permissions(naming):
        if permission.table == physical.name:
            bound = permission.attributes is not None or permission.leading_keys is not None or permission.transactional
            place = "" if permission.index is None else f" on {logical[permission.index]}"
            for action in permission.actions:
                actions[action + place] = actions.get(action + place, True) and bound
    return ", ".join(f"{action}{'*' if bound else ''}" for action, bound in sorted(actions.items())) or NOTHING


def _resource_matrix(system: System, naming: Naming) -> Iterator[str]:
    rows = [
        (component.name, permission.service, code(permission.resource), ", ".join(sorted(permission.actions)))
        for component in system.components
        for permission in component.resource_permissions(naming)
    ]
    if rows:
        yield "Beside tables:"
        yield ""
    yield from table(("component", "service", "resource", "actions"), rows)
