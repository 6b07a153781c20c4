CREATE TABLE parameter (
    name TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    value BLOB NOT NULL,  -- UTF-8; of a SecureString, the sealed bytes
    advanced INTEGER NOT NULL,
    version INTEGER NOT NULL,
    modified_at REAL NOT NULL  -- Unix seconds
) WITHOUT ROWID
