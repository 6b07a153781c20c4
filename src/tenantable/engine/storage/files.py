"""Opening the data directory: its lock, the version of its format, and clear words when it cannot be used."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from tenantable.engine.storage.checksums import DamageError
from tenantable.engine.storage.queries import QUERIES
from tenantable.errors import StorageError

Durability = Literal["power", "process", "none"]
"""What an acknowledged write survives: loss of power, the death of the process (SIGKILL), or neither."""

DATABASE_NAME = "tenantable.db"
LOCK_NAME = "tenantable.lock"
QUEUE_NAME = "tenantable.queue"
TURN_NAME = "tenantable.turn"
LOCK_NAMES = (LOCK_NAME, QUEUE_NAME, TURN_NAME)
"""Files that hold no data: processes meet at them."""

FORMAT_VERSION = 3
"""The version of the on-disk format that is written; it is raised with every change, together with a migration."""

_NEW_IN_FORMAT = {
    1: ("catalog", "relations", "transaction_tokens", "transaction_tokens_expiry"),
    2: ("streams", "shards", "checkpoints"),
    3: ("generation", "backups", "builds", "transfers"),
}
"""What each version of the format added; an older file gets what it lacks when it is opened for writing."""

_APPLICATION_ID = 0x74656E61  # "tena", so that `file` and we ourselves tell our databases from others
_SYNCHRONOUS = {"power": "FULL", "process": "NORMAL", "none": "OFF"}
_PAGE_BYTES = 8192  # items of 1 to 2 KB stay on their B-tree page: see docs/decisions/0001-storage-layout.md
_CACHE_KIBIBYTES = 32 * 1024
_CHECKPOINT_PAGES = 4000  # a page that is written again and again goes into the database once in 32 MiB of log
_LOG_BYTES_MAX = 64 * 1024 * 1024
_STATEMENTS_CACHED = 512
_LOCK_SECONDS = 2.0  # whoever comes first has the directory alone for a moment


class RelationGoneError(StorageError):
    """The table or index was deleted while it was read."""


class DirectoryInUseError(StorageError):
    """Another process holds the data directory in a way that excludes this one."""


def lock_directory(directory: Path, *, exclusive: bool, seconds: float = _LOCK_SECONDS) -> sqlite3.Connection:
    """
    Take the directory; closing the connection, or the end of the process, gives it back.

    SQLite's own file lock on an empty file beside the database: it works on every platform that SQLite works on.

    Args:
        exclusive: For this holder alone, as who repairs or replaces files needs it; else beside others, as engines do.
        seconds: How long to wait for it.
    Raises:
        DirectoryInUseError: Somebody holds it in a way that excludes this one.
        StorageError: It cannot be created or written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(directory / LOCK_NAME, isolation_level=None, timeout=seconds, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise unusable(directory, error) from error
    try:
        lock.execute("BEGIN EXCLUSIVE" if exclusive else "BEGIN")
        lock.execute("SELECT count(*) FROM sqlite_schema")  # a shared lock is taken with the first look
    except sqlite3.Error as error:
        lock.close()
        if "locked" in str(error):
            raise DirectoryInUseError(
                f"The data directory {directory} is in use by another process",
                hint="stop the other process, or choose another directory",
            ) from error
        raise unusable(directory, error) from error
    return lock


def admit_others(lock: sqlite3.Connection) -> None:
    """Hold a directory beside others that was held alone."""
    lock.execute("COMMIT")
    lock.execute("BEGIN")
    lock.execute("SELECT count(*) FROM sqlite_schema")


def open_database(directory: Path, durability: Durability) -> sqlite3.Connection:
    """
    Open the database of a directory for writing; create it when there is none.

    Raises:
        StorageError: It is damaged, of a newer format, no database of ours, or cannot be written.
    """
    return _guarded(directory, lambda connection: _prepare_file(directory, connection, durability), creates=True)


def open_reader(directory: Path) -> sqlite3.Connection:
    """Open a connection that sees committed data only and never waits for the writer."""

    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA query_only = ON")

    return _guarded(directory, prepare)


def database_bytes(directory: Path) -> int:
    """The size of the database's file."""
    return _file_bytes(directory / DATABASE_NAME)


def log_bytes(directory: Path) -> int:
    """The size of its write-ahead log, which holds what is not yet in the file."""
    return _file_bytes(directory / f"{DATABASE_NAME}-wal")


def _file_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def open_as_it_lies(directory: Path) -> sqlite3.Connection:
    """
    Open one state of a database for reading, damaged as it may be; writers are not kept waiting.

    Raises:
        StorageError: There is no database of ours, it is of a newer format, or it cannot be read at all.
    """
    file = directory / DATABASE_NAME
    if not file.exists():
        raise StorageError(
            f"There are no tables in {directory}", hint="name the folder that the engine was started with"
        )

    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        if _format_version(directory, connection) is None:
            raise StorageError(
                f"There are no tables in {file}", hint="start the engine once: it creates what is missing"
            )

    return _guarded(directory, prepare)


def open_new_database(file: Path, *, like: sqlite3.Connection) -> sqlite3.Connection:
    """
    A new database file with the format and the SQL tables of another, all empty. A transaction has begun; what is
    written is safe from nothing before the caller has awaited the disk.
    """
    connection = _connect(file)
    for pragma in ("page_size", "application_id", "user_version"):
        connection.execute(f"PRAGMA {pragma} = {like.execute(f'PRAGMA {pragma}').fetchone()[0]}")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for name, sql in like.execute("SELECT name, sql FROM sqlite_schema ORDER BY type DESC, rowid").fetchall():
        if sql is not None and not name.startswith("sqlite_"):
            connection.execute(sql)
    return connection


def open_memory() -> sqlite3.Connection:
    """An empty database that nobody else sees and that ends with its connection."""
    connection = _connect(":memory:")
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    _create_schema(connection)
    return connection


def failure(error: sqlite3.Error) -> StorageError:
    """What to say when SQLite fails in the middle of the work."""
    if "no such table" in str(error):
        return RelationGoneError()
    if not isinstance(error, sqlite3.OperationalError) and isinstance(error, sqlite3.DatabaseError):
        return DamageError(str(error))
    return StorageError(
        f"The storage failed: {error}", hint="check the free space, the permissions and the health of the disk"
    )


def check_durability(durability: str) -> None:
    if durability not in _SYNCHRONOUS:
        choices = ", ".join(repr(choice) for choice in get_args(Durability))
        raise StorageError(f"There is no durability {durability!r}", hint=f"choose one of {choices}")


def _connect(database: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(
        database, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS_CACHED, uri=True
    )


def _guarded(
    directory: Path, prepare: Callable[[sqlite3.Connection], None], *, creates: bool = False
) -> sqlite3.Connection:
    # Who only reads makes no empty database in the place of one that was deleted.
    mode = "rwc" if creates else "rw"
    try:
        connection = _connect(f"{(directory / DATABASE_NAME).absolute().as_uri()}?mode={mode}")
    except sqlite3.Error as error:
        raise unusable(directory, error) from error
    try:
        prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        raise unusable(directory, error) from error
    except StorageError:
        connection.close()
        raise
    return connection


def _prepare_file(directory: Path, connection: sqlite3.Connection, durability: Durability) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    version = _format_version(directory, connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {_SYNCHRONOUS[durability]}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES_MAX}")
    if version is None:
        _create_schema(connection)
    else:
        connection.execute("BEGIN IMMEDIATE")
        _add_to_schema(connection, after=version)
        # Of a read-only file SQLite made a read transaction: a write that changes nothing finds out, now.
        connection.execute(QUERIES["forget_table"], (None,))
        connection.execute("COMMIT")


def _format_version(directory: Path, connection: sqlite3.Connection) -> int | None:
    """The version of the file's format; None when the file is new."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if application_id == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
        return None
    file = directory / DATABASE_NAME
    if application_id != _APPLICATION_ID:
        raise StorageError(f"{file} is a database of another program", hint="choose another directory")
    if version > FORMAT_VERSION:
        raise StorageError(
            f"{file} has format {version}; this version of tenantable knows formats up to {FORMAT_VERSION}",
            hint="upgrade tenantable, or choose another directory",
        )
    return version


def _create_schema(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    _add_to_schema(connection, after=0)
    connection.execute("COMMIT")


def _add_to_schema(connection: sqlite3.Connection, *, after: int) -> None:
    """Bring the schema from one version of the format to the present one."""
    for version in range(after + 1, FORMAT_VERSION + 1):
        for name in _NEW_IN_FORMAT[version]:
            connection.execute(QUERIES[f"create_{name}"])
        connection.execute(f"PRAGMA user_version = {version}")


def unusable(directory: Path, error: Exception) -> StorageError:
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return StorageError(
            f"The database in {directory} is damaged: {error}",
            hint="restore the directory from a backup, or choose another one to start empty",
        )
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StorageError(f"{directory} is not a folder", hint="choose another directory")
    reason = error.strerror if isinstance(error, OSError) else error
    return StorageError(
        f"The data directory {directory} cannot be used: {reason}",
        hint="choose a directory on a disk with free space that this user may write",
    )
