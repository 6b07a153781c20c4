"""What the pages of one organisation have in common: what it is called, and which pages are of use to who is there."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenantable.console.errors import Refused
from tenantable.console.visits import Visit

ROWS = 20
CHOICES_MAX = 200
"""What a form offers: a page of the API at its largest."""
SECTIONS = (
    ("overview", "Overview", None),
    ("members", "Members", "access:member:read"),
    ("roles", "Roles", "access:role:read"),
    ("teams", "Teams", "access:team:read"),
    ("invitations", "Invitations", "access:invitation:read"),
    ("keys", "Service keys", "access:key:read"),
    ("audit", "Audit trail", "access:audit:read"),
    ("explanation", "Explain access", None),
)
"""Name of the page, what its tab says, and the permission that it takes."""
_ANY = "*"
_FoundT = TypeVar("_FoundT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """
    What a visitor may do here, for what a page offers: whether it is done decides the API alone.

    `held` are the visitor's permissions as the API lists them; None: everything is offered.
    """

    held: list[dict[str, Any]] | None

    def may(self, key: str) -> bool:
        if self.held is None:
            return True
        concerning = [each for each in self.held if _covers(each["key"], key)]
        denied = any(each["effect"] == "deny" and not each["when"] for each in concerning)
        return not denied and any(each["effect"] == "allow" for each in concerning)

    @property
    def sections(self) -> list[tuple[str, str]]:
        return [(name, shown) for name, shown, key in SECTIONS if key is None or self.may(key)]


async def organisation_of(visit: Visit) -> dict[str, Any]:
    """
    The organisation of a page, with the visitor's `rights`; no more than its id for whoever may not read it.

    Raises:
        Refused: There is none, or the visitor has no part in it.
    """
    organisation_id = visit.segment("organisation")
    found, rights = await asyncio.gather(
        unless_forbidden(visit.calls.get("organisations", organisation_id)), _rights(visit, organisation_id)
    )
    shown = found or {"organisationId": organisation_id, "name": organisation_id, "active": True}
    return shown | {"rights": rights}


async def unless_forbidden(asked: Awaitable[_FoundT]) -> _FoundT | None:
    """What was asked for, or None for whoever may not know: a part of a page is left out then."""
    try:
        return await asked
    except Refused as refused:
        if refused.status == 403:
            return None
        raise


async def items_of(visit: Visit, *segments: str, **query: Any) -> list[dict[str, Any]] | None:
    """The first of a list in the visitor's organisation, as many as a form offers; None for whoever may not know."""
    place = "organisations", visit.segment("organisation")
    found = await unless_forbidden(visit.calls.get(*place, *segments, limit=CHOICES_MAX, **query))
    return None if found is None else list(found["items"])


def named(items: Iterable[dict[str, Any]] | None, key: str) -> list[tuple[str, str]]:
    """Ids and names, for a form to offer."""
    return [(each[key], each["name"]) for each in items or ()]


async def _rights(visit: Visit, organisation_id: str) -> Rights:
    user_id = visit.user_id
    if user_id is None:
        return Rights(held=None)
    try:
        found = await visit.calls.get("organisations", organisation_id, "users", user_id, "permissions", limit=200)
    except Refused as refused:
        if refused.status not in {403, 422}:
            raise
        return Rights(held=None)
    return Rights(held=None if found["next"] else found["items"])


def _covers(pattern: str, key: str) -> bool:
    return pattern == key or (pattern.endswith(_ANY) and key.startswith(pattern.removesuffix(_ANY)))
