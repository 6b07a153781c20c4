"""Tables and indexes: logical names, key attributes, and the facts that infrastructure is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tenantable.errors import DeclarationError, Fault
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys
from tenantable.wire.limits import GLOBAL_INDEXES_MAX, LOCAL_INDEXES_MAX, PROJECTED_ATTRIBUTES_MAX, TAGS_MAX

if TYPE_CHECKING:
    from tenantable.declare.naming import Naming

StreamView = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
Projection = Literal["all", "keys"] | tuple[str, ...]
"""What an index holds: whole items, keys alone, or the keys and the named attributes (as stored)."""
KeyDeclaration = str | KeyAttribute
"""A key attribute: its name as stored (a string key), or a `KeyAttribute` with its type."""

AWS_MANAGED_KEY = "aws/dynamodb"
"""The account's key that AWS manages for DynamoDB: its use is visible in the account's trail."""

_STREAM_VIEW: StreamView = "NEW_AND_OLD_IMAGES"


def _key_attribute(declared: KeyDeclaration) -> KeyAttribute:
    return declared if isinstance(declared, KeyAttribute) else KeyAttribute(name=declared)


class Index:
    """
    A secondary index.

    Args:
        name: Logical name, such as `gsi1`; the physical one comes from `Naming`.
        partition: Its partition key. None: `{NAME}PK` in upper case, generic, filled from templates.
        sort: Its sort key. None: `{NAME}SK` when `partition` is not given either, else no sort key.
        projection: What it holds.
        across_tenants: It serves views over all tenants of a shared table: its keys do not begin with the tenant's
            prefix, and a tenant's scope does not reach it.
        accepted: Findings of the design lint about this index that are meant so: the reason by the rule's id.
        description: What it is for, in a few words, such as `audit by user`.
    """

    local = False

    def __init__(
        self,
        name: str,
        *,
        partition: KeyDeclaration | None = None,
        sort: KeyDeclaration | None = None,
        projection: Projection = "all",
        across_tenants: bool = False,
        accepted: Mapping[str, str] | None = None,
        description: str = "",
    ) -> None:
        if partition is None:
            upper = name.upper()
            partition, sort = f"{upper}PK", sort or f"{upper}SK"
        self.name = name
        self.partition = _key_attribute(partition)
        self.sort = None if sort is None else _key_attribute(sort)
        self.projection = projection
        self.across_tenants = across_tenants
        self.accepted = dict(accepted or {})
        self.description = description

    def __repr__(self) -> str:
        return f"Index({self.name!r})"

    @property
    def keys(self) -> KeyNames:
        return KeyNames(partition=self.partition, sort=self.sort)


class LocalIndex(Index):
    """A local secondary index: the table's partition key with another sort key, read consistently if asked."""

    local = True

    def __init__(
        self,
        name: str,
        *,
        sort: KeyDeclaration,
        projection: Projection = "all",
        accepted: Mapping[str, str] | None = None,
        description: str = "",
    ) -> None:
        super().__init__(
            name, partition="PK", sort=sort, projection=projection, accepted=accepted, description=description
        )


@dataclass(frozen=True, kw_only=True)
class Tenancy:
    """
    The table is shared by tenants.

    Every partition key of the table and of its indexes must begin with `prefix`, a key template whose `{tenant}` is
    filled from the tenant's scope and from nowhere else, such as `ACCOUNT#{tenant}`.
    `dedicated` says whether a tenant may also have a table of the same shape for itself. `called` is what a tenant is
    called in the names of settings, such as `account`.
    """

    prefix: str = "TENANT#{tenant}"
    dedicated: bool = False
    called: str = "tenant"

    def __post_init__(self) -> None:
        head = self.prefix.removesuffix("{tenant}")
        if head == self.prefix or "{" in head or "}" in head:
            problem = f"the prefix {self.prefix!r} does not end with its only placeholder, {{tenant}}"
            raise DeclarationError([Fault(place="Tenancy", problem=problem, hint="write 'TENANT#{tenant}'")])


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """
    Provisioned capacity of a table, and of each of its global indexes, in units a second; without it a table is billed
    on demand.

    With `read_units_max` or `write_units_max` that capacity is scaled: it follows the load between the two numbers, so
    that about `target_percent` (20 to 90) of it is used.
    """

    read_units: int
    write_units: int
    read_units_max: int | None = None
    write_units_max: int | None = None
    target_percent: int = 70

    def __post_init__(self) -> None:
        faults = []
        for kind, least, most in (
            ("read", self.read_units, self.read_units_max),
            ("write", self.write_units, self.write_units_max),
        ):
            if most is not None and most < least:
                problem = f"{kind}_units_max is {most}, and {kind}_units {least}"
                faults.append(Fault(place="Provisioned", problem=problem, hint=f"raise {kind}_units_max"))
        if not 20 <= self.target_percent <= 90:
            problem = f"target_percent is {self.target_percent}"
            faults.append(Fault(place="Provisioned", problem=problem, hint="choose a number from 20 to 90"))
        if faults:
            raise DeclarationError(faults)


@dataclass(frozen=True, kw_only=True)
class WarmThroughput:
    """What a table can serve at once, without growing into it: read and write units a second."""

    read_units: int
    write_units: int


class Table:
    """
    A table and its indexes. `layouts` holds the keys of its entities (`EntityLayout` by class) and `patterns` their
    access patterns, as they are declared.

    Args:
        name: Logical name; the physical one comes from `Naming`.
        indexes: Global and local secondary indexes.
        partition: Partition key attribute.
        sort: Sort key attribute. None: `SK` when `partition` is the default `PK`, else none.
        ttl: The attribute that holds the time of expiry, or None.
        stream: False, True (new and old images) or a view type.
        stream_purpose: What the stream is needed for, such as `audit archiving`.
        tenancy: How tenants share it; None: it has no tenants.
        discriminator: An attribute that holds the entity's name. Needed where two entities share a partition and
            their sort keys do not tell them apart.
        billing: None: on demand.
        recovery: Point-in-time recovery.
        deletion_protection: Refuse DeleteTable.
        encryption_key: A customer key's alias or ARN, `AWS_MANAGED_KEY`, or None for the key that DynamoDB owns.
        replicas: Further regions of a global table.
        consistent_replicas: Its replicas agree before a write is answered; the table has three regions then, and
            `witness` may be one of them.
        witness: The region that keeps the writes of consistent replicas without serving them.
        warm_throughput: None: what DynamoDB gives every table.
        tags: Tags of the table.
        description: What it holds, in a few words.
    Raises:
        DeclarationError: Names repeat or a limit of DynamoDB is passed; lists every fault.
    """

    def __init__(
        self,
        name: str,
        *indexes: Index,
        partition: KeyDeclaration | None = None,
        sort: KeyDeclaration | None = None,
        ttl: str | None = None,
        stream: bool | StreamView = False,
        stream_purpose: str = "",
        tenancy: Tenancy | None = None,
        discriminator: str | None = None,
        billing: Provisioned | None = None,
        recovery: bool = False,
        deletion_protection: bool = False,
        encryption_key: str | None = None,
        replicas: tuple[str, ...] = (),
        consistent_replicas: bool = False,
        witness: str | None = None,
        warm_throughput: WarmThroughput | None = None,
        tags: Mapping[str, str] | None = None,
        description: str = "",
    ) -> None:
        if partition is None:
            partition, sort = "PK", sort or "SK"
        self.name = name
        self.partition = _key_attribute(partition)
        self.sort = None if sort is None else _key_attribute(sort)
        self.indexes = indexes
        self.ttl = ttl
        self.stream: StreamView | None = _STREAM_VIEW if stream is True else stream or None
        self.stream_purpose = stream_purpose
        self.tenancy = tenancy
        self.discriminator = discriminator
        self.billing = billing
        self.recovery = recovery
        self.deletion_protection = deletion_protection
        self.encryption_key = encryption_key
        self.replicas = replicas
        self.consistent_replicas = consistent_replicas
        self.witness = witness
        self.warm_throughput = warm_throughput
        self.tags = dict(tags or {})
        self.description = description
        self.layouts: dict[Any, Any] = {}
        self.patterns: list[Any] = []
        faults = list(_table_faults(self))
        if faults:
            raise DeclarationError(faults)

    def __repr__(self) -> str:
        return f"Table({self.name!r})"

    @property
    def keys(self) -> KeyNames:
        return KeyNames(partition=self.partition, sort=self.sort)

    def keys_of(self, index: Index | None) -> KeyNames:
        """The key attributes of the table (`index` None) or of one of its indexes."""
        if index is None:
            return self.keys
        return KeyNames(partition=self.partition, sort=index.sort) if index.local else index.keys

    @property
    def key_attributes(self) -> dict[str, KeyAttribute]:
        """Every attribute that is a key of the table or of an index, by name."""
        keys = (self.keys_of(index) for index in (None, *self.indexes))
        return {attribute.name: attribute for names in keys for attribute in names.attributes}


@dataclass(frozen=True, kw_only=True)
class PhysicalTable:
    """A declared table under the names that DynamoDB sees."""

    name: str
    table: Table
    index_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> TableKeys:
        indexes = {self.index_names[index.name]: self.table.keys_of(index) for index in self.table.indexes}
        return TableKeys(table=self.table.keys, indexes=indexes)

    def create_request(self) -> dict[str, Any]:
        """The CreateTable request. TTL and point-in-time recovery have operations of their own in DynamoDB."""
        table = self.table
        request: dict[str, Any] = {
            "TableName": self.name,
            "AttributeDefinitions": [
                {"AttributeName": attribute.name, "AttributeType": attribute.type}
                for attribute in table.key_attributes.values()
            ],
            "KeySchema": _key_schema(table.keys),
            "DeletionProtectionEnabled": table.deletion_protection,
            **_billing(table.billing),
        }
        for member, local in (("GlobalSecondaryIndexes", False), ("LocalSecondaryIndexes", True)):
            indexes = [self._index_request(index) for index in table.indexes if index.local is local]
            if indexes:
                request[member] = indexes
        if table.stream:
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream}
        if table.encryption_key:
            request["SSESpecification"] = _encryption(table.encryption_key)
        if (warm := table.warm_throughput) is not None:
            units = {"ReadUnitsPerSecond": warm.read_units, "WriteUnitsPerSecond": warm.write_units}
            request["WarmThroughput"] = units
        if table.tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in sorted(table.tags.items())]
        return request

    def time_to_live_request(self) -> dict[str, Any] | None:
        """The UpdateTimeToLive request, or None when the table's items never expire."""
        if self.table.ttl is None:
            return None
        specification = {"Enabled": True, "AttributeName": self.table.ttl}
        return {"TableName": self.name, "TimeToLiveSpecification": specification}

    def _index_request(self, index: Index) -> dict[str, Any]:
        request: dict[str, Any] = {
            "IndexName": self.index_names[index.name],
            "KeySchema": _key_schema(self.table.keys_of(index)),
            "Projection": _projection(index.projection),
        }
        if self.table.billing and not index.local:
            request |= {"ProvisionedThroughput": _billing(self.table.billing)["ProvisionedThroughput"]}
        return request


def physical_table(table: Table, naming: "Naming", *, tenant: str | None = None) -> PhysicalTable:
    """The table under the names that `naming` gives; with `tenant`, that tenant's dedicated table."""
    name = naming.table_name(table.name) if tenant is None else naming.dedicated_name(table.name, tenant)
    indexes = {index.name: naming.index_name(name, index.name) for index in table.indexes}
    return PhysicalTable(name=name, table=table, index_names=indexes)


def _key_schema(keys: KeyNames) -> list[dict[str, str]]:
    schema = [{"AttributeName": keys.partition.name, "KeyType": "HASH"}]
    if keys.sort is not None:
        schema.append({"AttributeName": keys.sort.name, "KeyType": "RANGE"})
    return schema


def _projection(projection: Projection) -> dict[str, Any]:
    if projection == "all":
        return {"ProjectionType": "ALL"}
    if projection == "keys":
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projection)}


def _encryption(key: str) -> dict[str, Any]:
    """DynamoDB wants its managed key left unnamed."""
    specification: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    return specification if key == AWS_MANAGED_KEY else {**specification, "KMSMasterKeyId": key}


def _billing(billing: Provisioned | None) -> dict[str, Any]:
    if billing is None:
        return {"BillingMode": "PAY_PER_REQUEST"}
    units = {"ReadCapacityUnits": billing.read_units, "WriteCapacityUnits": billing.write_units}
    return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}


def _table_faults(table: Table) -> list[Fault]:
    place = f"Table {table.name!r}"
    faults = []

    def fault(problem: str, hint: str) -> None:
        faults.append(Fault(place=place, problem=problem, hint=hint))

    names = [index.name for index in table.indexes]
    for name in sorted({name for name in names if names.count(name) > 1}):
        fault(f"two indexes are named {name!r}", "give each index a name of its own")
    local = sum(index.local for index in table.indexes)
    if local > LOCAL_INDEXES_MAX or len(names) - local > GLOBAL_INDEXES_MAX:
        fault(
            f"{len(names) - local} global and {local} local indexes are too many",
            f"DynamoDB allows {GLOBAL_INDEXES_MAX} global and {LOCAL_INDEXES_MAX} local ones",
        )
    if local and table.sort is None:
        fault("a local index needs a table with a sort key", "declare sort= on the table")
    types: dict[str, str] = {}
    for index in (None, *table.indexes):
        for attribute in table.keys_of(index).attributes:
            if types.setdefault(attribute.name, attribute.type) != attribute.type:
                fault(f"key attribute {attribute.name!r} has two types", "use one type for one attribute")
            if attribute.type not in {"S", "N", "B"}:
                fault(f"key attribute {attribute.name!r} has type {attribute.type!r}", "keys are S, N or B")
    if table.ttl in types:
        fault(f"the TTL attribute {table.ttl!r} is a key", "use an attribute of its own")
    included = [len(index.projection) for index in table.indexes if isinstance(index.projection, tuple)]
    if sum(included) > PROJECTED_ATTRIBUTES_MAX:
        fault("too many projected attributes", f"DynamoDB allows {PROJECTED_ATTRIBUTES_MAX} over all indexes")
    if len(table.tags) > TAGS_MAX:
        fault("too many tags", f"DynamoDB allows {TAGS_MAX}")
    return faults
