"""The price table: what DynamoDB costs in a region, with its date."""

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from tenantable.errors import InfrastructureError
from tenantable.infra.cost.traffic import Strict

STALE_DAYS = 365

Dollars = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Prices(Strict):
    """Prices of one region in dollars; `assumption` says where they are no published ones, None: they are."""

    read_request_units_million: Dollars
    write_request_units_million: Dollars
    replicated_write_request_units_million: Dollars
    read_capacity_unit_hour: Dollars
    write_capacity_unit_hour: Dollars
    replicated_write_capacity_unit_hour: Dollars
    storage_gb_month: Dollars
    point_in_time_recovery_gb_month: Dollars
    backup_gb_month: Dollars
    stream_read_request_units_million: Dollars
    assumption: str | None = None


class PriceTable(Strict):
    """Prices by region, the day they were taken (`date` in the file), and where from."""

    taken: date = Field(alias="date")
    source: str
    regions: Mapping[str, Prices]

    def of(self, region: str) -> Prices:
        """InfrastructureError for a region that is not in the table."""
        found = self.regions.get(region)
        if found is None:
            known = ", ".join(sorted(self.regions))
            hint = f"known are {known}; add it to a copy of the table and name that with --prices"
            raise InfrastructureError(f"no prices of the region {region!r}", hint=hint)
        return found

    def age(self, today: date) -> str | None:
        """A sentence when the prices are older than a year, else None."""
        days = (today - self.taken).days
        if days <= STALE_DAYS:
            return None
        return f"The prices are of {self.taken}, {days} days old: replace them with --prices."


def read_prices(path: Path | None = None) -> PriceTable:
    """
    The price table of a file, or the one that is shipped.

    Raises:
        InfrastructureError: The file cannot be read, is no YAML or has another form; names every place.
    """
    place = path or files("tenantable.infra.cost").joinpath("prices.yaml")
    try:
        return PriceTable.model_validate(yaml.safe_load(place.read_text("utf-8")))
    except OSError as error:
        raise InfrastructureError(f"{place}: {error.strerror}", hint="name a price table") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InfrastructureError(f"{place} is no YAML: {error}") from error
    except ValidationError as error:
        faults = "".join(f"\n  - {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InfrastructureError(f"{place}: {error.error_count()} fault(s):{faults}") from error
