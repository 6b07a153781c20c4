-- add_queue --
INSERT INTO queue (name) VALUES (:queue) ON CONFLICT DO NOTHING

-- count_messages --
SELECT message_count FROM queue WHERE name = :queue

-- add_message --
INSERT INTO message (queue, body, visible_at) VALUES (:queue, :body, :visible_at)

-- due_messages --
SELECT id, receive_count FROM message
WHERE queue = :queue AND visible_at <= :now
ORDER BY visible_at, id
LIMIT :limit

-- next_due --
SELECT min(visible_at) FROM message WHERE queue = :queue

-- hold_message --
UPDATE message SET receive_count = receive_count + 1, visible_at = :visible_at, held = 1
WHERE id = :id
RETURNING body

-- bury_message --
UPDATE message SET queue = :dead_letters, receive_count = 0, visible_at = :now, held = 0
WHERE id = :id

-- delete_message --
DELETE FROM message WHERE id = :id AND queue = :queue AND receive_count = :receive_count

-- change_visibility --
UPDATE message SET visible_at = :visible_at, held = :held
WHERE id = :id AND queue = :queue AND receive_count = :receive_count AND held = 1 AND visible_at > :now

-- release_held --
UPDATE message SET visible_at = :now, held = 0 WHERE held = 1 AND visible_at > :now

-- depth --
SELECT queue.message_count, count(message.id), coalesce(sum(message.held), 0)
FROM queue LEFT JOIN message ON message.queue = queue.name AND message.visible_at > :now
WHERE queue.name = :queue
