"""What a document is brought about with: each operation is one transaction."""

from dataclasses import dataclass
from typing import Literal

from tenantable.services.access.configuration.differences import Difference
from tenantable.services.access.configuration.document import GivenRole, Part

Doing = Literal["create", "change", "delete", "assign", "change-term", "unassign", "join", "move", "leave"]


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
