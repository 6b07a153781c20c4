"""
The keys of the audit trail's chain. A new one is made for a new trail alone: under another key, all that was written
would look as if somebody had altered it.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from tenantable.data.database import Database
from tenantable.errors import SettingsError, StorageError
from tenantable.local.secrets import RandomText, kept_secret
from tenantable.services.access.audit.archiving.archive import Archive
from tenantable.services.access.changes.chain import key_id_of
from tenantable.services.access.declaration import PLATFORM, AuditEvent, AuditEvents, AuditType
from tenantable.settings import PREFIX, Settings

CHAIN_KEY_FILE = "access-chain-key"
_KEY_CHARACTERS_MIN = 32
_LOST = re.compile(r"lost:([0-9a-f]{12})")
_FORMER = f"{PREFIX}FORMER_CHAIN_KEYS"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainKeys:
    """The key that digests are made with, and those that earlier ones were made with, the oldest first."""

    present: bytes
    former: tuple[bytes, ...]


def chain_keys(settings: Settings, random_text: RandomText, *, trail_key_id: str | None) -> ChainKeys:
    """
    What is set, or is in the data folder; made when neither is and there is no trail yet.

    Args:
        trail_key_id: The key of the newest event; None: there is none.
    Raises:
        StorageError: The key of the trail that there is, is not known here; names the file and the way out.
        SettingsError: A former key has not the form of one.
    """
    former, lost = _former(settings)
    path, known = settings.data / CHAIN_KEY_FILE, {key_id_of(key) for key in former} | lost
    if settings.chain_key is None and not path.exists() and trail_key_id not in {None, *known}:
        raise _unknown(f"{path} is gone, and the audit trail was written with its key", path, trail_key_id)
    text, _ = kept_secret(settings.chain_key, path, random_text)
    present = text.encode()
    if trail_key_id not in {None, key_id_of(present), *known}:
        place = path if settings.chain_key is None else f"{PREFIX}CHAIN_KEY"
        raise _unknown(f"{place} holds another key than the audit trail was written with", path, trail_key_id)
    return ChainKeys(present=present, former=former)


def _unknown(problem: str, path: Path, key_id: str | None) -> StorageError:
    hint = (
        f"restore {path.name} from the backup of the data folder, or give the former key with {_FORMER}; if it is lost"
        f" for good, {_FORMER}=lost:{key_id} lets a new one begin, and nobody can verify what was written before"
    )
    return StorageError(problem, hint=hint)


def _former(settings: Settings) -> tuple[tuple[bytes, ...], set[str]]:
    """The former keys, and the ids of those that are lost."""
    if settings.former_chain_keys is None:
        return (), set()
    keys, lost = [], set()
    for number, line in enumerate(settings.former_chain_keys.get_secret_value().split("\n"), start=1):
        text = line.strip()
        if match := _LOST.fullmatch(text):
            lost.add(match[1])
        elif len(text) >= _KEY_CHARACTERS_MIN:
            keys.append(text.encode())
        elif text:
            hint = f"write one key a line, of {_KEY_CHARACTERS_MIN} characters or more, or lost:ID"
            raise SettingsError(f"{_FORMER} has no key in line {number}", hint=hint)
    return tuple(keys), lost


def newest_key_id(database: Database, archive: Archive) -> str | None:
    """
    The key of the platform's newest event: in the table, else in the archive; None where neither has one.

    Args:
        database: With a clock of 0: an event is there until it is deleted.
    """
    events = database.repository(AuditEvents)
    found: list[AuditEvent] = []
    for event_type in get_args(AuditType):
        found += events.of_type(organisation_id=PLATFORM, event_type=event_type).newest_first().page(1)
    if not found:
        *_, key = ["", *archive.keys(PLATFORM)]
        found = archive.read(key) if key else []
    newest = max(found, key=lambda event: event.sequence, default=None)
    return (newest.key_id or None) if newest is not None else None
