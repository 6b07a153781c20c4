"""What goes over HTTP about permissions, in and out."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from tenantable.services.access.declaration import Effect, Permission, PermissionEntry, PermissionSet, PropertyTest
from tenantable.services.access.http.names import Name
from tenantable.services.access.http.pages import RequestBody, ResponseBody
from tenantable.services.access.http.properties import checked_value, shown
from tenantable.services.access.http.requests import ID_PATTERN
from tenantable.services.access.permissions.service import AnySet, SetContent

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Pattern = Annotated[str, Field(min_length=1, max_length=400, examples=["billing:invoice:read", "billing:*"])]
ENTRIES_MAX = 500
TESTS_MAX = 10


class Test(RequestBody):
    """A condition on a property; one that is absent differs from every value."""

    of: Literal["subject", "resource", "action", "context"]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    comparison: Literal["equals", "not-equals", "in", "not-in"] = "equals"
    value: Annotated[str | int | float | bool | list[str | int | float | bool], AfterValidator(checked_value)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.value, list) != (self.comparison in {"in", "not-in"}):
            raise ValueError("in and not-in take a list, equals and not-equals one value")
        return self

    def declared(self) -> PropertyTest:
        return PropertyTest(of=self.of, name=self.name, comparison=self.comparison, value=self.value)


class Entry(RequestBody):
    """One permission of a set. A deny outweighs every allow; every condition must hold."""

    key: Pattern
    effect: Effect = "allow"
    when: list[Test] = Field(default=[], max_length=TESTS_MAX)

    def declared(self) -> PermissionEntry:
        return PermissionEntry(key=self.key, effect=self.effect, when=[test.declared() for test in self.when])


def _entry(found: Any) -> Any:
    return {"key": found} if isinstance(found, str) else found


WrittenEntry = Annotated[Entry, BeforeValidator(_entry, json_schema_input_type=Pattern | Entry)]
"""An entry, which may be written as its key alone where it allows without conditions."""


class ChangePermissionSet(RequestBody):
    """What a permission set is to be."""

    name: Name
    active: bool = True
    entries: list[WrittenEntry] = Field(default=[], max_length=ENTRIES_MAX)

    def content(self) -> SetContent:
        return SetContent(name=self.name, active=self.active, entries=[entry.declared() for entry in self.entries])


class CreatePermissionSet(ChangePermissionSet):
    """A permission set to create."""

    permission_set_id: Id


class TestShown(ResponseBody):
    """A condition on a property."""

    of: str
    name: str
    comparison: str
    value: Any


class EntryShown(ResponseBody):
    """One permission of a set."""

    key: str
    effect: Effect
    when: list[TestShown]

    @classmethod
    def of(cls, entry: PermissionEntry) -> Self:
        tests = [TestShown.model_validate(test.model_dump() | {"value": shown(test.value)}) for test in entry.when]
        return cls(key=entry.key, effect=entry.effect, when=tests)


class PermissionSetShown(ResponseBody):
    """A permission set. Its revision is the ETag; `organisationId` is null for one of the platform."""

    permission_set_id: str
    organisation_id: str | None
    name: str
    active: bool
    entries: list[EntryShown]
    date_created: datetime

    @classmethod
    def of(cls, found: AnySet) -> Self:
        return cls(
            permission_set_id=found.permission_set_id,
            organisation_id=found.organisation_id if isinstance(found, PermissionSet) else None,
            name=found.name,
            active=found.active,
            entries=[EntryShown.of(entry) for entry in found.entries],
            date_created=found.date_created,
        )


class ChangePermission(RequestBody):
    """What is said of a permission."""

    category: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(max_length=2000)] = ""
    active: bool = True


class CreatePermission(RequestBody):
    """A permission of the platform."""

    permission_id: Pattern
    category: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(max_length=2000)] = ""


class PermissionShown(ResponseBody):
    """A permission of the platform. Its revision is the ETag."""

    permission_id: str
    category: str
    description: str
    active: bool
    date_created: datetime

    @classmethod
    def of(cls, found: Permission) -> Self:
        return cls(
            permission_id=found.permission_id,
            category=found.category,
            description=found.description,
            active=found.active,
            date_created=found.date_created,
        )
