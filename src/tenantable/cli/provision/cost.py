"""`tenantable cost`: what a system's traffic costs."""

from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Annotated

import typer

from tenantable.cli.systems import SystemName, find_system
from tenantable.errors import InfrastructureError


def add_commands(app: typer.Typer) -> None:
    app.command("cost")(cost)


def cost(
    *,
    system: SystemName,
    traffic: Annotated[Path, typer.Option("--traffic", help="The traffic file; examples/traffic has some.")],
    region: Annotated[str | None, typer.Option("--region", help="The region, in the place of the file's.")] = None,
    prices: Annotated[Path | None, typer.Option("--prices", help="A price table of your own.")] = None,
    storage: Annotated[bool, typer.Option("--storage", help="Show what every table and index takes up.")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write the heat of partitions as an SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say what traffic costs: capacity by table and index, heat of partitions, dollars a month."""
    import orjson
    from rich.console import Console

    from tenantable.infra.cost.estimate import estimate
    from tenantable.infra.cost.plot import heat_plot
    from tenantable.infra.cost.prices import read_prices
    from tenantable.infra.cost.rendering import estimate_document, estimate_tables
    from tenantable.infra.cost.traffic import read_traffic

    declared = find_system(system)
    read = read_traffic(traffic, declared)
    table = read_prices(prices)
    where = region or read.region
    priced = table.of(where)
    found = estimate(declared, read, priced)
    notes = [
        note
        for note in (
            f"Prices of {where}, {table.taken} ({table.source}), before free tier, taxes and commitments.",
            table.age(datetime.fromtimestamp(time(), UTC).date()),
            f"These prices are assumed: {priced.assumption}." if priced.assumption else None,
        )
        if note
    ]
    if plot is not None:
        try:
            plot.write_text(heat_plot(found.loads, f"{declared.name}: heat of partitions"), "utf-8")
        except OSError as error:
            raise InfrastructureError(f"{plot}: {error.strerror}", hint="name a file that can be written") from error
    if as_json:
        document = {"system": declared.name, "region": where, **estimate_document(found), "notes": notes}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console(width=None if Console().is_terminal else 180)
    for shown in estimate_tables(found, storage=storage):
        console.print(shown)
    console.print(*(f"- {text}" for text in (*found.assumptions, *notes)), sep="\n", highlight=False, markup=False)
