-- put_rule --
INSERT INTO rule (bus, name, queue, sources, detail_types) VALUES (:bus, :name, :queue, :sources, :detail_types)
ON CONFLICT (bus, name) DO UPDATE SET queue = :queue, sources = :sources, detail_types = :detail_types

-- delete_rule --
DELETE FROM rule WHERE bus = :bus AND name = :name

-- list_rules --
SELECT name, queue, sources, detail_types FROM rule WHERE bus = :bus ORDER BY name

-- add_delivery --
INSERT INTO delivery (queue, body) VALUES (:queue, :body)

-- count_deliveries --
SELECT count(*) FROM delivery

-- oldest_deliveries --
SELECT id, queue, body FROM delivery WHERE id > :after ORDER BY id LIMIT :limit

-- delete_delivery --
DELETE FROM delivery WHERE id = :id
