"""A declared system on the embedded engine: everything is there, and nobody exceeds their grants."""

from pathlib import Path

import pytest

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Index, System, Table, allow, writes
from tenantable.engine import Engine
from tenantable.local.components import Installation, access_keys, profiles
from tenantable.local.secrets import ADMINISTRATOR, ProfileKey
from tenantable.local.systems import run_embedded
from tenantable.wire.errors import DynamoError

notes = Table("notes", partition="pk", ttl="expires")


class Note(Entity, table=notes):
    name: Attr[str]


class Notes(Repository[Note]):
    @Note.key(pk="NOTE#{name}")
    def get(self, *, name: str) -> None:
        """One note."""


reader = Component("reader", grants=[allow(Notes.get)])
writer = Component("writer", grants=[allow(writes(Note, "create"))])
system = System(name="notebook", tables=[notes], components=[reader, writer])


def test_each_component_may_do_what_it_was_granted_and_no_more() -> None:
    with run_embedded(system) as running:
        running.database(writer).repository(Notes).create(Note(name="a"))
        assert running.database(reader).repository(Notes).get(name="a") == Note(name="a")
        with pytest.raises(DynamoError, match="notebook-reader is not authorized to perform: dynamodb:PutItem"):
            running.database(reader).repository(Notes).create(Note(name="b"))


def test_a_second_start_finds_the_tables_and_their_items(tmp_path: Path) -> None:
    with run_embedded(system, data=tmp_path) as running:
        running.database(writer).repository(Notes).create(Note(name="a"))
    with run_embedded(system, data=tmp_path) as running:
        assert running.database(reader).repository(Notes).get(name="a") is not None


def test_a_declared_expiry_is_switched_on(tmp_path: Path) -> None:
    with run_embedded(system, data=tmp_path):
        pass
    with Engine(tmp_path) as engine:
        description = engine.call("DescribeTimeToLive", {"TableName": "notes"})["TimeToLiveDescription"]
    assert description == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


def test_an_access_key_stands_for_its_component_and_the_administrators_for_nobody() -> None:
    with run_embedded(system) as running:
        installation: Installation = running.installation
    names = profiles([installation])
    keys = {name: ProfileKey(access_key_id=f"KEY-{name}", secret_access_key="secret") for name in names}
    found = {key: access.principal for key, access in access_keys([installation], keys).items()}
    assert found == {
        f"KEY-{ADMINISTRATOR}": None,
        "KEY-notebook-reader": "arn:aws:iam::000000000000:role/notebook-reader",
        "KEY-notebook-writer": "arn:aws:iam::000000000000:role/notebook-writer",
    }


def test_an_index_that_was_declared_later_is_built_from_what_is_stored(tmp_path: Path) -> None:
    create = {
        "TableName": "letters",
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
        "BillingMode": "PAY_PER_REQUEST",
    }
    item = {name: {"S": name.lower()} for name in ("PK", "SK", "GSI1PK", "GSI1SK")}
    with Engine(tmp_path) as engine:
        engine.call("CreateTable", create)
        engine.call("PutItem", {"TableName": "letters", "Item": item})
    letters = Table("letters", Index("gsi1"))
    with run_embedded(System(name="post", tables=[letters]), data=tmp_path):
        pass
    with Engine(tmp_path) as engine:
        page = engine.call("Scan", {"TableName": "letters", "IndexName": "gsi1"})
    assert page["Items"] == [item]
