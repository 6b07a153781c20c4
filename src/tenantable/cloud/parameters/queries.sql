-- get_parameter --
SELECT name, type, value, version, modified_at FROM parameter WHERE name = :name

-- get_kind --
SELECT type, advanced, version FROM parameter WHERE name = :name

-- count_parameters --
SELECT count(*) FROM parameter

-- list_parameters --
SELECT name, type, value, version, modified_at FROM parameter
WHERE name > :after AND name < :end AND (:recursive OR instr(substr(name, length(:start) + 1), '/') = 0)
ORDER BY name
LIMIT :limit

-- put_parameter --
INSERT INTO parameter (name, type, value, advanced, version, modified_at)
VALUES (:name, :type, :value, :advanced, :version, :modified_at)
ON CONFLICT (name) DO UPDATE SET
    value = :value, advanced = :advanced, version = :version, modified_at = :modified_at

-- delete_parameter --
DELETE FROM parameter WHERE name = :name
