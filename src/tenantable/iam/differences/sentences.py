"""Permissions in words, those that are alike in one sentence."""

from collections.abc import Iterable, Iterator

from tenantable.iam.differences.permissions import Permission, Words
from tenantable.iam.lint.actions import ENCLOSING, KEYS, LEADING_KEYS, RETURN_VALUES, SELECT
from tenantable.iam.patterns import Pattern, Variable, Wildcard, split_arn

_KEY_NAMES = {ENCLOSING: "EnclosingOperation", RETURN_VALUES: "ReturnValues", SELECT: "Select"}


def sentences(permissions: Iterable[Permission], verb: str) -> Iterator[str]:
    """
    `may now dynamodb:Query on index by-date of table Orders for any leading key`.

    Args:
        verb: `may now`, before the actions; `is no longer denied`, likewise.
    """
    words: dict[tuple[str, str], set[Words]] = {}
    for each in permissions:
        words.setdefault((each.action.text, _rest(each)), set()).add(each.words)
    actions: dict[tuple[str, str], list[str]] = {}
    for (action, rest), choices in words.items():
        actions.setdefault((rest, _said(choices)), []).append(action)
    places: dict[tuple[str, str], list[str]] = {}
    for (rest, said), names in actions.items():
        places.setdefault((_listed(sorted(set(names))), said), []).append(rest)
    for (shown, said), rests in places.items():
        for rest in sorted(set(rests)):
            yield f"{verb} {shown} {rest}{said}"


def _rest(permission: Permission) -> str:
    """All but the action and the words."""
    parts = [f"on {_place(permission.resource.text)}"]
    has_keys = LEADING_KEYS in KEYS.get(permission.action.text, frozenset())
    if permission.leading_keys is not None:
        parts.append(f"for leading keys {_listed([_text(each) for each in permission.leading_keys])}")
    elif has_keys:
        parts.append("for any leading key")
    if permission.attributes is not None:
        parts.append(f"with attributes {_listed(sorted(map(_text, permission.attributes)))}")
    parts += [f"where {each}" for each in sorted(map(str, permission.others))]
    return " ".join(parts)


def _place(text: str) -> str:
    if text == "*":
        return "everything"
    segments = split_arn(text)
    if len(segments) < 6 or segments[2] != "dynamodb":
        return text
    kind, _, rest = segments[5].partition("/")
    name, _, below = rest.partition("/index/") if "${" not in rest else (rest, "", "")
    home = f" in {segments[3] or 'no region'} of {segments[4]}"
    if kind != "table":
        return text
    if below:
        return f"index {below} of table {name}{home}"
    return f"table {name}{home}" if "/" not in rest else text


def _said(words: set[Words]) -> str:
    """The words that it takes, where not every choice of them will do."""
    said = []
    for place, key in enumerate(next(iter(sorted(words, key=str)), ())):
        values = {choice[place][1] for choice in words}
        full = {ENCLOSING: 4, RETURN_VALUES: 6, SELECT: 5}[key[0]]
        if len(values) < full:
            if key[0] == ENCLOSING:
                shown = _listed(sorted(value for value in values if value is not None))
                inside = f"inside {shown}" if shown else ""
                said.append(f"{inside} or alone" if inside and None in values else inside or "outside transactions")
            else:
                shown = _listed(sorted("absent" if value is None else value for value in values))
                said.append(f"with {_KEY_NAMES[key[0]]} {shown}")
    return "".join(f", {each}" for each in said)


def _text(pattern: Pattern) -> str:
    shown = []
    for part in pattern:
        if isinstance(part, Variable):
            shown.append(f"${{{part.key}}}")
        else:
            shown.append(part.value if isinstance(part, Wildcard) else part)
    return "".join(shown).replace("\udc24", "$")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1] if names else ""
