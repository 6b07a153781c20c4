"""Versions as callers see them: what a change gave, to be shown to decisions that must not be older."""

import re
from dataclasses import dataclass

from tenantable.services.access.declaration import PLATFORM
from tenantable.services.access.errors import Unprocessable

HEADER = "access-version"
_VERSION = re.compile(r"([A-Za-z0-9][A-Za-z0-9_|-]{0,127})\.([0-9]{1,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """The least versions that a decision may rest on; 0 where any will do."""

    organisation: int = 0
    platform: int = 0


def version_text(organisation_id: str, version: int) -> str:
    return f"{organisation_id}.{version}"


def read_versions(text: str | None, organisation_id: str) -> Versions:
    """
    The versions in a header, of which there may be several with commas between them; others' versions are passed over.

    Raises:
        Unprocessable: One of them is no version.
    """
    found = {organisation_id: 0, PLATFORM: 0}
    for each in (text or "").split(",") if text else ():
        match = _VERSION.fullmatch(each.strip())
        if match is None:
            raise Unprocessable(f"{each.strip()!r} is no version", hint=f"send back {HEADER} as a change gave it")
        if match[1] in found:
            found[match[1]] = max(found[match[1]], int(match[2]))
    return Versions(organisation=found[organisation_id], platform=found[PLATFORM])
