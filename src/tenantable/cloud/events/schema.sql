CREATE TABLE rule (
    bus TEXT NOT NULL,
    name TEXT NOT NULL,
    queue TEXT NOT NULL,
    sources TEXT NOT NULL,  -- a JSON list, empty for any
    detail_types TEXT NOT NULL,  -- a JSON list, empty for any
    PRIMARY KEY (bus, name)
) WITHOUT ROWID;;

-- What a queue has not been given yet, or not surely.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    body TEXT NOT NULL
)
