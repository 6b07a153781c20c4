"""The estimate's numbers are the engine's: whole workloads of all systems, carried out and compared."""

from collections import defaultdict
from pathlib import Path

import pytest
from tests.unit.infra.cost.workload import measured

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.infra.cost.estimate import estimate
from tenantable.infra.cost.prices import read_prices
from tenantable.infra.cost.traffic import Operation, Traffic, read_traffic

ROOT = Path(__file__).parents[4]


def times(operation: Operation) -> int:
    """Enough for every share in the files to be a whole number of calls."""
    if operation.found_share < 1 or operation.replaces_share < 1:
        return 100
    return 3 if operation.items != 1 else 7


def without_failures(traffic: Traffic) -> Traffic:
    """What fails does not say what it consumed."""
    operations = {
        place: operation.model_copy(update={"failing_share": 0.0}) for place, operation in traffic.each_operation()
    }
    return traffic.model_copy(update={"operations": operations})


@pytest.mark.parametrize("name", SHIPPED)
def test_the_engine_consumes_what_was_estimated(name: str) -> None:
    """Within 1 % by table and index, reads and writes apart."""
    system = find_system(name)
    traffic = without_failures(read_traffic(ROOT / "examples" / "traffic" / f"{name}.yaml", system))
    calls = estimate(system, traffic, read_prices().of("us-east-1")).calls
    wanted: dict[tuple[str, str | None, str], float] = defaultdict(float)
    for place, operation in traffic.each_operation():
        for kind in ("reads", "writes"):
            for (table, index), units in getattr(calls[place], kind).items():
                wanted[table, index, kind] += units * times(operation)
    found = measured(system, traffic, times)
    assert found.keys() == wanted.keys()
    assert {place: pytest.approx(units, rel=0.01) for place, units in wanted.items()} == found
