"""The public names and their parameters, as promised: a change here is a change for users, and is in the changelog."""

import enum
import importlib.resources
import inspect
import os
from pathlib import Path
from typing import Any

PROMISED = Path(__file__).parent / "golden" / "public.txt"
PACKAGES = (
    "tenantable.declare",
    "tenantable.data",
    "tenantable.engine",
    "tenantable.iam",
    "tenantable.local.systems",
    "tenantable.testing",
    "tenantable.errors",
)


def signature(value: Any) -> str:
    """Parameters by name and kind; types are left to the checkers, as their text differs between Python versions."""
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return " = " + " | ".join(member.name for member in value)
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return ""
    return "(" + ", ".join(map(described, parameters)) + ")"


def described(parameter: inspect.Parameter) -> str:
    many = {inspect.Parameter.VAR_POSITIONAL.name: "*", inspect.Parameter.VAR_KEYWORD.name: "**"}
    star = many.get(parameter.kind.name, "")
    keyword = "keyword " if parameter.kind is inspect.Parameter.KEYWORD_ONLY else ""
    optional = "" if parameter.default is inspect.Parameter.empty else "=..."
    return f"{keyword}{star}{parameter.name}{optional}"


def public_names() -> str:
    lines = []
    for package in PACKAGES:
        module = importlib.import_module(package)
        assert list(module.__all__) == sorted(module.__all__), f"{package}.__all__ is sorted"
        for name in module.__all__:
            value = getattr(module, name)
            lines.append(f"{package}.{name}{signature(value)}")
            if inspect.isclass(value):
                methods = [
                    (key, member)
                    for key, member in vars(value).items()
                    if not key.startswith("_") and inspect.isfunction(member)
                ]
                lines += [f"{package}.{name}.{key}{signature(member)}" for key, member in sorted(methods)]
    return "\n".join(lines) + "\n"


def test_public_names_are_the_promised_ones() -> None:
    if os.environ.get("REWRITE_GOLDEN") == "1":
        PROMISED.parent.mkdir(exist_ok=True)
        PROMISED.write_text(public_names())
    assert public_names() == PROMISED.read_text(), "run `make golden`, review the difference, write the changelog"


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    """Without the marker they ignore every annotation of an installed package (PEP 561)."""
    assert (importlib.resources.files("tenantable") / "py.typed").is_file()
