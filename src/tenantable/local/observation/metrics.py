"""The metrics of engines in Prometheus's form: counts as they are kept, gauges measured when somebody asks."""

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tenantable.engine import Engine
from tenantable.engine.metering.measurements import Measurements
from tenantable.local.observation.tallies import SECONDS_BOUNDS, Tallies

PREFIX = "tenantable_dynamodb_"

_TABLE = ("account", "region", "table")
_CONSUMER = (*_TABLE, "stream", "consumer")  # a table that had several streams has the consumers of each


def engine_registry(
    tallies: Tallies, engines: Callable[[], Iterable[Engine]], connections: Callable[[], int]
) -> CollectorRegistry:
    """
    A registry with every metric there is of engines.

    Args:
        engines: Those that are open, whose gauges are shown.
        connections: How many callers are connected.
    """
    registry = CollectorRegistry()
    registry.register(_EngineMetrics(tallies, engines, connections))
    return registry


class _EngineMetrics(Collector):
    def __init__(
        self, tallies: Tallies, engines: Callable[[], Iterable[Engine]], connections: Callable[[], int]
    ) -> None:
        self._tallies = tallies
        self._engines = engines
        self._connections = connections

    def describe(self) -> Iterable[Metric]:
        """Nothing: so that registering does not measure."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._counts()
        yield from _gauges([engine.measure() for engine in self._engines()])
        yield GaugeMetricFamily(f"{PREFIX}connections", "Open connections of callers.", value=self._connections())

    def _counts(self) -> Iterator[Metric]:
        operations = _counter("operations", "Operations, by DynamoDB's error or `success`.", "operation", "code")
        help_ = "Time of a success in the engine, with the wait for its commit."
        durations = HistogramMetricFamily(f"{PREFIX}operation_seconds", help_, labels=["operation"])
        consumed = _counter("consumed_units", "Capacity units of a table and its indexes.", *_TABLE, "operation")
        refused = _counter("refused", "Requests that came to no engine: not signed well, not for DynamoDB.", "code")
        for operation, found in self._tallies.successes().items():
            operations.add_metric([operation, "success"], sum(found.counts))
            durations.add_metric([operation], _buckets(found.counts), found.seconds)
        for (operation, code), number in self._tallies.failures().items():
            operations.add_metric([operation, code], number)
        for home, by_subject in self._tallies.consumed().items():
            for (operation, table), units in by_subject.items():
                consumed.add_metric([home.account_id, home.region, table, operation], units)
        for code, number in self._tallies.refused().items():
            refused.add_metric([code], number)
        yield from (operations, durations, consumed, refused)


def _buckets(counts: list[int]) -> list[tuple[str, float]]:
    """Prometheus's buckets hold what took so long at most."""
    return list(zip((*map(str, SECONDS_BOUNDS), "+Inf"), accumulate(counts), strict=True))


def _gauges(measured: list[Measurements]) -> Iterator[Metric]:
    throttled = _counter("throttled", "Items and requests throttled, by the limit.", *_TABLE, "index", "reason")
    items = _gauge("items", "Items of a table, or entries of its index.", *_TABLE, "index")
    sizes = _gauge("item_bytes", "Their size by DynamoDB's rules.", *_TABLE, "index")
    records = _gauge("stream_behind_records", "Records that a consumer has not dealt with.", *_CONSUMER)
    seconds = _gauge("stream_behind_seconds", "Age of the first of them; 0 without any.", *_CONSUMER)
    database = _gauge("database_bytes", "Size of the database's file.", "account", "region")
    log = _gauge("log_bytes", "Size of its write-ahead log.", "account", "region")
    for each in measured:
        home = [each.home.account_id, each.home.region]
        for limit, number in each.throttled.items():
            throttled.add_metric([*home, limit.table_name, limit.index_name or "", limit.reason], number)
        for held in each.sizes:
            items.add_metric([*home, held.table_name, held.index or ""], held.item_count)
            sizes.add_metric([*home, held.table_name, held.index or ""], held.size_bytes)
        for lag in each.lags:
            labels = [*home, lag.table_name, lag.stream_label, lag.consumer]
            records.add_metric(labels, lag.records)
            seconds.add_metric(labels, lag.seconds)
        database.add_metric(home, each.database_bytes)
        log.add_metric(home, each.log_bytes)
    yield from (throttled, items, sizes, records, seconds, database, log)


def _counter(name: str, help_: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}{name}", help_, labels=labels)


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", help_, labels=labels)
