-- schema --
CREATE TABLE record (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (account, region, kind, name)
) STRICT, WITHOUT ROWID

-- find --
SELECT content FROM record WHERE account = :account AND region = :region AND kind = :kind AND name = :name

-- count_others --
SELECT count(*) FROM record WHERE account = :account AND region = :region AND kind = :kind AND name <> :name

-- put --
INSERT INTO record (account, region, kind, name, content) VALUES (:account, :region, :kind, :name, :content)
ON CONFLICT DO UPDATE SET content = excluded.content

-- remove --
DELETE FROM record WHERE account = :account AND region = :region AND kind = :kind AND name = :name

-- all --
SELECT name, content FROM record
WHERE account = :account AND region = :region AND kind = :kind AND substr(name, 1, length(:beginning)) = :beginning
ORDER BY name
