"""What is said of a traffic file that has another form: of every place, its own fault alone."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

_KINDS = frozenset({"Operation", "float", "constrained-int", "constrained-float"})
"""How pydantic names the ways in which a value may be written; others have a bracket in their name."""
_EXPECTED = "Input should be a "


def faults_of(error: ValidationError) -> list[str]:
    """
    The faults in the file's order, each with its place and the value.

    Where something may be written in several ways, pydantic tries all of them and complains of each. A value of the
    wrong kind for one way has the right kind for another, if that one complains of anything else; so it is said only
    where no way fits.
    """
    by_place: dict[str, list[Mapping[str, Any]]] = {}
    for fault in error.errors():
        by_place.setdefault(_place(fault["loc"]), []).append({**fault})
    said = []
    for place, faults in by_place.items():
        own = [fault for fault in faults if not fault["type"].endswith("_type")]
        if own:
            said += [f"{place}: {_problem([fault])}" for fault in own]
        elif not any(other.startswith((f"{place}.", f"{place}[")) for other in by_place):
            said.append(f"{place}: {_problem(faults)}")
    return said


def _place(steps: tuple[int | str, ...]) -> str:
    """Where in the file; the ways that pydantic tried are no places."""
    shown = [step for step in steps if not (isinstance(step, str) and ("[" in step or step in _KINDS))]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in shown).lstrip(".") or "the file"


def _problem(faults: Sequence[Mapping[str, Any]]) -> str:
    first, *others = (fault["msg"].removeprefix("Value error, ") for fault in faults)
    expected = [first, *(f"a {other.removeprefix(_EXPECTED)}" for other in others)]
    return f"{', or '.join(expected)} (it is {reprlib.repr(faults[0]['input'])})"
