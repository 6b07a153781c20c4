"""What goes over HTTP about configurations, out; in goes the document."""

from typing import Any, Self

from pydantic import Field

from tenantable.services.access.configuration.applying import Outcome
from tenantable.services.access.configuration.differences import Action, Difference
from tenantable.services.access.configuration.document import Part
from tenantable.services.access.http.pages import ResponseBody


class DifferenceShown(ResponseBody):
    """One part that a document changes, as it is and as it is to be; null where it is not there."""

    kind: str = Field(examples=["role"])
    id: str
    action: Action
    sentence: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, found: Difference) -> Self:
        return cls(
            kind=found.kind,
            id=found.id,
            action=found.action,
            sentence=found.sentence(),
            before=_shown(found.before),
            after=_shown(found.after),
        )


class ConfigurationOutcome(ResponseBody):
    """What a document changes."""

    changes: list[DifferenceShown]
    operations: int = Field(description="How many transactions were made.")
    left: int = Field(description="How many are still to be made; send the document again until there are none.")

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        changes = [DifferenceShown.of(each) for each in outcome.differences]
        return cls(changes=changes, operations=outcome.operations, left=outcome.left)


def _shown(part: Part | None) -> dict[str, Any] | None:
    return None if part is None else part.model_dump(mode="json")
