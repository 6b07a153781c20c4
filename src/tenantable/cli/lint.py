"""`tenantable lint`: what is wrong with designs and policies before anybody runs them."""

import typer

from tenantable.cli.design import add_commands as add_design

group = typer.Typer(help="Look for what will go wrong.", no_args_is_help=True)
for _add in (add_design,):
    _add(group)


def add_commands(app: typer.Typer) -> None:
    app.add_typer(group, name="lint")
