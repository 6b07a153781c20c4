"""Scopes of tenants, and what stands between them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenantable.data import Database, TenantId, TenantRepository
from tenantable.declare import Attr, Entity, Index, Naming, System, Table, Tenancy, attr
from tenantable.engine import Engine
from tenantable.errors import DataError, InvalidCursor, TenancyError, Unavailable
from tenantable.wire.errors import DynamoError

gsi1, everybody = Index("gsi1"), Index("everybody", across_tenants=True)
table = Table("files", gsi1, everybody, tenancy=Tenancy(prefix="ACCOUNT#{tenant}"))


class File(Entity, table=table):
    folder: Attr[str]
    name: Attr[str]
    kind: Attr[str] = attr(default="text")


class Files(TenantRepository[File]):
    @File.key(pk="ACCOUNT#{tenant}#FOLDER#{folder}", sk="FILE#{name}")
    def get(self, *, folder: str, name: str) -> None:
        """One file."""

    @File.query()
    def of_folder(self, *, folder: str) -> None:
        """The files of a folder."""

    @File.query(gsi1, pk="ACCOUNT#{tenant}#KIND#{kind}", sk="{folder}#{name}")
    def of_kind(self, *, kind: str) -> None:
        """The files of a kind."""

    @File.query(everybody, pk="KIND#{kind}", sk="{folder}#{name}")
    def of_all(self, *, kind: str) -> None:
        """The files of a kind, of all tenants."""


@pytest.fixture
def database(open_database: Callable[..., Database]) -> Database:
    return open_database(table)


def files(database: Database, tenant: str) -> Files:
    return database.tenant(TenantId(tenant)).repository(Files)


def test_the_tenant_stands_first_in_every_key(database: Database, stored: Any) -> None:
    files(database, "a").create(File(folder="f", name="n"))
    (item,) = stored(table)
    assert (item["PK"], item["GSI1PK"]) == ({"S": "ACCOUNT#a#FOLDER#f"}, {"S": "ACCOUNT#a#KIND#text"})
    assert item["EVERYBODYPK"] == {"S": "KIND#text"}


def test_tenants_see_nothing_of_each_other(database: Database) -> None:
    mine, other = files(database, "a"), files(database, "a-b")
    mine.create(File(folder="f", name="n"))
    assert other.get(folder="f", name="n") is None
    assert other.of_folder(folder="f").all() == other.of_kind(kind="text").all() == []
    assert other.get_many([Files.get.key(folder="f", name="n")]) == [None]
    other.delete(Files.get.key(folder="f", name="n"))
    assert mine.get(folder="f", name="n") is not None


awkward = st.text("ab#%/", min_size=0, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["a", "a-b", "b"]), st.sampled_from(["a", "a-b", "b"]), awkward, awkward)
def test_no_value_reaches_into_another_tenant(first: str, second: str, folder: str, other_folder: str) -> None:
    with Engine(":memory:") as engine:
        for request in System(name="files", tables=[table]).create_table_requests(Naming()):
            engine.call("CreateTable", request)
        database = Database(engine, naming=Naming(), cursor_key=bytes(16))
        files(database, first).put(File(folder=folder, name="n"))
        found = files(database, second).get(folder=other_folder, name="n")
        assert (found is not None) == ((first, folder) == (second, other_folder))


def test_a_cursor_belongs_to_its_tenant(database: Database) -> None:
    mine = files(database, "a")
    for name in "xyz":
        mine.create(File(folder="f", name=name))
    cursor = mine.of_folder(folder="f").page(1).next
    assert mine.of_folder(folder="f").page(1, cursor).items[0].name == "y"
    with pytest.raises(InvalidCursor):
        files(database, "b").of_folder(folder="f").page(1, cursor)


def test_a_scope_does_not_read_across_tenants(database: Database) -> None:
    with pytest.raises(TenancyError, match=r"Files\.of_all reads across tenants"):
        files(database, "a").of_all(kind="text")


@pytest.mark.parametrize("tenant", ["", "a#b", "*", "a b", "${x}", "a/b", "é", "x" * 129, "-a"])
def test_a_tenant_id_has_no_character_with_a_meaning(database: Database, tenant: str) -> None:
    with pytest.raises(TenancyError, match="is no tenant id"):
        database.tenant(TenantId(tenant))


def test_an_item_of_another_tenant_is_never_handed_out(database: Database, client: Any) -> None:
    """Whatever the store answers: the key of what came back is checked."""
    files(database, "a-b").create(File(folder="f", name="n"))
    foreign = client.client.call("Scan", {"TableName": "files-test"})["Items"][0]
    client.before = lambda operation, _request: {
        "GetItem": {"Item": foreign},
        "Query": {"Items": [foreign], "Count": 1},
        "BatchGetItem": {"Responses": {"files-test": [foreign]}},
        "UpdateItem": {"Attributes": foreign},
    }.get(operation)
    mine = files(database, "a")
    key = Files.get.key(folder="f", name="n")
    reads: list[Callable[[], object]] = [
        lambda: mine.get(folder="f", name="n"),
        lambda: mine.of_folder(folder="f").all(),
        lambda: mine.get_many([key]),
        lambda: mine.of_kind(kind="text").first(),
        lambda: mine.update(key, File.kind.set("x")),
    ]
    for read in reads:
        with pytest.raises(TenancyError, match="an item of another tenant came back"):
            read()


def test_a_short_cursor_key_is_refused(client: Any) -> None:
    with pytest.raises(DataError, match="at least 16 are needed"):
        Database(client, naming=Naming(), cursor_key=b"short")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DynamoError("ThrottlingException", "slow down"), Unavailable),
        (DynamoError("InternalServerError", "oops", status=500), Unavailable),
        (DynamoError("AccessDeniedException", "no"), DynamoError),
    ],
)
def test_what_may_pass_is_unavailable_and_a_denial_stays_a_denial(
    database: Database, client: Any, error: DynamoError, expected: type[Exception]
) -> None:
    def fail(_operation: str, _request: Any) -> None:
        raise error

    client.before = fail
    with pytest.raises(expected):
        files(database, "a").get(folder="f", name="n")


def test_a_repository_of_tenants_comes_from_a_tenants_scope(database: Database) -> None:
    shared: Any = Files
    with pytest.raises(TenancyError, match=r"use Database\.tenant\(TenantId\(\.\.\.\)\)\.repository\(Files\)"):
        database.repository(shared)


def test_what_is_no_repository_class_is_named(database: Database) -> None:
    entity: Any = File
    with pytest.raises(DataError, match="File is no repository class"):
        database.repository(entity)
    with pytest.raises(DataError, match="str is no repository class"):
        database.tenant(TenantId("a")).repository(entity.__name__)
