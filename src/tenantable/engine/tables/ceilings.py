"""
OnDemandThroughput and WarmThroughput of tables and indexes: kept and described. A throttle enforces the former.

Source: API reference, OnDemandThroughput and WarmThroughput; Developer Guide, "Understanding DynamoDB warm throughput".
How an update changes ceilings, and the words for one out of range: what users quote of the service
(nubo-db/dynoxide, pull request 161; hashicorp/terraform-provider-aws, issues 39760 and 47673).
"""

from collections.abc import Mapping
from typing import Any

from tenantable.engine.tables.table import Throughput
from tenantable.wire.errors import invalid_parameter_values

ON_DEMAND = "OnDemandThroughput"
WARM = "WarmThroughput"
CAPACITIES = (ON_DEMAND, WARM)
_CEILINGS = ("MaxReadRequestUnits", "MaxWriteRequestUnits")
_NO_CEILING = -1
_ON_DEMAND_WARMTH = Throughput(read_units=12_000, write_units=4_000)
"""What every table and index that is paid by request can take at once."""


def change_capacities(
    given: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    throughput: Throughput,
    *,
    on_demand: bool,
    subject: str,
) -> dict[str, Any]:
    """
    The capacities of a table or index after a request that creates or changes it.

    Args:
        given: The request, or the part of it that is about an index.
        before: What there was; None for a table or index that is created.
        throughput: What is provisioned after the request.
        subject: What an error names: `table`, or `index NAME`.
    Raises:
        DynamoError: ValidationException for ceilings without on-demand billing or out of range, and for less warmth
            than there is.
    """
    after: dict[str, Any] = {}
    ceilings = _change_ceilings(given.get(ON_DEMAND) or {}, before, on_demand=on_demand, subject=subject)
    if ceilings:
        after[ON_DEMAND] = ceilings
    kept = (before or {}).get(WARM)
    floor = warmth(kept, throughput, on_demand=on_demand)
    wanted = given.get(WARM) or {}
    for name, least in floor.items():
        if wanted.get(name) is not None and wanted[name] < least:
            raise invalid_parameter_values(
                f"Requested {name} for {WARM} for {subject} is lower than the current value of {least}"
            )
    warm = {**(kept or {}), **{name: units for name, units in wanted.items() if units is not None}}
    return {**after, WARM: warm} if warm else after


def warmth(kept: Mapping[str, int] | None, throughput: Throughput, *, on_demand: bool) -> dict[str, int]:
    """The units that a table or index can take at once: what was asked for, or what its billing gives anyway."""
    least = _ON_DEMAND_WARMTH if on_demand else throughput
    asked = kept or {}
    return {
        "ReadUnitsPerSecond": max(least.read_units, asked.get("ReadUnitsPerSecond", 0)),
        "WriteUnitsPerSecond": max(least.write_units, asked.get("WriteUnitsPerSecond", 0)),
    }


def _change_ceilings(
    given: Mapping[str, Any], before: Mapping[str, Any] | None, *, on_demand: bool, subject: str
) -> dict[str, int]:
    ceilings = {name: given[name] for name in _CEILINGS if given.get(name) is not None}
    if not on_demand:
        for name in ceilings:
            raise invalid_parameter_values(f"{name} cannot be specified for {subject} when BillingMode is PROVISIONED")
        return {}
    kept = (before or {}).get(ON_DEMAND) or {}
    for name, units in ceilings.items():
        removes = units == _NO_CEILING and before is not None
        if units < 1 and not removes:
            raise invalid_parameter_values(f"Requested {name} for {ON_DEMAND} for {subject} is outside of valid range")
    return {name: units for name, units in {**kept, **ceilings}.items() if units != _NO_CEILING}
