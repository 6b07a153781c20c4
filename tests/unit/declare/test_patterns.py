"""Mistakes in a repository class, and what its author is told: one fault for each, with the way out."""

from collections.abc import Callable
from typing import Any

import pytest

from tenantable.declare import AccessPatterns, Attr, Entity, Index, Table, Tenancy
from tenantable.errors import DeclarationError

gsi1 = Index("gsi1")
table = Table("app", gsi1)
shared = Table("shared", tenancy=Tenancy())


class Order(Entity, table=table):
    number: Attr[int]
    tags: Attr[list[str]]


class Note(Entity, table=table):
    number: Attr[int]


class Visit(Entity, table=shared):
    number: Attr[int]


def no_self() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER")  # type: ignore[arg-type, unused-ignore]
        def get(*, number: int) -> None:
            """One order."""


def field_for_self() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER")
        def get(number: int) -> None:  # type: ignore[misc, unused-ignore]  # noqa: N805 - the mistake
            """One order."""


def no_parameters() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER", sk="ORDER")  # type: ignore[arg-type, unused-ignore]
        def get() -> None:  # type: ignore[misc, unused-ignore]
            """The order."""


def twice() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER")
        def get(self, *, number: int) -> None:
            """One order."""

        @Order.query()  # type: ignore[no-redef, unused-ignore]
        def get(self, *, number: int) -> None:  # noqa: F811 - the mistake
            """Orders."""


def no_entity() -> None:
    class Orders(AccessPatterns):  # type: ignore[type-arg, unused-ignore]
        pass


def empty() -> None:
    class Orders(AccessPatterns[Order]):
        pass


def wrong_decorator() -> None:
    class Orders(AccessPatterns[Order]):
        @Note.key(pk="ORDER#{number}", sk="ORDER")
        def get(self, *, number: int) -> None:
            """One order."""


def no_sort_key() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}")
        def get(self, *, number: int) -> None:
            """One order."""


def typing_error() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER#{nummer}")
        def get(self, *, number: int) -> None:
            """One order."""


def tenant_without_tenancy() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="TENANT#{tenant}", sk="{number}")
        def get(self, *, number: int) -> None:
            """One order."""


def unfit_type() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER")
        def get(self, *, number: int) -> None:
            """One order."""

        @Order.query(gsi1, pk="TAGS#{tags}", sk="{number}")
        def by_tags(self, *, tags: list[str]) -> None:
            """Orders with these tags."""


def tenant_as_parameter() -> None:
    class Visits(AccessPatterns[Visit]):
        tenant_scoped = True

        @Visit.key(pk="TENANT#{tenant}", sk="{number}")
        def get(self, *, tenant: str, number: int) -> None:
            """One visit."""


def no_prefix() -> None:
    class Visits(AccessPatterns[Visit]):
        tenant_scoped = True

        @Visit.key(pk="VISIT#{number}", sk="VISIT")
        def get(self, *, number: int) -> None:
            """One visit."""


@pytest.mark.parametrize(
    ("declare", "fault"),
    [
        (no_self, "Orders.get: has no parameter self (hint: write def get(self, *, number))"),
        (field_for_self, "Orders.get: has no parameter self (hint: write def get(self, *, number))"),
        (no_parameters, "Orders.get: has no parameter self (hint: write def get(self))"),
        (twice, "Orders.get: is declared twice (hint: give each access pattern a name of its own)"),
        (no_entity, "Orders: names no entity (hint: write class Orders(AccessPatterns[...]) with its entity"),
        (empty, "Orders: has no key pattern of Order (hint: decorate a method with @Order.key(pk=..., sk=...))"),
        (wrong_decorator, "Orders.get: belongs to Note (hint: use @Order, or move it to that entity's repository)"),
        (no_sort_key, "that name (hint: give sk=, such as sk='ORDER')"),
        (typing_error, "Orders.get: sk: {nummer} is no field of Order (hint: its fields are number, tags)"),
        (tenant_without_tenancy, "(hint: give Table('app') tenancy=Tenancy(...): {tenant} then comes from the scope)"),
        (unfit_type, "Orders.by_tags: pk: {tags}: list[str] cannot be part of a key"),
        (tenant_as_parameter, "Visits.get: the parameter tenant is no part of the key (hint: drop it: {tenant} comes"),
        (no_prefix, "Visits.get: the partition key 'VISIT#{number}' does not begin with the tenant's prefix"),
    ],
)
def test_a_mistake_is_one_fault_that_says_the_way_out(declare: Callable[[], None], fault: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        declare()
    (found,) = raised.value.faults
    assert fault in str(found)


def test_a_second_entity_of_one_name_is_one_fault() -> None:
    own = Table("own")
    for _ in range(2):

        class Same(Entity, table=own):
            number: Attr[int]

        def declare(model: type[Any] = Same) -> None:
            class Sames(AccessPatterns[model]):  # type: ignore[valid-type, unused-ignore]
                @model.key(pk="SAME#{number}", sk="SAME")  # type: ignore[attr-defined, untyped-decorator, unused-ignore]
                def get(self, *, number: int) -> None:
                    """One of them."""

        if not own.layouts:
            declare()
    with pytest.raises(DeclarationError, match=r"^1 fault.*\n.*Same and Same: are both named 'Same'"):
        declare()


def test_a_call_that_does_not_fit_names_the_pattern_and_its_parameters() -> None:
    class Orders(AccessPatterns[Order]):
        @Order.key(pk="ORDER#{number}", sk="ORDER")
        def get(self, *, number: int) -> None:
            """One order."""

    key: Any = Orders.get.key
    with pytest.raises(TypeError, match=r"Orders\.get: there is no parameter nummer; write get\(\*, number: int\)"):
        key(nummer=1)
    with pytest.raises(TypeError, match=r"Orders\.get: missing a required .*argument: 'number'; write get\("):
        key()
