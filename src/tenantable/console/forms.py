"""What comes in with forms: texts, times and properties."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from tenantable.console.errors import Refused

_IN_WORDS = {
    "String should match pattern '^[A-Za-z0-9": "Use letters, digits, hyphens and underscores, without spaces",
    "String should have at least 1 ": "Required",
    "Field required": "Required",
    "Input should be a valid integer": "Enter a whole number",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form of a page, with what was entered, and why it was refused; its fields are named as members of the body."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    refused: Refused | None = None

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def fault(self, name: str) -> str | None:
        """What is wrong with one field."""
        if self.refused is None or name not in self.refused.faults:
            return None
        found = self.refused.faults[name]
        return next((words for start, words in _IN_WORDS.items() if found.startswith(start)), found)

    @property
    def message(self) -> str | None:
        """Why it was refused, as a sentence for people."""
        if self.refused is None:
            return None
        if self.refused.faults:
            names = ", ".join(self.refused.faults)
            return f"Check {names}."
        return self.refused.message if self.refused.message.endswith(".") else f"{self.refused.message}."


def moment_of(text: str, name: str) -> str | None:
    """
    What `datetime-local` gives, which is taken as UTC, as the API wants it. None for nothing.

    Raises:
        Refused: It is no time.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat()
    except ValueError as error:
        raise Refused(422, "Not a date", faults={name: "Enter a date and time, such as 2030-01-31 12:00"}) from error


def number_of(text: str, name: str) -> int | None:
    """
    A whole number; None for nothing.

    Raises:
        Refused: It is none.
    """
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refused(422, "Not a number", faults={name: "Enter a whole number"})
    return int(text)


def properties_of(text: str, name: str) -> dict[str, Any]:
    """
    Properties, one `name = value` a line. A value that is JSON (`5`, `true`, `["a"]`) is that, any other is a text.

    Raises:
        Refused: A line has another form.
    """
    found: dict[str, Any] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise Refused(422, "Not a property", faults={name: "Enter one name = value per line"})
        try:
            found[key] = orjson.loads(value)
        except orjson.JSONDecodeError:
            found[key] = value
    return found
