"""
What a configuration document says: the organisation, permission sets, roles, team roles, teams, and what members have
of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from tenantable.services.access.configuration.yaml_text import Loaded, Place, dump, load
from tenantable.services.access.directory.schemas import Domains
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.identity.subjects import USER_ID_PATTERN
from tenantable.services.access.permissions.schemas import ENTRIES_MAX, WrittenEntry
from tenantable.services.access.roles.schemas import PARENTS_MAX, SETS_MAX
from tenantable.services.access.teams.definitions import Reach
from tenantable.web.requests.members import told

SECTIONS = ("permission_sets", "roles", "team_roles", "teams", "members")
PARTS_MAX = 2_000
"""Parts of one section of a document."""

Id = Annotated[str, Field(pattern=ID_PATTERN)]


class Part(BaseModel):
    """Strict types, no unknown members, camel case."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        validate_by_name=True,
        serialize_by_alias=True,
    )


def _role(found: Any) -> Any:
    return {"role": found} if isinstance(found, str) else found


class OrganisationPart(Part):
    """What the organisation is called, and which domains it invites; none: every one."""

    name: Name
    allowed_domains: Domains = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _leave_seats(cls, found: Any) -> Any:
        if isinstance(found, dict) and "seatLimit" in found:
            raise ValueError("how many seats there are is for the platform's administrator to say: leave seatLimit out")
        return found


class SetPart(Part):
    """A permission set. An entry that allows without conditions is written as its key alone."""

    id: Id
    name: Name
    active: bool = True
    entries: list[WrittenEntry] = Field(default=[], max_length=ENTRIES_MAX)


class RolePart(Part):
    """A role: its permission sets, and the roles whose permissions it has too."""

    id: Id
    name: Name
    active: bool = True
    permission_sets: list[Id] = Field(default=[], max_length=SETS_MAX)
    parents: list[Id] = Field(default=[], max_length=PARENTS_MAX)


class TeamRolePart(Part):
    """A role that members of teams can have."""

    id: Id
    name: Name
    active: bool = True
    permission_sets: list[Id] = Field(default=[], max_length=SETS_MAX)
    reach: Reach = "organisation"


class TeamPart(Part):
    """A team, perhaps within a division."""

    id: Id
    name: Name
    active: bool = True
    division: Id | None = None


class GivenRole(Part):
    """A role that a member has; without a term it is written as its id alone."""

    role: Id
    not_before: AwareDatetime | None = Field(default=None, strict=False)
    not_after: AwareDatetime | None = Field(default=None, strict=False)


class MemberPart(Part):
    """All roles of a member, and the role in each team. `id` is the user's."""

    id: Annotated[str, Field(pattern=USER_ID_PATTERN)]
    roles: list[Annotated[GivenRole, BeforeValidator(_role)]] = Field(default=[], max_length=100)
    teams: dict[Id, Id] = Field(default={}, max_length=200)


class Document(Part):
    """
    A configuration. A section that is left out stays as it is. One that is there says all there is to be; but `members`
    speaks of the members that it names alone.
    """

    format: Literal[1] = 1
    organisation: OrganisationPart | None = None
    permission_sets: list[SetPart] | None = Field(default=None, max_length=PARTS_MAX)
    roles: list[RolePart] | None = Field(default=None, max_length=PARTS_MAX)
    team_roles: list[TeamRolePart] | None = Field(default=None, max_length=PARTS_MAX)
    teams: list[TeamPart] | None = Field(default=None, max_length=PARTS_MAX)
    members: list[MemberPart] | None = Field(default=None, max_length=PARTS_MAX)

    @model_validator(mode="after")
    def _each_once(self) -> "Document":
        for name in SECTIONS:
            _refuse_twice(to_camel(name), (each.id for each in getattr(self, name) or ()))
        for role in self.roles or ():
            _refuse_twice(f"roles, {role.id}", [*role.permission_sets])
            _refuse_twice(f"roles, {role.id}", [*role.parents])
        for team_role in self.team_roles or ():
            _refuse_twice(f"teamRoles, {team_role.id}", team_role.permission_sets)
        for member in self.members or ():
            _refuse_twice(f"members, {member.id}", (given.role for given in member.roles))
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A document as somebody wrote it."""

    document: Document
    loaded: Loaded

    def refuse(self, faults: Iterable[tuple[Place, str]]) -> None:
        """
        Raises:
            RequestValidationError: There are faults; names each place with its line.
        """
        found = [_fault(self.loaded, place, problem) for place, problem in faults]
        if found:
            raise RequestValidationError(found)


def read_document(text: bytes) -> Written:
    """
    Raises:
        Unprocessable: It is no YAML.
        RequestValidationError: It is, and says what no configuration can; names each place with its line.
    """
    loaded = load(text)
    try:
        return Written(document=Document.model_validate(loaded.value), loaded=loaded)
    except ValidationError as error:
        faults = [_fault(loaded, tuple(each["loc"]), told(each, Document)) for each in error.errors()]
        raise RequestValidationError(faults) from error


def write_document(document: Document, *, seat_limit: int | None = None) -> str:
    """
    The document as text, which `read_document` reads as the same.

    Args:
        seat_limit: Told in a comment; None: any number.
    """
    content: dict[str, Any] = {"format": document.format}
    for name, section in document.model_dump(mode="json", exclude_none=True).items():
        if name != "format":
            content[name] = _short(section) if isinstance(section, dict) else [_short(each) for each in section]
    comment = "" if seat_limit is None else f"# {seat_limit} seats, as the platform's administrator says.\n"
    return comment + dump(content)


def _short(part: dict[str, Any]) -> dict[str, Any]:
    """Without what is so by default, and entries and roles as briefly as they can be said."""
    kept = {
        name: each for name, each in part.items() if each not in ([], {}) and not (name == "active" and each is True)
    }
    if "entries" in kept:
        kept["entries"] = [_brief(entry, "key", {"effect": "allow", "when": []}) for entry in kept["entries"]]
    if "roles" in kept:
        kept["roles"] = [_brief(role, "role", {}) for role in kept["roles"]]
    return kept


def _brief(found: dict[str, Any], name: str, usual: dict[str, Any]) -> Any:
    kept = {key: each for key, each in found.items() if key not in usual or each != usual[key]}
    return kept[name] if kept.keys() == {name} else kept


def _refuse_twice(place: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{place}: {each} stands there twice")
        seen.add(each)


def _fault(loaded: Loaded, place: Place, problem: str) -> dict[str, Any]:
    message = f"line {loaded.line(place)}: {problem.removeprefix('Value error, ')}"
    return {"loc": ("document", *place), "msg": message, "type": "configuration", "input": None}
