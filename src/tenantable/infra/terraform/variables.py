"""`variables.tf`: what a module's user may choose. Defaults are what is declared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from tenantable.declare.naming import BUCKET_CHARACTERS_MAX
from tenantable.declare.systems import System
from tenantable.declare.tables import AWS_MANAGED_KEY, StreamView, Table
from tenantable.infra.terraform.hcl import Argument, Block, Call, Expression, Part, arguments, literal, separated
from tenantable.infra.terraform.names import DeclaredNames, NameVariable

_VIEWS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
assert set(_VIEWS) == set(get_args(StreamView))


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """
    What the tables of a system have by declaration; the variables begin with it.

    A table that differs from the others keeps its own: what it has is then no choice of the module's user.
    """

    recovery: bool
    encryption: bool
    deletion_protection: bool
    stream: bool
    stream_view: StreamView
    stream_purpose: str
    replicas: bool
    replica_regions: tuple[str, ...]
    encryption_alias: str | None
    """The alias of a customer's key that is none of the system's own: Terraform wants its ARN."""

    def shared(self, declared: Any, default: Any, variable: str) -> Any:
        """The variable for a table that has the default; for another one what it has."""
        return Expression(f"var.{variable}") if declared == default else declared


def defaults_of(system: System) -> Defaults:
    """The defaults of the module's variables."""
    tables = system.tables
    views = [table.stream for table in tables if table.stream is not None]
    replicas = next((table.replicas for table in tables if table.replicas), ())
    own = {
        f"alias/{resource.name.removeprefix('alias/')}" for resource in system.resources if resource.service == "kms"
    }
    aliases = [table.encryption_key for table in tables if _is_foreign_alias(table, own)]
    purposes = dict.fromkeys(table.stream_purpose for table in tables if table.stream_purpose)
    return Defaults(
        recovery=any(table.recovery for table in tables),
        encryption=any(table.encryption_key for table in tables),
        deletion_protection=any(table.deletion_protection for table in tables),
        stream=bool(views),
        stream_view=views[0] if views else "NEW_AND_OLD_IMAGES",
        stream_purpose=f" (required for {', '.join(purposes)})" if purposes else "",
        replicas=bool(replicas),
        replica_regions=replicas or tuple(system.recovery_regions),
        encryption_alias=aliases[0] if aliases else None,
    )


def _is_foreign_alias(table: Table, own: set[str]) -> bool:
    key = table.encryption_key
    return key is not None and key != AWS_MANAGED_KEY and not key.startswith("arn:") and key not in own


def variable(
    name: str,
    description: str,
    type_: str,
    *,
    default: Sequence[Any] = (),
    validation: Sequence[tuple[str, str]] = (),
) -> Block:
    """
    One variable.

    Args:
        type_: Its type, such as `map(string)`.
        default: The default as the only element; none where the user must choose.
        validation: Conditions, each with the sentence for a value that does not fulfil it.
    """
    body: list[Part] = [Argument("description", description), Argument("type", Expression(type_))]
    body += [Argument("default", value) for value in default]
    checks = [
        [Block("validation", body=arguments(condition=Expression(condition), error_message=message))]
        for condition, message in validation
    ]
    return Block("variable", name, body=separated([body, *checks]))


def one_of(name: str, choices: Sequence[str]) -> str:
    """The condition that a variable is one of some texts."""
    return literal(Call("contains", list(choices), Expression(f"var.{name}")))


def table_variables(names: DeclaredNames) -> Iterator[Block]:
    """The variables of names and tables, those of every module."""
    system, defaults = names.system, defaults_of(names.system)
    stages = ", ".join(system.stages)
    yield variable(
        "environment",
        f"Deployment environment ({stages})",
        "string",
        validation=[(one_of("environment", system.stages), f"Environment must be one of: {stages}.")],
    )
    yield from (_name_variable(each, names.value_characters_max(name)) for name, each in names.variables.items())
    yield _switch("enable_pitr", "Enable Point-in-Time Recovery for disaster recovery", defaults.recovery)
    yield _switch(
        "enable_server_side_encryption",
        "Enable server-side encryption using AWS managed KMS key",
        defaults.encryption,
    )
    yield _key_variable(defaults)
    yield _switch(
        "enable_deletion_protection",
        "Enable deletion protection to prevent accidental table deletion",
        defaults.deletion_protection,
    )
    yield from _replica_variables(defaults)
    yield variable("tags", "Additional tags to apply to resources", "map(string)", default=[{}])
    yield _switch(
        "stream_enabled",
        f"Enable DynamoDB Streams for change data capture{defaults.stream_purpose}",
        defaults.stream,
    )
    yield variable(
        "stream_view_type",
        f"DynamoDB Stream view type ({', '.join(_VIEWS)})",
        "string",
        default=[defaults.stream_view],
        validation=[(one_of("stream_view_type", _VIEWS), f"Stream view type must be one of: {', '.join(_VIEWS)}.")],
    )


def _switch(name: str, description: str, default: bool) -> Block:
    return variable(name, description, "bool", default=[default])


def _name_variable(each: NameVariable, characters_max: int | None) -> Block:
    about = each.about
    validation = []
    if about.pattern is not None:
        condition = f"can(regex({literal(about.pattern)}, var.{each.name}))"
        validation.append((condition, about.requirement))
    if characters_max is not None:
        message = f"S3 takes names of {BUCKET_CHARACTERS_MAX} characters: {each.name} may have {characters_max}."
        validation.append((f"length(var.{each.name}) <= {characters_max}", message))
    return variable(each.name, about.description, "string", default=[each.default], validation=validation)


def _key_variable(defaults: Defaults) -> Block:
    description = "ARN of a customer managed KMS key that encrypts the tables; null for the AWS managed key"
    condition = 'var.kms_key_arn == null ? true : can(regex("^arn:[^:]+:kms:", var.kms_key_arn))'
    default: list[Any] = [None]
    if defaults.encryption_alias is not None:
        description = f"ARN of the KMS key {defaults.encryption_alias}, which encrypts the tables"
        default = []
    return variable(
        "kms_key_arn",
        description,
        "string",
        default=default,
        validation=[(condition, "The KMS key must be given by its ARN.")],
    )


def _replica_variables(defaults: Defaults) -> Iterator[Block]:
    yield _switch(
        "enable_global_tables",
        "Enable DynamoDB Global Tables for multi-region replication (PROD only)",
        defaults.replicas,
    )
    yield variable(
        "replica_regions",
        "List of AWS regions for global table replicas (only used if enable_global_tables is true)",
        "list(string)",
        default=[list(defaults.replica_regions)],
    )
    yield variable(
        "replica_kms_key_arns",
        "ARN of the customer managed KMS key of each replica region, where kms_key_arn is given",
        "map(string)",
        default=[{}],
    )
