"""`main.tf`: the provider that is needed, and a resource for every table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tenantable.declare.resources import EncryptionKey
from tenantable.declare.tables import AWS_MANAGED_KEY, Index, Projection, Provisioned, Table
from tenantable.errors import SettingsError
from tenantable.infra.terraform.hcl import (
    Argument,
    Block,
    Call,
    Comment,
    Expression,
    Gap,
    Object,
    Part,
    arguments,
    literal,
    separated,
)
from tenantable.infra.terraform.names import DeclaredNames, identifiers
from tenantable.infra.terraform.variables import defaults_of

NEWER_PROVIDER = 6
_VERSIONS = {5: ">= 5.0.0", NEWER_PROVIDER: ">= 6.28.0"}
"""The first version of each major one that has every argument used here."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """The version of Terraform's AWS provider that a module is for: its major number."""

    major: int = 5

    def __post_init__(self) -> None:
        if self.major not in _VERSIONS:
            hint = f"use {' or '.join(f'{major}.x' for major in _VERSIONS)}"
            raise SettingsError(f"--provider-version {self.major}: no modules are made for it", hint=hint)

    @property
    def constraint(self) -> str:
        return _VERSIONS[self.major]

    def require_newer(self, place: str, feature: str) -> None:
        """
        Raises:
            SettingsError: The feature needs a newer provider.
        """
        if self.major < NEWER_PROVIDER:
            hint = f"export with --provider-version {NEWER_PROVIDER}.x, or leave it out of the declaration"
            raise SettingsError(f"{place}: {feature} needs version {NEWER_PROVIDER} of the AWS provider", hint=hint)


def terraform_block(provider: Provider) -> Block:
    """What the module requires of Terraform."""
    aws = Object(arguments(source="hashicorp/aws", version=provider.constraint))
    requirements = Block("required_providers", body=[Argument("aws", aws)])
    return Block("terraform", body=separated([arguments(required_version=">= 1.0.0"), [requirements]]))


def table_resource(names: DeclaredNames, table: Table, provider: Provider) -> Block:
    """
    The resource of one table.

    Raises:
        SettingsError: The table has something that the provider's version cannot make.
    """
    body = separated(
        [
            [Argument("name", names.table(table)), *_billing(table)],
            _keys(table),
            *_attributes(table),
            *(_index(names, table, index, provider) for index in table.indexes),
            _time_to_live(names, table),
            *_protection(names, table),
            _stream(names, table),
            *_newer(table, provider),
            _replicas(names, table, provider),
            [Argument("tags", table_tags(names, table))],
            [_lifecycle(table)],
        ]
    )
    return Block("resource", "aws_dynamodb_table", names.tables[table.name], body=body)


def common_tags(names: DeclaredNames) -> dict[str, str]:
    """The tags that all tables declare."""
    first, *others = names.system.tables or [Table("none")]
    return {key: value for key, value in first.tags.items() if all(table.tags.get(key) == value for table in others)}


def table_tags(names: DeclaredNames, table: Table) -> Any:
    """The module's tags, and what this table has besides."""
    common = common_tags(names)
    own = {key: value for key, value in sorted(table.tags.items()) if key not in common}
    shared = Expression("local.common_tags")
    return Call("merge", shared, own) if own else shared


def scaled_kinds(billing: Provisioned | None) -> Iterator[tuple[str, int, int]]:
    """`read` and `write` where they are scaled, with the least and the most units."""
    if billing is not None:
        for kind, least, most in (
            ("read", billing.read_units, billing.read_units_max),
            ("write", billing.write_units, billing.write_units_max),
        ):
            if most is not None:
                yield kind, least, most


def _billing(table: Table) -> list[Part]:
    billing = table.billing
    if billing is None:
        return arguments(billing_mode="PAY_PER_REQUEST")
    capacity = arguments(read_capacity=billing.read_units, write_capacity=billing.write_units)
    return [*arguments(billing_mode="PROVISIONED"), *capacity]


def _keys(table: Table) -> list[Part]:
    keys = arguments(hash_key=table.partition.name)
    return keys if table.sort is None else [*keys, *arguments(range_key=table.sort.name)]


def _attributes(table: Table) -> Iterator[list[Part]]:
    """Each key attribute once; a comment says whose it is first."""
    known: set[str] = set()
    for index in (None, *table.indexes):
        new = [each for each in table.keys_of(index).attributes if each.name not in known]
        known |= {each.name for each in new}
        owner = "The table's keys" if index is None else f"Keys of {index.name}{_purpose(index)}"
        for number, each in enumerate(new):
            block = Block("attribute", body=arguments(name=each.name, type=each.type))
            yield [Comment(owner), block] if number == 0 else [block]


def _purpose(index: Index) -> str:
    return f": {index.description}" if index.description else ""


def _index(names: DeclaredNames, table: Table, index: Index, provider: Provider) -> list[Part]:
    keys = table.keys_of(index)
    if keys.multiple:
        provider.require_newer(f"Index {index.name!r} of table {table.name!r}", "a key of several attributes")
        schema: list[Part] = [
            Block("key_schema", body=arguments(attribute_name=each.name, key_type=kind))
            for kind, attributes in (("HASH", keys.partitions), ("RANGE", keys.sorts))
            for each in attributes
        ]
    else:
        schema = [] if index.local else arguments(hash_key=keys.partition.name)
        schema += [] if keys.sort is None else arguments(range_key=keys.sort.name)
    body = [Argument("name", names.index(table, index)), *schema, *_projection(index.projection)]
    if table.billing is not None and not index.local:
        body += arguments(read_capacity=table.billing.read_units, write_capacity=table.billing.write_units)
    kind = "local_secondary_index" if index.local else "global_secondary_index"
    shown = [Comment(f"{index.name}{_purpose(index)}")] if index.description else []
    return [*shown, Block(kind, body=body)]


def _projection(projection: Projection) -> list[Part]:
    if isinstance(projection, str):
        return arguments(projection_type="ALL" if projection == "all" else "KEYS_ONLY")
    return arguments(projection_type="INCLUDE", non_key_attributes=sorted(projection))


def _time_to_live(names: DeclaredNames, table: Table) -> list[Part]:
    if table.ttl is None:
        return []
    attribute = Expression("local.ttl_attribute_name") if names.single else table.ttl
    return [Block("ttl", body=arguments(attribute_name=attribute, enabled=True))]


def _protection(names: DeclaredNames, table: Table) -> Iterator[list[Part]]:
    """Recovery, encryption, and protection from deletion."""
    defaults = defaults_of(names.system)
    enabled = defaults.shared(table.recovery, defaults.recovery, "enable_pitr")
    yield [Block("point_in_time_recovery", body=arguments(enabled=enabled))]
    yield [Block("server_side_encryption", body=_encryption(names, table))]
    protected = defaults.shared(table.deletion_protection, defaults.deletion_protection, "enable_deletion_protection")
    yield arguments(deletion_protection_enabled=protected)


def _encryption(names: DeclaredNames, table: Table) -> list[Part]:
    chosen = Expression("var.kms_key_arn")
    key = encryption_key(names, table)
    if key is not None:
        return arguments(enabled=True, kms_key_arn=Call("coalesce", chosen, key))
    defaults = defaults_of(names.system)
    otherwise = defaults.shared(bool(table.encryption_key), defaults.encryption, "enable_server_side_encryption")
    # Written with a condition and no `||`, which checkers that read modules cannot follow.
    enabled = Expression(f"var.kms_key_arn == null ? {literal(otherwise)} : true")
    return arguments(enabled=enabled, kms_key_arn=chosen)


def encryption_key(names: DeclaredNames, table: Table) -> str | Expression | None:
    """The customer's key that the declaration names: an ARN, or the ARN of the system's own key; else None."""
    declared = table.encryption_key
    if declared is None or declared == AWS_MANAGED_KEY:
        return None
    if declared.startswith("arn:"):
        return declared
    own = [resource for resource in names.system.resources if isinstance(resource, EncryptionKey)]
    labels = identifiers(resource.name for resource in own)
    alias = declared.removeprefix("alias/")
    found = next((labels[each.name] for each in own if each.name.removeprefix("alias/") == alias), None)
    return None if found is None else Expression(f"aws_kms_key.{found}.arn")


def _stream(names: DeclaredNames, table: Table) -> list[Part]:
    """Replicas are fed by a stream with new and old images: global tables switch it on, and have no other view."""
    defaults = defaults_of(names.system)
    shared = (table.stream is not None) == defaults.stream
    enabled = "var.stream_enabled || var.enable_global_tables" if shared else "var.enable_global_tables"
    own_view = table.stream is not None and table.stream != defaults.stream_view
    view = literal(table.stream) if own_view else "var.stream_view_type"
    own = f"var.stream_enabled ? {view} : null" if shared else "null"
    return arguments(
        stream_enabled=Expression(enabled),
        stream_view_type=Expression(f'var.enable_global_tables ? "NEW_AND_OLD_IMAGES" : {own}'),
    )


def _newer(table: Table, provider: Provider) -> Iterator[list[Part]]:
    """What only newer providers can make."""
    place = f"Table {table.name!r}"
    if table.warm_throughput is not None:
        provider.require_newer(place, "warm throughput")
        warm = table.warm_throughput
        units = arguments(read_units_per_second=warm.read_units, write_units_per_second=warm.write_units)
        yield [Block("warm_throughput", body=units)]
    if table.witness is not None:
        provider.require_newer(place, "a witness of consistent replicas")
        yield [Block("global_table_witness", body=arguments(region_name=table.witness))]


def _replicas(names: DeclaredNames, table: Table, provider: Provider) -> list[Part]:
    defaults = defaults_of(names.system)
    if defaults.replicas and not table.replicas:
        return []
    regions = defaults.shared(table.replicas or defaults.replica_regions, defaults.replica_regions, "replica_regions")
    region = Expression("replica.value")
    recovery = defaults.shared(table.recovery, defaults.recovery, "enable_pitr")
    content = arguments(
        region_name=region,
        kms_key_arn=Call("lookup", Expression("var.replica_kms_key_arns"), region, None),
        point_in_time_recovery=recovery,
        propagate_tags=True,
    )
    if table.consistent_replicas:
        provider.require_newer(f"Table {table.name!r}", "the consistency of replicas")
        content += arguments(consistency_mode="STRONG")
    chosen = Expression(f"var.enable_global_tables ? {literal(regions)} : []")
    return [Block("dynamic", "replica", body=[Argument("for_each", chosen), Block("content", body=content)])]


def _lifecycle(table: Table) -> Block:
    ignored = ["replica"]
    comments: list[Part] = [Comment("Replicas may be managed outside of this module.")]
    scaled = [kind for kind, _, _ in scaled_kinds(table.billing)]
    if scaled:
        ignored += [f"{kind}_capacity" for kind in scaled]
        comments.append(Comment("Capacity that is scaled is not set back to where it began."))
        if any(not index.local for index in table.indexes):
            # Terraform can ignore an index only as a whole.
            ignored.append("global_secondary_index")
            comments.append(Comment("Drop global_secondary_index for the one apply that changes an index."))
    return Block(
        "lifecycle",
        body=[
            Comment("Terraform refuses to destroy the table while this is true; it takes no variable here."),
            *arguments(prevent_destroy=table.deletion_protection),
            Gap(),
            *comments,
            Argument("ignore_changes", Expression(_names_list(ignored))),
        ],
    )


def _names_list(values: list[str]) -> str:
    return f"[{', '.join(values)}]"
