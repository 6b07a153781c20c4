"""A system: its tables, entities and components as one value, from which everything else is made."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenantable.declare.attributes import EntityDeclaration
from tenantable.declare.grants.components import ROLE_NAME, Component
from tenantable.declare.grants.granted import Grant, ResourceGrant
from tenantable.declare.keys.layouts import EntityLayout
from tenantable.declare.naming import Naming
from tenantable.declare.patterns import Pattern
from tenantable.declare.resources import Bucket, Resource
from tenantable.declare.tables import PhysicalTable, Table, physical_table
from tenantable.errors import DeclarationError, Fault


def _own_names(_stage: str) -> Naming:
    """Tables are called by their logical names in every stage."""
    return Naming()


@dataclass(frozen=True, kw_only=True)
class System:
    """
    A system.

    Args:
        name: Its name.
        tables: Its tables, with whatever entities were declared in them.
        components: Whoever touches them.
        description: One sentence.
        resources: What it has beside tables: queues, keys, parameters, buckets, event buses.
        environment: Environment variables that tell a component the physical name of a table or resource.
        naming: From a stage to the names in it. Default: logical names, the same in every stage.
        stages: The stages that it is meant to run in.
        accepted: Findings of the design lint that are meant so: for a rule's id, the reason by the place it names.
        recovery_regions: Regions that a stage may replicate its tables to, so that it survives the loss of its own.
    Raises:
        DeclarationError: Two tables, components or resources have one name, a component's role would have a name that
            IAM refuses, or a component is granted something on a table that is none of `tables`, or a role that is none
            of its components', or S3 takes no bucket of the name that one has in a stage.
    """

    name: str
    tables: Sequence[Table]
    components: Sequence[Component] = ()
    description: str = ""
    resources: Sequence[Resource] = ()
    environment: Mapping[str, Table | Resource] = field(default_factory=dict)
    naming: Callable[[str], Naming] = _own_names
    stages: Sequence[str] = ("dev", "sit", "prod")
    accepted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    recovery_regions: Sequence[str] = ()

    def __post_init__(self) -> None:
        faults = []
        for kind, names in (
            ("tables", [table.name for table in self.tables]),
            ("resources", [f"{resource.service}:{resource.name}" for resource in self.resources]),
            ("components", [component.name for component in self.components]),
        ):
            repeated = sorted({name for name in names if names.count(name) > 1})
            faults += [
                Fault(
                    place=f"System {self.name!r}", problem=f"two {kind} are named {name!r}", hint="rename one of them"
                )
                for name in repeated
            ]
        for component in self.components:
            faults += _component_faults(self, component)
        if faults:
            raise DeclarationError(faults)
        if self.buckets:
            for stage in self.stages:
                self.check_names(self.naming(stage))

    @property
    def layouts(self) -> tuple[EntityLayout, ...]:
        """The keys of every entity, table by table, in the order of declaration."""
        return tuple(layout for table in self.tables for layout in table.layouts.values())

    @property
    def entities(self) -> tuple[EntityDeclaration, ...]:
        return tuple(layout.entity for layout in self.layouts)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every access pattern, table by table, in the order of declaration."""
        return tuple(pattern for table in self.tables for pattern in table.patterns)

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        return tuple(resource for resource in self.resources if isinstance(resource, Bucket))

    def check_names(self, naming: Naming) -> None:
        """DeclarationError where S3 takes no bucket of the name that `naming` makes."""
        for bucket in self.buckets:
            naming.bucket_name(bucket.name)

    def component(self, name: str) -> Component:
        """KeyError when there is none."""
        return {component.name: component for component in self.components}[name]

    def physical_tables(self, naming: Naming) -> tuple[PhysicalTable, ...]:
        return tuple(physical_table(table, naming) for table in self.tables)

    def create_table_requests(self, naming: Naming) -> tuple[dict[str, Any], ...]:
        """One CreateTable request per table, in the order of `tables`."""
        return tuple(table.create_request() for table in self.physical_tables(naming))


def _component_faults(system: System, component: Component) -> Iterator[Fault]:
    place = f"System {system.name!r}"
    if not ROLE_NAME.fullmatch(role := f"{system.name}-{component.name}"):
        hint = "use at most 64 letters, digits and + = , . @ _ - together"
        yield Fault(place=place, problem=f"IAM allows no role named {role!r}", hint=hint)
    roles = {f"{system.name}-{each.name}" for each in system.components}
    assumed = (each for each in component.grants if isinstance(each, ResourceGrant) and each.service == "sts")
    for grant in assumed:
        if grant.resource not in roles:
            problem = f"component {component.name!r} is granted the role {grant.resource!r} of no component"
            yield Fault(place=place, problem=problem, hint=f"name one of {', '.join(sorted(roles))}")
    grants = [grant for grant in component.grants if isinstance(grant, Grant)]
    granted = [
        (pattern.place, layout.table)
        for grant in grants
        for pattern in grant.patterns
        for layout in pattern.resolution.layouts
    ]
    granted += [
        (f"writes({written.entity.model.__name__})", written.entity.table)
        for grant in grants
        for written in grant.writes
    ]
    for shown, table in dict.fromkeys(granted):
        if table not in system.tables:
            problem = f"component {component.name!r} is granted {shown}, and {table!r} is none of its tables"
            yield Fault(place=place, problem=problem, hint=f"add {table!r} to tables=, or drop the grant")
