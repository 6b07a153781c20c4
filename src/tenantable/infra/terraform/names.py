"""
What a module calls things: Terraform's identifiers, and the naming of a system as expressions of its variables.

A value of the naming that is the stage itself becomes `var.environment`. One that is the same in all stages becomes a
variable of its own. Where stages differ in any other way, the name is looked up by `var.environment`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter

from tenantable.declare.naming import BUCKET_CHARACTERS_MAX, NameValue, Naming
from tenantable.declare.resources import EncryptionKey, Resource
from tenantable.declare.systems import System
from tenantable.declare.tables import Index, PhysicalTable, Table, physical_table
from tenantable.errors import SettingsError
from tenantable.infra.terraform.hcl import Expression, embedded, literal, member, template

ENVIRONMENT = Expression("var.environment")
_VARIABLES = {"project": "project_name"}
"""Variables that Terraform's users expect under another name than the naming's own."""
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+[a-z]*")
MODULE_VARIABLES = frozenset(
    """
    alarm_actions enable_alarms enable_deletion_protection enable_global_tables enable_pitr environment
    enable_server_side_encryption granted_replica_regions kms_key_arn replica_kms_key_arns replica_regions
    role_name_prefix stream_enabled stream_view_type tags trusted_principals trusted_services
    """.split()
)
"""The variables that every module may have."""
_RESERVED = {"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}

Piece = str | Expression


def identifier(name: str) -> str:
    """A logical name as Terraform's users write one: `TenantIdentity` and `tenant-identity` are `tenant_identity`."""
    words = "_".join(_WORD.findall(name)).lower() or "unnamed"
    return f"_{words}" if words[0].isdigit() else words


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """An identifier for each name; one that is taken gets a number."""
    found: dict[str, str] = {}
    for name in names:
        first = chosen = identifier(name)
        number = 1
        while chosen in found.values() or chosen in _RESERVED:
            number += 1
            chosen = f"{first}_{number}"
        found[name] = chosen
    return found


def _variable(name: str) -> str:
    written = _VARIABLES.get(name, identifier(name))
    return f"name_{written}" if written in MODULE_VARIABLES | _RESERVED else written


@dataclass(frozen=True, kw_only=True)
class NameVariable:
    """A variable that stands for a value of the naming."""

    name: str
    default: str
    about: NameValue


@dataclass(frozen=True, kw_only=True)
class DeclaredNames:
    """
    The names of a system's module. `values` take the place of the naming's own, as defaults of variables.

    Raises:
        SettingsError: A value is given for a name that the naming does not have, or has a form that is not allowed.
        DeclarationError: S3 takes no bucket of the name that the values make.
    """

    system: System
    values: Mapping[str, str]

    def __post_init__(self) -> None:
        for name, value in self.values.items():
            known = ", ".join(sorted(self.variables)) or "none"
            if name not in self.variables:
                hint = f"the names of {self.system.name} can be given {known}"
                raise SettingsError(f"--name {name}=: no such value", hint=hint)
            about = self.variables[name].about
            if about.pattern is not None and not re.search(about.pattern, value):
                raise SettingsError(f"--name {name}={value}: not allowed", hint=about.requirement)
        for naming in self.namings.values():
            self.system.check_names(replace(naming, values={**naming.values, **self.values}))

    @cached_property
    def namings(self) -> dict[str, Naming]:
        """By stage."""
        return {stage: self.system.naming(stage) for stage in self.system.stages}

    @cached_property
    def variables(self) -> dict[str, NameVariable]:
        """By the name of the naming's value."""
        first = next(iter(self.namings.values()))
        return {
            name: NameVariable(
                name=_variable(name),
                default=self.values.get(name, value),
                about=first.about.get(name, NameValue(description=f"Value of {name} in the names of resources")),
            )
            for name, value in first.values.items()
            if self._same(name) and not self._is_stage(name)
        }

    @cached_property
    def tables(self) -> dict[str, str]:
        """The identifier of each table's resource, by logical name."""
        return identifiers(table.name for table in self.system.tables)

    @property
    def single(self) -> bool:
        """One table: locals and outputs are plain values, and no maps by logical name."""
        return len(self.system.tables) == 1

    def table(self, table: Table) -> Expression:
        """The local value that is the table's physical name."""
        return member("local.table_name") if self.single else member("local.table_names", table.name)

    def index(self, table: Table, index: Index) -> Expression:
        """The local value that is the index's physical name."""
        names = (index.name,) if self.single else (table.name, index.name)
        return member("local.lsi_names" if index.local else "local.gsi_names", *names)

    def resource(self, table: Table, attribute: str) -> Expression:
        """An attribute of the table's resource, such as `arn`."""
        return Expression(f"aws_dynamodb_table.{self.tables[table.name]}.{attribute}")

    def table_style(self, table: Table) -> Expression:
        """The table's physical name, from the naming."""
        return self._styled(lambda naming: naming.exceptions.get(table.name, naming.table), {"table": table.name})

    def index_style(self, table: Table, index: Index) -> Expression:
        """The index's physical name, from the naming."""
        return self._styled(lambda naming: naming.index, {"table": self.table(table), "index": index.name})

    def resource_style(self, resource: Resource) -> Expression:
        """The physical name of a queue, a parameter or another resource; that of a key is its alias."""
        named = self.resource_name(resource.name.removeprefix("alias/"))
        return template("alias/", *embedded(named)) if isinstance(resource, EncryptionKey) else named

    def resource_name(self, logical_name: str) -> Expression:
        """The physical name of whatever is no table and has this logical name; a path stays one."""
        if logical_name.startswith("/"):
            return template("/", *embedded(self.resource_name(logical_name.removeprefix("/"))))
        return self._styled(lambda naming: naming.resource, {"resource": logical_name})

    def dedicated_style(self, table: Table, tenant: str) -> Expression:
        """The name of the table that a tenant has for itself; `tenant` may be a pattern."""
        return self._styled(lambda naming: naming.dedicated or "", {"table": table.name, "tenant": tenant})

    def longest(self, value_characters: int) -> list[PhysicalTable]:
        """The tables under the longest names that they may get, each free value having so many characters."""
        found = []
        for table in self.system.tables:
            candidates = [
                physical_table(table, self._stretched(naming, value_characters)) for naming in self.namings.values()
            ]
            found.append(max(candidates, key=lambda each: len(each.name)))
        return found

    def longest_resource(self, logical_name: str, value_characters: int) -> str:
        """As `longest`, for what is no table."""
        stretched = [self._stretched(naming, value_characters) for naming in self.namings.values()]
        return max((naming.resource_name(logical_name) for naming in stretched), key=len)

    def value_characters_max(self, name: str) -> int | None:
        """
        How long a value of the naming may be, so that every bucket has a name that S3 takes while the other values are
        the defaults. None: no bucket has it in its name.
        """
        default = self.variables[name].default
        found = []
        for naming in self.namings.values():
            times = [field for _, field, _, _ in Formatter().parse(naming.resource)].count(name)
            values = {**naming.values, **self.values}
            for bucket in self.system.buckets if times else ():
                fixed = len(replace(naming, values=values).bucket_name(bucket.name)) - times * len(default)
                found.append((BUCKET_CHARACTERS_MAX - fixed) // times)
        return min(found, default=None)

    def _stretched(self, naming: Naming, characters: int) -> Naming:
        values = {name: "x" * max(characters, len(naming.values[name])) for name in self.variables}
        return replace(naming, values={**naming.values, **values})

    def _same(self, name: str) -> bool:
        return len({naming.values.get(name) for naming in self.namings.values()}) == 1

    def _is_stage(self, name: str) -> bool:
        return all(naming.values.get(name) == stage for stage, naming in self.namings.items())

    def _styled(self, style: Callable[[Naming], str], own: Mapping[str, Piece]) -> Expression:
        forms = {stage: template(*self._pieces(style(naming), naming, own)) for stage, naming in self.namings.items()}
        if len(set(forms.values())) == 1:
            return next(iter(forms.values()))
        choices = ", ".join(f"{literal(stage)} = {form.text}" for stage, form in forms.items())
        return Expression(f"{{ {choices} }}[{ENVIRONMENT.text}]")

    def _pieces(self, style: str, naming: Naming, own: Mapping[str, Piece]) -> list[Piece]:
        pieces: list[Piece] = []
        for text, name, specification, conversion in Formatter().parse(style):
            pieces.append(text)
            if name is None:
                continue
            if name in own:
                pieces.append(own[name])
            elif specification or conversion or not (self._is_stage(name) or name in self.variables):
                written = "{" + name + (f"!{conversion}" if conversion else "") + f":{specification or ''}" + "}"
                pieces.append(written.format(**naming.values))
            else:
                is_stage = self._is_stage(name)
                pieces.append(ENVIRONMENT if is_stage else Expression(f"var.{self.variables[name].name}"))
        return pieces
