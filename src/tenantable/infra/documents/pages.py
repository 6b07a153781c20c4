"""The page of a system: its design as its declaration has it."""

from collections.abc import Iterator

from tenantable.declare.resources import Queue, Resource
from tenantable.declare.systems import System
from tenantable.declare.tables import Table
from tenantable.infra.documents.diagrams import access_diagram
from tenantable.infra.documents.grants import components_section
from tenantable.infra.documents.markdown import code, paragraph, table
from tenantable.infra.documents.tables import table_section

GENERATED = "<!-- Generated from the declaration by `tenantable export docs`; do not edit. -->"


def system_page(system: System, stage: str) -> str:
    """
    The design of a system in Markdown: overview with a diagram, tables, components with the access matrix, resources,
    environment variables. Equal declarations give equal bytes.

    Args:
        stage: The stage whose physical names are shown.
    Raises:
        DeclarationError: The system has no such stage.
    """
    return "\n".join(_lines(system, stage)).rstrip() + "\n"


def _lines(system: System, stage: str) -> Iterator[str]:
    naming = system.naming(stage)
    yield f"# The system `{system.name}`"
    yield ""
    yield GENERATED
    yield ""
    yield paragraph(system.description)
    yield ""
    yield f"Physical names are those of the stage `{stage}`; stages are {', '.join(map(code, system.stages))}."
    yield ""
    yield from access_diagram(system, naming)
    tables = system.physical_tables(naming)
    yield from table(
        ("table", "entities", "indexes"),
        (
            (
                f"[{each.table.name}](#{each.table.name.lower()})",
                ", ".join(layout.entity.name for layout in each.table.layouts.values()),
                ", ".join(index.name for index in each.table.indexes) or code(""),
            )
            for each in tables
        ),
    )
    for physical in tables:
        yield from table_section(system, physical)
    yield from components_section(system, naming)
    yield from _resources(system, stage)
    yield from _environment(system)


def _resources(system: System, stage: str) -> Iterator[str]:
    naming = system.naming(stage)
    if system.resources:
        yield "## Resources"
        yield ""
    rows = ((each.name, each.service, code(naming.resource_name(each.name)), _about(each)) for each in system.resources)
    yield from table(("resource", "service", "physical name", "about"), rows)


def _about(resource: Resource) -> str:
    if not isinstance(resource, Queue):
        return paragraph(resource.description)
    kept = f"hidden {resource.visibility_seconds} s while worked on, kept {resource.retention_seconds // 3600} h"
    if resource.dead_letters is None:
        return kept
    return f"{kept}; after {resource.receives_max} receives to {code(resource.dead_letters.name)}"


def _environment(system: System) -> Iterator[str]:
    if not system.environment:
        return
    yield "## Environment variables"
    yield ""
    yield "They tell a component the physical names in its stage."
    yield ""
    stages = [(stage, system.naming(stage)) for stage in system.stages]
    rows = (
        (
            code(variable),
            named.name,
            *(
                code(naming.table_name(named.name) if isinstance(named, Table) else naming.resource_name(named.name))
                for _stage, naming in stages
            ),
        )
        for variable, named in system.environment.items()
    )
    yield from table(("variable", "names", *(f"in `{stage}`" for stage, _naming in stages)), rows)
