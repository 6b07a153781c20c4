"""Which system a command is about: one that ships with the product, or the user's own."""

import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenantable.errors import SettingsError

if TYPE_CHECKING:  # every command starts with this module, and few need declarations
    from tenantable.declare.grants import Component
    from tenantable.declare.naming import Naming
    from tenantable.declare.systems import System

SHIPPED = ("access", "academy", "accounts", "webhooks")

SystemName = Annotated[
    str,
    typer.Option("--system", help=f"One of {', '.join(SHIPPED)}, or your own as `module:NAME`."),
]
Stage = Annotated[str, typer.Option("--stage", help="The stage whose physical names are meant.")]
NameValues = Annotated[
    list[str] | None,
    typer.Option("--name", help="A value for the names, such as `project=acme` or `prefix=blue-`. Can be given often."),
]


def find_system(name: str) -> "System":
    """
    The system of this name. Modules of one's own are looked for in the working directory first.

    Raises:
        SettingsError: There is no such system, or what the name leads to is none.
    """
    from tenantable.declare.systems import System

    place = f"tenantable.services.{name}.declaration:SYSTEM" if name in SHIPPED else name
    module, colon, attribute = place.partition(":")
    hint = f"use one of {', '.join(SHIPPED)}, or module:NAME"
    if not colon:
        raise SettingsError(f"There is no system {name!r}", hint=hint)
    if str(Path.cwd()) not in sys.path:  # an installed command does not look where it is started
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"The system {name!r} cannot be loaded: {error}", hint=hint) from error
    if not isinstance(found, System):
        raise SettingsError(f"{name!r} is a {type(found).__name__}, and no System", hint=hint)
    return found


def find_component(system: "System", name: str) -> "Component":
    """
    The component of this name.

    Raises:
        SettingsError: The system has none; names those that are like it.
    """
    from tenantable.cli.names import unknown_name

    by_name = {component.name: component for component in system.components}
    if name not in by_name:
        raise unknown_name(f"component of {system.name}", name, by_name)
    return by_name[name]


def find_naming(system: "System", stage: str, values: Sequence[str] | None = None) -> "Naming":
    """
    The names of a system in a stage.

    Args:
        values: Texts such as `project=acme` that take the place of the naming's own values.
    Raises:
        SettingsError: A value has another form, or the system's names have no such value.
        DeclarationError: The system has no such stage, or S3 takes no bucket with such a name.
    """
    naming = system.naming(stage)
    for text in values or ():
        name, equals, value = text.partition("=")
        if not equals or name not in naming.values:
            known = ", ".join(sorted(naming.values)) or "none"
            hint = f"write name=value; the names of {system.name} have {known}"
            raise SettingsError(f"--name {text}: no such value", hint=hint)
        naming = replace(naming, values={**naming.values, name: value})
    system.check_names(naming)
    return naming
