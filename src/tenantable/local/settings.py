"""The settings of `up`. Apart from it, so that a wrong one is named before the services are imported."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tenantable.errors import SettingsError
from tenantable.settings import COMMAND_VARIABLES, PREFIX, SECRETS, SETTINGS_FILE, Settings


def read_settings(**given: Any) -> Settings:
    """
    The settings, with what was given on the command line on top.

    Raises:
        SettingsError: A value has the wrong form; names each and where it comes from.
    """
    check_environment(os.environ)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [_described(fault, given) for fault in error.errors()]
        raise SettingsError("; ".join(faults), hint="docs/reference/settings.md lists what can be set") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{SETTINGS_FILE} is not valid TOML: {error}") from error


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a variable that looks like a setting and is none: a misspelt one would be ignored."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | COMMAND_VARIABLES
    unknown = sorted(name for name in environment if name.startswith(PREFIX) and name.upper() not in known)
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/reference/settings.md lists what can be set"
        raise SettingsError(f"There is no setting {', '.join(unknown)}", hint=hint)


def _described(fault: ErrorDetails, given: Mapping[str, Any]) -> str:
    """One fault with its value (never a secret's) and where the value comes from."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":  # its value may be that of a secret whose name is misspelt
        return f"There is no setting {name} in {SETTINGS_FILE}"
    variable = f"{PREFIX}{name.upper()}"
    if given.get(name) is not None:
        place = f"--{name.replace('_', '-')}"
    else:
        place = variable if variable in os.environ else f"{name} in {SETTINGS_FILE}"
    value = "" if name in SECRETS else f" {str(fault['input'])[:60]!r}"
    return f"{place}{value}: {fault['msg']}"
