-- Named queries. `{items}` and `{index}` stand for the SQL tables of one DynamoDB table and of one of its indexes;
-- they are filled in with our own integers, never with input. Everything else is a bound parameter.

-- create_catalog --
-- One row per DynamoDB table; its description is JSON (engine/tables/table.py).
CREATE TABLE tables (name TEXT PRIMARY KEY, description BLOB NOT NULL) WITHOUT ROWID;

-- create_relations --
-- One row per SQL table that holds items or index entries, with what DescribeTable says of it. Numbers are never reused.
CREATE TABLE relations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    item_count INTEGER NOT NULL DEFAULT 0,
    size_bytes INTEGER NOT NULL DEFAULT 0
);

-- create_transaction_tokens --
-- What a ClientRequestToken stood for, so that a retry is recognised after a restart too.
CREATE TABLE transaction_tokens (
    token TEXT PRIMARY KEY, digest BLOB NOT NULL, expires_at REAL NOT NULL, outcome BLOB NOT NULL
) WITHOUT ROWID;

-- create_transaction_tokens_expiry --
CREATE INDEX transaction_tokens_expiry ON transaction_tokens (expires_at);

-- create_streams --
-- One row per stream, also of one that was disabled or whose table was deleted, until its records are gone. The number
-- is a relation's; the description is JSON (engine/streams/stream.py).
CREATE TABLE streams (number INTEGER PRIMARY KEY, description BLOB NOT NULL);

-- create_shards --
-- A shard is a stretch of a slot's sequence: from `first` to `last`, which is missing while it is open. `parent` is the
-- first sequence of the shard before it in its slot, and `trimmed` the last sequence whose record is gone.
CREATE TABLE shards (
    stream INTEGER, first INTEGER, slot INTEGER, last INTEGER, parent INTEGER, opened_at REAL NOT NULL, closed_at REAL,
    trimmed INTEGER NOT NULL, PRIMARY KEY (stream, first, slot)
) WITHOUT ROWID;

-- create_checkpoints --
-- How far each consumer of a stream has come.
CREATE TABLE checkpoints (
    stream INTEGER, consumer TEXT, sequence INTEGER NOT NULL, PRIMARY KEY (stream, consumer)
) WITHOUT ROWID;

-- take_state --
-- Any read will do: a read transaction of SQLite begins with its first, and sees the state of that moment to its end.
SELECT count(*) FROM tables;

-- create_generation --
-- One row: how often tables and streams were changed, so that a process knows when others have changed them.
CREATE TABLE generation (row INTEGER PRIMARY KEY CHECK (row = 1), number INTEGER NOT NULL);

-- read_generation --
SELECT coalesce(max(number), 0) FROM generation;

-- raise_generation --
INSERT INTO generation (row, number) VALUES (1, 1) ON CONFLICT (row) DO UPDATE SET number = number + 1;

-- create_backups --
-- One row per backup; the description is JSON (engine/backups/backup.py), the items are a relation of their own.
CREATE TABLE backups (arn TEXT PRIMARY KEY, description BLOB NOT NULL) WITHOUT ROWID;

-- create_builds --
-- What is being filled and belongs to nothing yet: after a crash it is dropped. `target` names the table that it will
-- be, `backup` the ARN of the backup that it will be or comes from; `relations` is a JSON list of SQL tables, each with
-- its number.
CREATE TABLE builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT, backup TEXT, relations TEXT NOT NULL
);

-- create_transfers --
-- One row per export and import; the description is JSON (engine/transfers/transfer.py).
CREATE TABLE transfers (arn TEXT PRIMARY KEY, description BLOB NOT NULL) WITHOUT ROWID;

-- list_tables --
SELECT name, description FROM tables ORDER BY name;

-- save_table --
INSERT INTO tables (name, description) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET description = excluded.description;

-- forget_table --
DELETE FROM tables WHERE name = ?;

-- add_relation --
INSERT INTO relations DEFAULT VALUES;

-- forget_relation --
DELETE FROM relations WHERE number = ?;

-- read_statistics --
SELECT item_count, size_bytes FROM relations WHERE number = ?;

-- list_statistics --
SELECT number, item_count, size_bytes FROM relations ORDER BY number;

-- reset_statistics --
INSERT OR REPLACE INTO relations (number, item_count, size_bytes) VALUES (?, 0, 0);

-- change_statistics --
UPDATE relations SET item_count = item_count + ?, size_bytes = size_bytes + ? WHERE number = ?;

-- find_token --
SELECT digest, outcome FROM transaction_tokens WHERE token = ? AND expires_at > ?;

-- save_token --
INSERT OR REPLACE INTO transaction_tokens (token, digest, expires_at, outcome) VALUES (?, ?, ?, ?);

-- forget_expired_tokens --
-- A bounded step: each transaction with a token clears away a few old ones.
DELETE FROM transaction_tokens
WHERE token IN (SELECT token FROM transaction_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT 16);

-- list_streams --
SELECT number, description FROM streams ORDER BY number;

-- save_stream --
INSERT INTO streams (number, description) VALUES (?, ?)
ON CONFLICT (number) DO UPDATE SET description = excluded.description;

-- forget_stream --
DELETE FROM streams WHERE number = ?;

-- list_shards --
SELECT first, slot, last, parent, opened_at, closed_at, trimmed FROM shards WHERE stream = ? ORDER BY first, slot;

-- due_shards --
-- Of one slot: the shard that is open, and those that closed long enough ago.
SELECT first, slot, last, parent, opened_at, closed_at, trimmed FROM shards
WHERE stream = ? AND slot = ? AND (closed_at IS NULL OR closed_at <= ?) ORDER BY first;

-- add_shard --
INSERT INTO shards (stream, first, slot, last, parent, opened_at, closed_at, trimmed)
VALUES (?, ?, ?, NULL, ?, ?, NULL, ?);

-- close_shard --
UPDATE shards SET last = ?, closed_at = ? WHERE stream = ? AND first = ? AND slot = ?;

-- trim_shards --
UPDATE shards SET trimmed = max(trimmed, min(coalesce(last, ?1), ?1)) WHERE stream = ?2 AND slot = ?3 AND first <= ?1;

-- forget_shard --
DELETE FROM shards WHERE stream = ? AND first = ? AND slot = ?;

-- last_shard_sequence --
SELECT coalesce(max(max(coalesce(last, first - 1), trimmed)), 0) FROM shards WHERE stream = ?;

-- read_checkpoint --
SELECT sequence FROM checkpoints WHERE stream = ? AND consumer = ?;

-- list_consumers --
SELECT consumer, sequence FROM checkpoints WHERE stream = ? ORDER BY consumer;

-- save_checkpoint --
INSERT INTO checkpoints (stream, consumer, sequence) VALUES (?, ?, ?)
ON CONFLICT (stream, consumer) DO UPDATE SET sequence = max(sequence, excluded.sequence);

-- count_checkpoints --
SELECT count(*) FROM checkpoints WHERE stream = ? AND consumer != ?;

-- list_checkpoints --
SELECT stream, consumer, sequence FROM checkpoints;

-- forget_checkpoints --
DELETE FROM checkpoints WHERE stream = ?;

-- list_backups --
SELECT arn, description FROM backups WHERE arn >= ? AND arn < ? ORDER BY arn;

-- find_backup --
SELECT description FROM backups WHERE arn = ?;

-- save_backup --
INSERT INTO backups (arn, description) VALUES (?, ?)
ON CONFLICT (arn) DO UPDATE SET description = excluded.description;

-- forget_backup --
DELETE FROM backups WHERE arn = ?;

-- list_builds --
SELECT number, target, backup, relations FROM builds ORDER BY number;

-- add_build --
INSERT INTO builds (target, backup, relations) VALUES (?, ?, ?);

-- forget_build --
DELETE FROM builds WHERE number = ?;

-- drop_named --
DROP TABLE IF EXISTS {relation};

-- list_transfers --
SELECT arn, description FROM transfers ORDER BY arn DESC;

-- find_transfer --
SELECT description FROM transfers WHERE arn = ?;

-- save_transfer --
INSERT INTO transfers (arn, description) VALUES (?, ?)
ON CONFLICT (arn) DO UPDATE SET description = excluded.description;

-- forget_transfer --
DELETE FROM transfers WHERE arn = ?;

-- create_undo --
-- What a table held under a key before each of its changes; no item when there was none. A moment is a millisecond
-- since 1970 and a count within it (engine/backups/undo.py), so that rows are only added at the end.
CREATE TABLE {undo} (moment INTEGER PRIMARY KEY, key BLOB NOT NULL, size INTEGER, item BLOB);

-- drop_undo --
DROP TABLE {undo};

-- insert_undo --
-- The moment is the given one, or the next after the last: a clock that is set back does not change the order.
INSERT INTO {undo} (moment, key, size, item)
VALUES (max(?, 1 + (SELECT coalesce(max(moment), 0) FROM {undo})), ?, ?, ?);

-- trim_undo --
DELETE FROM {undo} WHERE moment IN (SELECT moment FROM {undo} WHERE moment < ? ORDER BY moment LIMIT ?);

-- state_after_undo --
-- All items as they were at a moment: what has not changed since, and of all else what its first change replaced.
SELECT key, size, item FROM {items} WHERE key NOT IN (SELECT key FROM {undo} WHERE moment > ?1)
UNION ALL
SELECT {undo}.key, {undo}.size, {undo}.item
FROM (SELECT min(moment) AS moment FROM {undo} WHERE moment > ?1 GROUP BY key) AS first
CROSS JOIN {undo} ON {undo}.moment = first.moment
WHERE {undo}.item IS NOT NULL;

-- changes_in_undo --
-- What changed behind a moment and up to another: the last change, and size and item before the first and after the
-- last, which is what a later change replaced, or what is there now.
WITH changed AS (
    SELECT key, min(moment) AS first, max(moment) AS last FROM {undo} WHERE moment > ?1 AND moment <= ?2 GROUP BY key
), later AS (
    SELECT key, min(moment) AS first FROM {undo} WHERE moment > ?2 GROUP BY key
)
SELECT changed.last, old.size, old.item,
    CASE WHEN later.first IS NULL THEN {items}.size ELSE new.size END,
    CASE WHEN later.first IS NULL THEN {items}.item ELSE new.item END
FROM changed
CROSS JOIN {undo} AS old ON old.moment = changed.first
LEFT JOIN later ON later.key = changed.key
LEFT JOIN {undo} AS new ON new.moment = later.first
LEFT JOIN {items} ON {items}.key = changed.key
ORDER BY changed.key;

-- create_records --
-- The records of one slot of a stream, in the order they were written. What finds and trims them stands before what
-- may be long. `size` is a mark, as items have it.
CREATE TABLE {records} (
    sequence INTEGER PRIMARY KEY, created_at REAL NOT NULL, event INTEGER NOT NULL, size INTEGER NOT NULL,
    keys BLOB NOT NULL, old BLOB, new BLOB
);

-- drop_records --
DROP TABLE {records};

-- insert_record --
INSERT INTO {records} (sequence, created_at, event, size, keys, old, new) VALUES (?, ?, ?, ?, ?, ?, ?);

-- range_records --
SELECT sequence, created_at, event, size, keys, old, new FROM {records}
WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?;

-- oldest_records --
SELECT sequence, created_at FROM {records} ORDER BY sequence LIMIT ?;

-- delete_records --
DELETE FROM {records} WHERE sequence <= ?;

-- last_record --
SELECT coalesce(max(sequence), 0) FROM {records};

-- record_before --
SELECT sequence FROM {records} WHERE created_at < ? ORDER BY sequence DESC LIMIT 1;

-- walk_records --
SELECT sequence, created_at, event, size, keys, old, new FROM {records} ORDER BY sequence;

-- create_expiry --
-- When the items of a table with a time to live expire, in seconds since 1970, and their keys.
CREATE TABLE {expiry} (at INTEGER, key BLOB, PRIMARY KEY (at, key)) WITHOUT ROWID;

-- drop_expiry --
DROP TABLE {expiry};

-- insert_expiry --
INSERT INTO {expiry} (at, key) VALUES (?, ?);

-- delete_expiry --
DELETE FROM {expiry} WHERE at = ? AND key = ?;

-- find_expired --
SELECT key FROM {expiry} WHERE at >= ? AND at < ? ORDER BY at LIMIT ?;

-- has_expiry --
SELECT 1 FROM {expiry} WHERE at = ? AND key = ?;

-- walk_expiry --
SELECT at, key FROM {expiry};

-- count_expiry --
SELECT count(*) FROM {expiry};

-- create_items --
-- The key is hash, partition and sort bytes in one (engine/keys.py); the item is its wire JSON. `size` is a mark: the
-- size in the lower 20 bits, above them a checksum (engine/storage/checksums.py).
CREATE TABLE {items} (key BLOB PRIMARY KEY, size INTEGER NOT NULL, item BLOB NOT NULL) WITHOUT ROWID;

-- create_pointing_index --
-- An index that projects everything points to the item.
CREATE TABLE {index} (key BLOB, base BLOB, PRIMARY KEY (key, base)) WITHOUT ROWID;

-- create_copying_index --
-- A narrower index keeps a copy of what it projects, with a mark as items have it.
CREATE TABLE {index} (
    key BLOB, base BLOB, size INTEGER NOT NULL, item BLOB NOT NULL, PRIMARY KEY (key, base)
) WITHOUT ROWID;

-- drop_items --
DROP TABLE {items};

-- drop_index --
DROP TABLE {index};

-- get_item --
SELECT size, item FROM {items} WHERE key = ?;

-- insert_item --
INSERT INTO {items} (size, item, key) VALUES (?, ?, ?);

-- replace_item --
UPDATE {items} SET size = ?, item = ? WHERE key = ?;

-- delete_item --
DELETE FROM {items} WHERE key = ?;

-- range_items_ascending --
SELECT size, item FROM {items} WHERE key >= ? AND key < ? ORDER BY key LIMIT ?;

-- range_items_descending --
SELECT size, item FROM {items} WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?;

-- walk_items --
SELECT key, size, item FROM {items} ORDER BY key;

-- next_items --
SELECT key, size, item FROM {items} WHERE key > ? ORDER BY key LIMIT ?;

-- clear_items --
DELETE FROM {items} WHERE key IN (SELECT key FROM {items} ORDER BY key LIMIT ?);

-- size_of_items --
SELECT coalesce(sum(size & 1048575), 0) FROM {items} WHERE key >= ? AND key < ?;

-- insert_pointer --
INSERT INTO {index} (key, base) VALUES (?, ?);

-- insert_copy --
INSERT INTO {index} (key, base, size, item) VALUES (?, ?, ?, ?);

-- replace_copy --
UPDATE {index} SET size = ?, item = ? WHERE key = ? AND base = ?;

-- delete_entry --
DELETE FROM {index} WHERE key = ? AND base = ?;

-- find_pointer --
SELECT 0, x'' FROM {index} WHERE key = ? AND base = ?;

-- find_copy --
SELECT size, item FROM {index} WHERE key = ? AND base = ?;

-- walk_entries --
SELECT key, base FROM {index};

-- count_entries --
SELECT count(*) FROM {index};

-- range_pointers_ascending --
-- An entry that has lost its item gives a row without one, and does not go unnoticed.
SELECT {items}.size, {items}.item FROM {index} LEFT JOIN {items} ON {items}.key = {index}.base
WHERE ({index}.key, {index}.base) > (?, ?) AND {index}.key < ? ORDER BY {index}.key, {index}.base LIMIT ?;

-- range_pointers_descending --
SELECT {items}.size, {items}.item FROM {index} LEFT JOIN {items} ON {items}.key = {index}.base
WHERE {index}.key >= ? AND ({index}.key, {index}.base) < (?, ?)
ORDER BY {index}.key DESC, {index}.base DESC LIMIT ?;

-- range_copies_ascending --
SELECT size, item FROM {index} WHERE (key, base) > (?, ?) AND key < ? ORDER BY key, base LIMIT ?;

-- range_copies_descending --
SELECT size, item FROM {index} WHERE key >= ? AND (key, base) < (?, ?) ORDER BY key DESC, base DESC LIMIT ?;
