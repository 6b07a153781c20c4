"""The traffic file: how often each access pattern and write happens, on items of which size."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import log
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tenantable.declare.grants.granted import WriteKind
from tenantable.declare.patterns import Pattern, QueryPattern
from tenantable.declare.systems import System
from tenantable.errors import InfrastructureError
from tenantable.infra.cost.malformed import faults_of

TABLE = "table"
"""In the place of an index's name: the table itself."""
ITEMS_PER_QUERY_MAX = 10_000
QUERY_BYTES_MAX = 64 * 1024 * 1024
TRAFFIC_BYTES_MAX = 1024 * 1024

Rate = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=0, le=400 * 1024)]


class Strict(BaseModel):
    """Unknown names are refused, so that a mistyped one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Keys(Strict):
    """How requests spread over partition keys: `count` keys, alike or by Zipf's law with this exponent."""

    count: Annotated[int, Field(ge=1, le=10_000_000_000)]
    distribution: Literal["uniform", "zipf"] = "zipf"
    exponent: Annotated[float, Field(gt=0, le=5)] = 1.0

    @property
    def hottest_share(self) -> float:
        """The part of the requests that the hottest key gets."""
        if self.distribution == "uniform":
            return 1 / self.count
        counted = min(self.count, 10_000)
        total: float = sum(rank**-self.exponent for rank in range(1, counted + 1))
        if self.count > counted:  # the rest as an integral: exact to a few parts in ten thousand
            total += _tail(counted, self.count, self.exponent)
        return float(1 / total)


class Items(Strict):
    """
    The items of one entity.

    `bytes` is the size of a whole item as DynamoDB counts it, `attributes` the sizes of single values by Python name;
    what neither says is estimated from the types. `absent` names optional attributes that items usually lack, `values`
    gives sample values as they are, for attributes whose validators want more than a type.
    `standing` is the part of the items that stand in an index, by its name; where nothing is said, all that could.
    """

    count: Annotated[int, Field(ge=0, le=10**13)] = 0
    bytes: Annotated[int, Field(ge=1, le=400 * 1024)] | None = None
    attributes: Mapping[str, Size] = Field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    values: Mapping[str, Any] = Field(default_factory=dict)
    standing: Mapping[str, Share] = Field(default_factory=dict)


class Operation(Strict):
    """
    How often one access pattern or write happens.

    Rates are per second; `peak_per_second` defaults to the average. Reads: `items` are those that one call reads, also
    by entity for a collection; `given` names optional parameters that calls fill; `found_share` is how often a key
    exists. Writes: `changes` and `removes` name attributes, `absent` those that the item lacks before;
    `target` says whether the writer has read the entity or knows its key; `replaces_share` is how often a put finds an
    item, `failing_share` how often a condition fails. `in_transaction` None: as the grants demand it.
    `hottest_share` is the part that goes to the hottest partition key, also by index, or follows from `keys`.
    """

    per_second: Rate
    peak_per_second: Rate | None = None
    items: Annotated[int, Field(ge=0, le=ITEMS_PER_QUERY_MAX)] | Mapping[str, Annotated[int, Field(ge=0)]] = 1
    given: frozenset[str] = frozenset()
    consistent: bool = False
    found_share: Share = 1.0
    changes: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    absent: frozenset[str] | None = None
    target: Literal["entity", "key"] = "key"
    returning: bool = True
    replaces_share: Share = 1.0
    failing_share: Share = 0.0
    in_transaction: bool | None = None
    hottest_share: Share | Mapping[str, Share] | None = None
    keys: Keys | None = None

    @model_validator(mode="after")
    def _rates_and_shares_agree(self) -> "Operation":
        if self.peak_per_second is not None and self.peak_per_second < self.per_second:
            raise ValueError(f"peak_per_second is {self.peak_per_second}, less than per_second {self.per_second}")
        if self.keys is not None and self.hottest_share is not None:
            raise ValueError("keys and hottest_share say the same thing; give one of them")
        return self

    @property
    def peak(self) -> float:
        return self.per_second if self.peak_per_second is None else self.peak_per_second

    def filled(self, pattern: Pattern) -> frozenset[str]:
        """The parameters that calls fill: those without a default, and those that are named in `given`."""
        required = {name for name, each in pattern.parameters.items() if each.default is each.empty}
        return frozenset(required) | self.given


class StreamReading(Strict):
    """GetRecords calls per second that are paid for; those of Lambda functions are not."""

    reads_per_second: Rate


class Traffic(Strict):
    """
    A whole traffic file.

    `utilisation` is the part of provisioned capacity that is meant to be used at the peak, `tenant_bytes` the length of
    a tenant's id. `operations` go by names as declared: `Events.recent`, `Event.create`; `items` by entity, `streams`
    and `backups` (full copies that are kept) by table.
    """

    system: str | None = None
    region: str = "us-east-1"
    utilisation: Annotated[float, Field(gt=0, le=1)] = 0.7
    tenant_bytes: Annotated[int, Field(ge=1, le=128)] = 12
    items: Mapping[str, Items] = Field(default_factory=dict)
    operations: Mapping[str, Operation | tuple[Operation, ...]]
    streams: Mapping[str, StreamReading] = Field(default_factory=dict)
    backups: Mapping[str, Annotated[int, Field(ge=0, le=100_000)]] = Field(default_factory=dict)

    def each_operation(self) -> Iterator[tuple[str, Operation]]:
        """Every operation with its place in the file, such as `Event.update[1]`."""
        for name, given in self.operations.items():
            if isinstance(given, Operation):
                yield name, given
            else:
                yield from ((f"{name}[{position}]", each) for position, each in enumerate(given))

    def items_of(self, entity: str) -> Items:
        return self.items.get(entity) or Items()


def read_traffic(path: Path, system: System) -> Traffic:
    """
    A traffic file, checked against the system.

    Raises:
        InfrastructureError: The file cannot be read or is no YAML, or something in it is wrong; names every place.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InfrastructureError(
            f"{path}: {error.strerror}", hint="name a traffic file; examples/traffic has some"
        ) from error
    if len(text) > TRAFFIC_BYTES_MAX:
        raise InfrastructureError(f"{path} has more than {TRAFFIC_BYTES_MAX} bytes", hint="is this a traffic file?")
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InfrastructureError(
            f"{path} is no YAML: {error}", hint="docs/howto/capacity.md shows the form"
        ) from error
    try:
        return traffic_of(content, system)
    except InfrastructureError as error:
        raise InfrastructureError(f"{path}: {error.message}", hint=error.hint) from error


def traffic_of(content: Any, system: System) -> Traffic:
    """As `read_traffic`, from what a file holds."""
    try:
        traffic = Traffic.model_validate(content)
    except ValidationError as error:
        found = faults_of(error)
        raise InfrastructureError(
            f"{len(found)} fault(s):{_listed(found)}", hint="docs/howto/capacity.md shows the form"
        ) from error
    faults = list(_faults(traffic, system))
    if faults:
        raise InfrastructureError(f"the traffic does not fit the system {system.name!r}:{_listed(faults)}")
    return traffic


def patterns_by_place(system: System) -> dict[str, Pattern]:
    return {pattern.place: pattern for pattern in system.patterns}


def _tail(first: int, last: int, exponent: float) -> float:
    """The sum of rank ** -exponent for ranks after `first` up to `last`, by the midpoint rule."""
    low, high = first + 0.5, last + 0.5
    if abs(exponent - 1) < 1e-9:
        return log(high / low)
    return float((high ** (1 - exponent) - low ** (1 - exponent)) / (1 - exponent))


def _listed(faults: list[str]) -> str:
    return "".join(f"\n  - {fault}" for fault in faults)


def _near(name: str, known: list[str]) -> str:
    found = get_close_matches(name, known, n=3, cutoff=0.5)
    head, dot, _ = name.partition(".")
    if dot:  # when the first word is right, the second must be one of its own
        own = [each for each in known if each.startswith(f"{head}.")]
        found = get_close_matches(name, own, n=8, cutoff=0.0) or found
    return f"did you mean {' or '.join(found)}?" if found else f"known are {', '.join(sorted(known)[:12])}"


def _faults(traffic: Traffic, system: System) -> Iterator[str]:
    if traffic.system is not None and traffic.system != system.name:
        yield f"system: the file is for {traffic.system!r}"
    entities = {layout.entity.model.__name__: layout for layout in system.layouts}
    tables = [table.name for table in system.tables]
    for member, named in (("streams", list(traffic.streams)), ("backups", list(traffic.backups))):
        yield from (f"{member}.{name}: no such table; {_near(name, tables)}" for name in named if name not in tables)
    for name, items in traffic.items.items():
        if name not in entities:
            yield f"items.{name}: no such entity; {_near(name, list(entities))}"
            continue
        indexes = [index.name for index in entities[name].table.indexes]
        yield from _attribute_faults(f"items.{name}", entities[name], [*items.attributes, *items.absent, *items.values])
        yield from (
            f"items.{name}.standing: no such index {index!r}; {_near(index, indexes)}"
            for index in items.standing
            if index not in entities[name].index_keys
        )
    patterns = patterns_by_place(system)
    known = [*patterns, *(f"{entity}.{kind}" for entity in entities for kind in get_args(WriteKind))]
    for place, operation in traffic.each_operation():
        name = place.partition("[")[0]
        if name not in known:
            yield f"operations.{name}: no such access pattern or write; {_near(name, known)}"
        elif name in patterns:
            yield from _read_faults(place, operation, patterns[name])
        else:
            layout = entities[name.rpartition(".")[0]]
            names = [*operation.changes, *operation.removes, *(operation.absent or ())]
            yield from _attribute_faults(f"operations.{place}", layout, names)
            yield from _write_faults(place, operation, [TABLE, *(index.name for index in layout.table.indexes)])


def _attribute_faults(place: str, layout: Any, names: list[str]) -> Iterator[str]:
    attributes = layout.entity.attributes
    for name in names:
        if name not in attributes:
            yield f"{place}: no such attribute {name!r}; {_near(name, list(attributes))}"


def _read_faults(place: str, operation: Operation, pattern: Pattern) -> Iterator[str]:
    place = f"operations.{place}"
    for name in sorted(operation.given - pattern.parameters.keys()):
        yield f"{place}.given: no such parameter {name!r}; {_near(name, list(pattern.parameters))}"
    if isinstance(pattern, QueryPattern):
        gap = pattern.sort_key_gap(operation.filled(pattern))
        if gap is not None:
            yield f"{place}.given: {gap[1]} is given, and {gap[0]} before it in the sort key is not; add {gap[0]}"
    elif operation.items != 1:
        yield f"{place}.items: {pattern.place} reads one item by its key"
    if isinstance(operation.items, Mapping):
        known = [entity.__name__ for entity in pattern.entities]
        for name in sorted(operation.items.keys() - set(known)):
            yield f"{place}.items: {pattern.place} reads no {name}; {_near(name, known)}"
        if sum(operation.items.values()) > ITEMS_PER_QUERY_MAX:
            yield f"{place}.items: more than {ITEMS_PER_QUERY_MAX} items in one call"
    if operation.consistent and pattern.index is not None and not pattern.index.local:
        yield f"{place}.consistent: a global index cannot be read consistently"
    if operation.changes or operation.removes or operation.in_transaction or operation.failing_share:
        yield f"{place}: changes, removes, in_transaction and failing_share are for writes"


def _write_faults(place: str, operation: Operation, where: list[str]) -> Iterator[str]:
    kind = place.partition("[")[0].rpartition(".")[2]
    place = f"operations.{place}"
    if kind == "update" and not (operation.changes or operation.removes):
        yield f"{place}: say which attributes change, such as changes: [status]"
    if kind not in {"update", "put"} and (operation.changes or operation.removes):
        yield f"{place}: only updates and puts change attributes"
    if operation.given or operation.items != 1 or operation.consistent:
        yield f"{place}: items, given and consistent are for reads"
    if kind == "check" and operation.in_transaction is False:
        yield f"{place}.in_transaction: a check exists in transactions alone"
    if isinstance(operation.hottest_share, Mapping):
        for name in sorted(operation.hottest_share.keys() - set(where)):
            yield f"{place}.hottest_share: no such index {name!r}; {_near(name, where)}"
