"""Unique values, through repositories: they hold, follow updates, deletes and expiry, and are free again."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tenantable.data import Database, Repository, TenantId, TenantRepository
from tenantable.declare import Attr, Entity, Table, Tenancy, attr
from tenantable.errors import ConditionFailed, DataError, DuplicateValue, StaleItem

table = Table("users", ttl="expires_at")
shared = Table("members", tenancy=Tenancy())
natural = Table("coaches", partition="coach_id")


class User(Entity, table=table):
    user_id: Attr[str]
    email: Attr[str | None] = attr(default=None, unique=True)
    handle: Attr[str | None] = attr(default=None, unique=True)
    visits: Attr[int] = attr(default=0)
    expires_at: Attr[datetime | None] = attr(default=None)


class Users(Repository[User]):
    @User.key(pk="USER#{user_id}", sk="USER")
    def get(self, *, user_id: str) -> None:
        """One user."""


class Member(Entity, table=shared):
    member_id: Attr[str]
    email: Attr[str] = attr(unique=True)


class Members(TenantRepository[Member]):
    @Member.key(pk="TENANT#{tenant}", sk="MEMBER#{member_id}")
    def get(self, *, member_id: str) -> None:
        """One member."""


class Coach(Entity, table=natural):
    coach_id: Attr[str]
    email: Attr[str] = attr(unique=True)


class Coaches(Repository[Coach]):
    @Coach.key()
    def get(self, *, coach_id: str) -> None:
        """One coach."""


@pytest.fixture
def users(open_database: Callable[..., Database]) -> Users:
    return open_database(table).repository(Users)


@pytest.fixture
def taken(stored: Any) -> Callable[[], list[str]]:
    """The unique values that are held now."""

    def markers() -> list[str]:
        held = (item["PK"]["S"] for item in stored(table))
        return sorted(key.removeprefix("UNIQUE#User#") for key in held if key.startswith("UNIQUE#"))

    return markers


def key(user_id: str) -> Any:
    return Users.get.key(user_id=user_id)


def test_a_value_is_held_by_one_entity(users: Users, taken: Any) -> None:
    users.create(User(user_id="1", email="a@x"))
    for write in (users.create, users.put):
        with pytest.raises(DuplicateValue, match=r"User\.email 'a@x' is taken"):
            write(User(user_id="2", email="a@x"))
    assert users.get(user_id="2") is None
    assert taken() == ["email#a@x"]


def test_an_existing_entity_is_no_duplicate_value(users: Users) -> None:
    users.create(User(user_id="1", email="a@x"))
    with pytest.raises(ConditionFailed, match="exists already") as raised:
        users.create(User(user_id="1", email="b@x"))
    assert not isinstance(raised.value, DuplicateValue)


def test_none_is_never_taken(users: Users, taken: Any) -> None:
    users.create(User(user_id="1"))
    users.create(User(user_id="2"))
    assert taken() == []


@pytest.mark.parametrize("by_key", [True, False])
def test_an_update_moves_the_value(users: Users, taken: Any, by_key: bool) -> None:
    user = users.create(User(user_id="1", email="a@x", handle="h"))
    updated = users.update(key("1") if by_key else user, User.email.set("b#x"), User.visits.add(1))
    assert (updated.email, updated.visits) == ("b#x", 1)
    assert taken() == ["email#b%23x", "handle#h"]


def test_a_put_moves_the_value(users: Users, taken: Any) -> None:
    user = users.create(User(user_id="1", email="a@x"))
    users.put(user.model_copy(update={"email": "b@x"}))
    users.put(user.model_copy(update={"email": None, "handle": "h"}))
    assert taken() == ["handle#h"]


def test_removing_and_deleting_free_the_value(users: Users, taken: Any) -> None:
    users.create(User(user_id="1", email="a@x", handle="h"))
    users.update(key("1"), User.email.remove())
    assert taken() == ["handle#h"]
    users.delete(key("1"))
    users.delete(key("1"))
    assert taken() == []


def test_a_value_that_is_taken_changes_nothing(users: Users, taken: Any) -> None:
    users.create(User(user_id="1", email="a@x"))
    second = users.create(User(user_id="2", email="b@x"))
    with pytest.raises(DuplicateValue):
        users.update(second, User.email.set("a@x"), User.visits.add(1))
    assert users.get(user_id="2") == second
    assert taken() == ["email#a@x", "email#b@x"]


def test_an_update_of_other_attributes_needs_no_transaction(users: Users, client: Any) -> None:
    users.create(User(user_id="1", email="a@x"))
    client.operations()
    users.update(key("1"), User.visits.add(1))
    assert client.operations() == ["UpdateItem"]


def test_a_stale_entity_does_not_free_what_it_no_longer_has(users: Users, taken: Any) -> None:
    stale = users.create(User(user_id="1", email="a@x"))
    users.update(key("1"), User.email.set("b@x"))
    with pytest.raises(StaleItem):
        users.delete(stale)
    with pytest.raises(StaleItem):
        users.update(stale, User.email.set("c@x"))
    assert taken() == ["email#b@x"]


def test_a_put_starts_over_when_others_are_faster(users: Users, taken: Any, client: Any) -> None:
    user = users.create(User(user_id="1", email="a@x"))
    rivals = ["r@x"]

    def interfere(operation: str, _request: Any) -> None:
        if operation == "TransactWriteItems" and rivals:
            users.update(key("1"), User.email.set(rivals.pop()))

    client.before = interfere
    users.put(user.model_copy(update={"email": "b@x"}))
    assert taken() == ["email#b@x"]


def test_an_expired_owner_no_longer_holds_its_value(users: Users, clock: Any) -> None:
    """Whether DynamoDB removed the owner, its marker, both or none of them yet."""
    users.create(User(user_id="1", email="a@x", expires_at=datetime.fromtimestamp(clock.now + 10, UTC)))
    clock.now += 10
    users.create(User(user_id="2", email="a@x"))
    with pytest.raises(DuplicateValue):
        users.create(User(user_id="3", email="a@x"))


def test_a_marker_expires_when_its_owner_does(users: Users, clock: Any, stored: Any) -> None:
    users.create(User(user_id="1", email="a@x", expires_at=datetime.fromtimestamp(clock.now + 10, UTC)))
    users.update(key("1"), User.expires_at.set(datetime.fromtimestamp(clock.now + 99, UTC)))
    assert {item["expires_at"]["N"] for item in stored(table)} == {str(int(clock.now) + 99)}
    clock.now += 50
    with pytest.raises(DuplicateValue):
        users.create(User(user_id="2", email="a@x"))


def test_a_value_is_unique_within_its_tenant(open_database: Callable[..., Database]) -> None:
    database = open_database(shared)
    for tenant in ("a", "b"):
        database.tenant(TenantId(tenant)).repository(Members).create(Member(member_id="1", email="x@x"))
    with pytest.raises(DuplicateValue):
        database.tenant(TenantId("a")).repository(Members).create(Member(member_id="2", email="x@x"))


def test_keys_of_fields_have_unique_values_too(open_database: Callable[..., Database]) -> None:
    coaches = open_database(natural).repository(Coaches)
    coaches.create(Coach(coach_id="1", email="a@x"))
    with pytest.raises(DuplicateValue):
        coaches.create(Coach(coach_id="2", email="a@x"))
    with pytest.raises(DataError, match="must not begin with UNIQUE#"):
        coaches.create(Coach(coach_id="UNIQUE#Coach#email#b@x", email="b@x"))


def test_a_value_too_long_for_a_key_is_refused(users: Users) -> None:
    with pytest.raises(DataError, match="too long to be unique"):
        users.create(User(user_id="1", email="x" * 2048))
