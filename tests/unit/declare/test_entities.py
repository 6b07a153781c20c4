from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tenantable.declare.attributes import Attr, attr, camel_case, declaration_of, snake_case
from tenantable.declare.entities import Entity
from tenantable.declare.references import Reference
from tenantable.declare.tables import Table
from tenantable.errors import DeclarationError
from tenantable.wire.values import Item

table = Table("app", ttl="expires_at", discriminator="_kind")


class Named(Entity):
    name: Attr[str] = attr(default="nobody")


class Person(Named, table=table, stored_names=camel_case):
    person_id: Attr[str]
    age: Attr[int | None] = attr(default=None)
    nick: Attr[str] = attr(default="x", stored_as="n", unique=True)


def problems(raised: pytest.ExceptionInfo[DeclarationError]) -> str:
    return " | ".join(f"{fault.place} {fault.problem}" for fault in raised.value.faults)


def test_an_instance_gives_values_and_the_class_references() -> None:
    person = Person(person_id="1", age=3)
    assert (person.person_id, person.age, person.name) == ("1", 3, "nobody")
    assert isinstance(Person.age, Reference)
    assert repr(Person.age) == "Person.age"


def test_fields_of_a_class_without_table_are_lent() -> None:
    assert isinstance(Person.name, Reference)
    assert Person.name.entity is Person


def test_stored_names_follow_the_rule_or_the_attribute() -> None:
    attributes = declaration_of(Person).attributes
    assert [attribute.stored_as for attribute in attributes.values()] == ["name", "personId", "age", "n"]


@pytest.mark.parametrize(("name", "camel"), [("tenant_id", "tenantId"), ("url", "url"), ("a_b_c", "aBC")])
def test_camel_case_joins_words(name: str, camel: str) -> None:
    assert camel_case(name) == camel
    assert snake_case(name) == name


def test_an_unknown_keyword_is_refused() -> None:
    unknown: dict[str, Any] = {"person_id": "1", "colour": "red"}
    with pytest.raises(ValidationError, match="colour"):
        Person(**unknown)


def test_an_entity_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Person(person_id="1").age = 4


def test_a_class_without_table_has_no_declaration() -> None:
    with pytest.raises(DeclarationError, match="Named: has no table"):
        declaration_of(Named)


def test_an_entity_with_a_table_is_final() -> None:
    with pytest.raises(DeclarationError, match="Person has a table and is final"):

        class Child(Person):  # type: ignore[misc, unused-ignore]
            pass


def test_every_fault_of_an_entity_is_reported_at_once() -> None:
    with pytest.raises(DeclarationError) as raised:

        class Broken(Entity, table=table):
            plain: int
            expires_at: Attr[str]
            version: Attr[str] = attr(default="", lock=True)
            gone: Attr[datetime] = attr(default=None, soft_delete=True)
            kind: Attr[str] = attr(default="", stored_as="_kind")
            first: Attr[str] = attr(default="", stored_as="same")
            second: Attr[str] = attr(default="", stored_as="same")

    found = problems(raised)
    for expected in (
        "Broken.plain is not declared with Attr",
        "Broken.expires_at is the TTL attribute, and no datetime",
        "Broken.version is a lock, and no int",
        "Broken.gone marks deletion",
        "Broken.kind '_kind' is kept",
        "Broken.second is stored as 'same', as first is",
    ):
        assert expected in found


@pytest.mark.filterwarnings("ignore:Field name")
def test_a_field_does_not_hide_how_patterns_are_declared() -> None:
    with pytest.raises(DeclarationError, match=r"Odd\.key: hides the method .* rename it, with stored_as='key'"):

        class Odd(Entity, table=table):
            key: Attr[str]  # type: ignore[assignment]


def test_two_locks_are_one_too_many() -> None:
    with pytest.raises(DeclarationError, match="a and b are both lock=True"):

        class Locked(Entity, table=table):
            a: Attr[int] = attr(default=0, lock=True)
            b: Attr[int] = attr(default=0, lock=True)


def unchanged(item: Item) -> Item:
    return item


@pytest.mark.parametrize("upgrades", [{}, {1: unchanged}, {1: unchanged, 3: unchanged}])
def test_each_older_version_needs_an_upgrade(upgrades: dict[int, Any]) -> None:
    with pytest.raises(DeclarationError, match="give one for each older version: 1, 2"):

        class Versioned(Entity, table=table, version=3, upgrades=upgrades):
            name: Attr[str]


def test_what_was_declared_of_an_entity_is_one_value() -> None:
    declaration = declaration_of(Person)
    assert (declaration.name, declaration.table, declaration.version) == ("Person", table, 1)
    assert [attribute.name for attribute in declaration.unique] == ["nick"]
    assert declaration.lock is declaration.ttl is declaration.soft_delete is None


def test_an_unknown_class_keyword_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"Bad: tabel= is no class keyword \(hint: known are table, name, "):

        class Bad(Entity, tabel=table):  # type: ignore[call-arg, unused-ignore]
            name: Attr[str]


def test_a_setting_of_pydantic_is_a_class_keyword() -> None:
    class Tidy(Entity, table=Table("tidy"), str_strip_whitespace=True):
        name: Attr[str]

    assert Tidy(name=" a ").name == "a"


def test_a_default_that_type_checkers_refuse_is_refused_at_import_too() -> None:
    with pytest.raises(
        DeclarationError, match=r"Priced\.price: .* write price: Attr\[\.\.\.\] = attr\(default=Decimal"
    ):

        class Priced(Entity, table=table):
            price: Attr[Decimal] = Decimal(0)  # type: ignore[assignment]
