-- Statements end in two semicolons, because a trigger's body has single ones.
CREATE TABLE queue (
    name TEXT PRIMARY KEY,
    message_count INTEGER NOT NULL DEFAULT 0  -- kept by the triggers below, so that a bound costs no count
) WITHOUT ROWID;;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: a receipt must not name a later message
    queue TEXT NOT NULL REFERENCES queue (name),
    body TEXT NOT NULL,
    visible_at REAL NOT NULL,  -- Unix seconds: due time of a delayed message, end of the visibility of a held one
    receive_count INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0  -- 1 from a receive until it is given back
);;

CREATE INDEX message_due ON message (queue, visible_at, id, receive_count, held);;

CREATE TRIGGER message_added AFTER INSERT ON message BEGIN
    UPDATE queue SET message_count = message_count + 1 WHERE name = new.queue;
END;;

CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN
    UPDATE queue SET message_count = message_count - 1 WHERE name = old.queue;
END;;

CREATE TRIGGER message_moved AFTER UPDATE OF queue ON message BEGIN
    UPDATE queue SET message_count = message_count - 1 WHERE name = old.queue;
    UPDATE queue SET message_count = message_count + 1 WHERE name = new.queue;
END
