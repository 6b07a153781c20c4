"""What a document would change, each part for itself, in words and for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.services.access.changes.comparing import comparison
from tenantable.services.access.configuration.document import SECTIONS, Document, MemberPart, Part

KINDS = dict(zip(SECTIONS, ("permission-set", "role", "team-role", "team", "member"), strict=True))
_WORDS = {"permission_sets": "permission sets", "active": "switched on"}
Action = Literal["create", "change", "delete"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A part as it is (None: it is not there) and as it is to be (None: it is to go)."""

    kind: str
    id: str
    before: Part | None
    after: Part | None

    @property
    def action(self) -> Action:
        return "create" if self.before is None else "delete" if self.after is None else "change"

    def sentence(self) -> str:
        """What would happen, as people say it."""
        subject = f"The {self.kind.replace('-', ' ')} {self.id}"
        if self.before is None or self.after is None:
            return f"{subject} is {'deleted' if self.after is None else 'created'}"
        told = [
            f"{_WORDS.get(name, name)} {', '.join(comparison(getattr(self.before, name), getattr(self.after, name)))}"
            for name in type(self.after).model_fields
            if getattr(self.before, name) != getattr(self.after, name)
        ]
        return f"{subject}: {'; '.join(told)}"


def differences(current: Document, wanted: Document) -> list[Difference]:
    """Section by section, and by id; nothing for a section that the document leaves out."""
    found: list[Difference] = []
    for section, kind in KINDS.items():
        after = _by_id(getattr(wanted, section))
        if getattr(wanted, section) is None:
            continue
        before = _by_id(getattr(current, section))
        ids = sorted(after.keys() if section == "members" else before.keys() | after.keys())
        for each in ids:
            was, is_to_be = _alike(before.get(each)), _alike(after.get(each))
            if was != is_to_be:
                found.append(Difference(kind=kind, id=each, before=was, after=is_to_be))
    return found


def merged(current: Document, wanted: Document) -> Document:
    """What there will be: the current sections where the document leaves one out."""
    kept = {name: getattr(current, name) for name in SECTIONS if getattr(wanted, name) is None}
    return wanted.model_copy(update=kept)


def _by_id(section: Iterable[Any] | None) -> dict[str, Any]:
    return {each.id: each for each in section or ()}


def _alike(part: Part | None) -> Part | None:
    """The roles of a member have no order."""
    if isinstance(part, MemberPart):
        return part.model_copy(update={"roles": sorted(part.roles, key=lambda given: given.role)})
    return part
