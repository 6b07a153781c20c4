"""Physical names: one rule per system, from logical names to the names that DynamoDB sees."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from tenantable.errors import DeclarationError, Fault

TABLE = "{table}"
_PHYSICAL_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_RESOURCE_NAME = re.compile(r"[A-Za-z0-9_./-]{1,1011}")
BUCKET_CHARACTERS_MAX = 63
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NO_BUCKET = re.compile(r"[0-9]+(\.[0-9]+){3}|.*\.\..*|(xn--|sthree-).*|.*(-s3alias|--ol-s3)")
"""Forms that S3 keeps for itself: addresses, empty labels, and its own prefixes and suffixes."""


@dataclass(frozen=True, kw_only=True)
class NameValue:
    """
    What one of a naming's values is, for those who choose it.

    Args:
        description: A few words.
        pattern: What the whole value must match. None: anything goes.
        requirement: One sentence that says what `pattern` demands.
    """

    description: str
    pattern: str | None = None
    requirement: str = "The value has another form than names allow."


@dataclass(frozen=True, kw_only=True)
class Naming:
    """
    How a system's tables, indexes and other resources are called.

    Styles are texts with placeholders: `{table}` (an index style also knows `{index}`, and its `{table}` is the
    physical one; a dedicated style knows `{tenant}`; a resource style knows `{resource}`) and every name in `values`.

    Args:
        table: Style of a table's name, such as `{project}-{stage}-ddb-{table}`.
        index: Style of an index's name, such as `{table}-{index}`.
        dedicated: Style of a table that one tenant has for itself, or None where there are none.
        resource: Style of queues, parameters and the like.
        values: What the other placeholders stand for, such as `{"stage": "dev"}`.
        exceptions: Styles of single tables, by logical name, where they differ from `table`.
        about: What the values are, by name, for those who may choose others.
    Raises:
        DeclarationError: A style names an unknown placeholder.
    """

    table: str = TABLE
    index: str = "{index}"
    dedicated: str | None = None
    resource: str = "{resource}"
    values: Mapping[str, str] = field(default_factory=dict)
    exceptions: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, NameValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {
            "table": (self.table, {"table"}),
            "index": (self.index, {"table", "index"}),
            "dedicated": (self.dedicated or "", {"table", "tenant"}),
            "resource": (self.resource, {"resource"}),
            **{f"exceptions[{name}]": (style, {"table"}) for name, style in self.exceptions.items()},
        }
        faults = [
            fault
            for place, (style, own) in known.items()
            for fault in _placeholder_faults(f"Naming.{place}", style, own | self.values.keys())
        ]
        if faults:
            raise DeclarationError(faults)

    def table_name(self, logical_name: str) -> str:
        """The physical name of a table."""
        style = self.exceptions.get(logical_name, self.table)
        return self._checked(style.format(**self.values, table=logical_name), _PHYSICAL_NAME)

    def index_name(self, physical_table: str, index_name: str) -> str:
        """The physical name of an index of the table that is physically called `physical_table`."""
        return self._checked(self.index.format(**self.values, table=physical_table, index=index_name), _PHYSICAL_NAME)

    def dedicated_name(self, logical_name: str, tenant: str) -> str:
        """The physical name of the table that `tenant` has for itself."""
        if self.dedicated is None:
            hint = "give Naming a style such as dedicated='app-{stage}-account-{tenant}'"
            raise DeclarationError([Fault(place="Naming.dedicated", problem="no style is declared", hint=hint)])
        return self._checked(self.dedicated.format(**self.values, table=logical_name, tenant=tenant), _PHYSICAL_NAME)

    def resource_name(self, logical_name: str) -> str:
        """The physical name of a queue or another resource; of a path of parameters, which stays a path."""
        slash = "/" if logical_name.startswith("/") else ""
        name = self.resource.format(**self.values, resource=logical_name.removeprefix("/"))
        return self._checked(slash + name.removeprefix(slash), _RESOURCE_NAME)

    def bucket_name(self, logical_name: str) -> str:
        """
        The physical name of a bucket.

        Raises:
            DeclarationError: S3 takes no such name.
        Source: "Bucket naming rules", Amazon S3 User Guide.
        """
        name = self.resource_name(logical_name)
        if len(name) > BUCKET_CHARACTERS_MAX:
            problem = f"the name {name!r} has {len(name)} characters, and S3 takes at most {BUCKET_CHARACTERS_MAX}"
            hint = "shorten the bucket's name, Naming.resource or one of the naming's values"
        elif not _BUCKET_NAME.fullmatch(name) or _NO_BUCKET.fullmatch(name):
            problem = f"S3 takes no bucket named {name!r}"
            hint = "use 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends"
        else:
            return name
        raise DeclarationError([Fault(place=f"Bucket {logical_name!r}", problem=problem, hint=hint)])

    def _checked(self, name: str, allowed: re.Pattern[str]) -> str:
        if not allowed.fullmatch(name):
            problem = f"the physical name {name!r} is not allowed"
            raise DeclarationError([Fault(place="Naming", problem=problem, hint=f"names must match {allowed.pattern}")])
        return name


def _placeholder_faults(place: str, style: str, known: set[str]) -> list[Fault]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(style) if name is not None]
    except ValueError as error:
        return [Fault(place=place, problem=f"{style!r} is no style: {error}", hint="write placeholders as {name}")]
    hint = f"known placeholders are {', '.join(sorted(known))}; give others in values="
    return [
        Fault(place=place, problem=f"unknown placeholder {{{name}}} in {style!r}", hint=hint)
        for name in names
        if name not in known
    ]
