"""What a document would change, each part for itself, in words and for programs; and with which transactions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tenantable.services.access.changes.comparing import comparison
from tenantable.services.access.configuration.document import SECTIONS, Document, GivenRole, MemberPart, Part

KINDS = dict(zip(SECTIONS, ("permission-set", "role", "team-role", "team", "member"), strict=True))
ORGANISATION = "organisation"
_WORDS = {"permission_sets": "permission sets", "active": "switched on", "allowed_domains": "allowed domains"}
Action = Literal["create", "change", "delete"]
Doing = Literal["create", "change", "delete", "assign", "change-term", "unassign", "join", "move", "leave"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A part as it is (None: it is not there) and as it is to be (None: it is to go). The organisation has no `id`."""

    kind: str
    id: str
    before: Part | None
    after: Part | None

    @property
    def action(self) -> Action:
        return "create" if self.before is None else "delete" if self.after is None else "change"

    def sentence(self) -> str:
        """What would happen, as people say it."""
        subject = f"The {self.kind.replace('-', ' ')} {self.id}".rstrip()
        if self.before is None or self.after is None:
            return f"{subject} is {'deleted' if self.after is None else 'created'}"
        told = [
            f"{_WORDS.get(name, name)} {', '.join(comparison(getattr(self.before, name), getattr(self.after, name)))}"
            for name in type(self.after).model_fields
            if getattr(self.before, name) != getattr(self.after, name)
        ]
        return f"{subject}: {'; '.join(told)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """
    One transaction. `part` is what is to be there, or what goes; for members, `given` is the role, or `team` and
    `team_role` are the place.
    """

    doing: Doing
    difference: Difference
    part: Part
    given: GivenRole | None = None
    team: str = ""
    team_role: str = ""


def differences(current: Document, wanted: Document) -> list[Difference]:
    """Section by section, and by id; nothing for a section that the document leaves out."""
    found: list[Difference] = []
    if wanted.organisation not in (None, current.organisation):
        found.append(Difference(kind=ORGANISATION, id="", before=current.organisation, after=wanted.organisation))
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
    names = ("organisation", *SECTIONS)
    kept = {name: getattr(current, name) for name in names if getattr(wanted, name) is None}
    return wanted.model_copy(update=kept)


def _by_id(section: Iterable[Any] | None) -> dict[str, Any]:
    return {each.id: each for each in section or ()}


def _alike(part: Part | None) -> Part | None:
    """The roles of a member have no order."""
    if isinstance(part, MemberPart):
        return part.model_copy(update={"roles": sorted(part.roles, key=lambda given: given.role)})
    return part
