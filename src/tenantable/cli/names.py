"""Names that a command is given, found among those that there are; a wrong one is answered with the near ones."""

from collections.abc import Iterable

from tenantable.errors import SettingsError, near_names

_SHOWN_MAX = 12


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingsError:
    """The error for a name that nothing has, such as a `table`, with what was probably meant."""
    names = sorted(set(known))
    near = near_names(name, names)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif not names:
        hint = "there is none"
    else:
        more = ", ..." if len(names) > _SHOWN_MAX else ""
        hint = f"there are {', '.join(names[:_SHOWN_MAX])}{more}"
    return SettingsError(f"There is no {kind} {name!r}", hint=hint)
