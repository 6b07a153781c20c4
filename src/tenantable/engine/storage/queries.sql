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

-- create_items --
-- The key is hash, partition and sort bytes in one (engine/keys.py); the item is its wire JSON.
CREATE TABLE {items} (key BLOB PRIMARY KEY, size INTEGER NOT NULL, item BLOB NOT NULL) WITHOUT ROWID;

-- create_pointing_index --
-- An index that projects everything points to the item.
CREATE TABLE {index} (key BLOB, base BLOB, PRIMARY KEY (key, base)) WITHOUT ROWID;

-- create_copying_index --
-- A narrower index keeps a copy of what it projects.
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

-- size_of_items --
SELECT coalesce(sum(size), 0) FROM {items} WHERE key >= ? AND key < ?;

-- insert_pointer --
INSERT INTO {index} (key, base) VALUES (?, ?);

-- insert_copy --
INSERT INTO {index} (key, base, size, item) VALUES (?, ?, ?, ?);

-- replace_copy --
UPDATE {index} SET size = ?, item = ? WHERE key = ? AND base = ?;

-- delete_entry --
DELETE FROM {index} WHERE key = ? AND base = ?;

-- range_pointers_ascending --
SELECT {items}.size, {items}.item FROM {index} CROSS JOIN {items} ON {items}.key = {index}.base
WHERE ({index}.key, {index}.base) > (?, ?) AND {index}.key < ? ORDER BY {index}.key, {index}.base LIMIT ?;

-- range_pointers_descending --
SELECT {items}.size, {items}.item FROM {index} CROSS JOIN {items} ON {items}.key = {index}.base
WHERE {index}.key >= ? AND ({index}.key, {index}.base) < (?, ?)
ORDER BY {index}.key DESC, {index}.base DESC LIMIT ?;

-- range_copies_ascending --
SELECT size, item FROM {index} WHERE (key, base) > (?, ?) AND key < ? ORDER BY key, base LIMIT ?;

-- range_copies_descending --
SELECT size, item FROM {index} WHERE key >= ? AND (key, base) < (?, ?) ORDER BY key DESC, base DESC LIMIT ?;
