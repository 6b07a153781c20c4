"""What a repository class is checked for when it is declared."""

from datetime import date, datetime
from inspect import Parameter, Signature
from types import new_class
from typing import Any

import pytest
from pydantic import BaseModel

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.patterns import collection
from tenantable.declare.tables import Index, LocalIndex, Table, Tenancy
from tenantable.errors import DeclarationError
from tenantable.wire.keys import KeyAttribute

gsi1 = Index("gsi1")


ANY_ATTRIBUTE: Any = Attr


def entity(name: str, table: Table, /, **fields: Any) -> Any:
    """An entity class with fields of these types; a pair gives a type and what `attr` says of it."""
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for field, declared in fields.items():
        annotation, default = declared if isinstance(declared, tuple) else (declared, None)
        namespace["__annotations__"][field] = ANY_ATTRIBUTE[annotation]
        namespace |= {} if default is None else {field: default}
    return new_class(name, (Entity,), {"table": table}, lambda body: body.update(namespace))


def faults_of(declare: Any) -> str:
    with pytest.raises(DeclarationError) as raised:
        declare()
    return " | ".join(map(str, raised.value.faults))


def patterns(model: Any, *, tenants: bool = False, name: str = "Orders", **methods: Any) -> Any:
    """Declare a repository class of `model`."""
    base = AccessPatterns[model]
    namespace = {"__orig_bases__": (base,), "tenant_scoped": tenants, "__module__": __name__, **methods}
    return type(name, (AccessPatterns,), namespace)


def signature_of(names: list[str]) -> Signature:
    """A method's signature with these keyword parameters."""
    own = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    return Signature([own, *(Parameter(name, Parameter.KEYWORD_ONLY) for name in names)])


def by_id(self: Any, *, order_id: str) -> None:
    """One order."""


def test_all_faults_of_a_repository_are_reported_at_once() -> None:
    order = entity("Order", Table("app", gsi1), org_id=str, order_id=str)

    def undocumented(self: Any, *, order_id: int, colour: str) -> None: ...

    def declare() -> None:
        patterns(
            order,
            get=order.key(pk="ORG#{org_id}", sk="ORDER#{order_id}")(undocumented),
            listed=order.query(gsi1, pk="X#{org}", sk="{order_id}")(by_id),
        )

    found = faults_of(declare)
    for expected in (
        "get: has no docstring",
        "get: the parameter colour is no part of the key",
        "get: the partition key needs {org_id}",
        "get: the parameter order_id is <class 'int'>, and the field <class 'str'>",
        "listed: pk: {org} is no field of Order",
    ):
        assert expected in found


def test_an_entity_needs_a_key_pattern() -> None:
    order = entity("Order", Table("app"), order_id=str)
    found = faults_of(lambda: patterns(order, listed=order.query(pk="X", sk="{order_id}")(by_id)))
    assert "has no key pattern of Order" in found


def test_a_pattern_belongs_to_its_entitys_repository() -> None:
    table = Table("app")
    order, note = entity("Order", table, order_id=str), entity("Note", table, order_id=str)
    found = faults_of(lambda: patterns(order, get=note.key(pk="N#{order_id}", sk="N")(by_id)))
    assert "belongs to Note" in found


def test_a_pattern_does_not_hide_what_every_repository_has() -> None:
    order = entity("Order", Table("app"), order_id=str)
    found = faults_of(lambda: patterns(order, tenant_scoped=order.key(pk="O#{order_id}", sk="A")(by_id)))
    assert "tenant_scoped: hides what every repository has" in found


def test_patterns_are_not_added_to_a_finished_repository() -> None:
    order = entity("Order", Table("app"), order_id=str)
    first = patterns(order, get=order.key(pk="O#{order_id}", sk="A")(by_id))
    assert "More: names no entity" in faults_of(lambda: type("More", (first,), {"listed": order.query()(by_id)}))


def test_one_key_has_one_template() -> None:
    order = entity("Order", Table("app"), order_id=str)

    def declare() -> None:
        patterns(
            order,
            get=order.key(pk="ORDER#{order_id}", sk="A")(by_id),
            other=order.key(pk="O#{order_id}", sk="A")(by_id),
        )

    assert "pk is 'O#{order_id}', and 'ORDER#{order_id}' in another pattern" in faults_of(declare)


def test_a_template_may_be_given_once_and_used_often() -> None:
    order = entity("Order", Table("app"), org_id=str, order_id=str)

    def of_organisation(self: Any, *, org_id: str) -> None:
        """All orders."""

    def one(self: Any, *, org_id: str, order_id: str) -> None:
        """One order."""

    found = patterns(
        order, get=order.key(pk="ORG#{org_id}", sk="ORDER#{order_id}")(one), all=order.query()(of_organisation)
    )
    assert found.all.resolution.key is found.get.resolution.key


def test_a_second_repository_may_use_the_keys_but_not_add_any() -> None:
    order = entity("Order", Table("app", gsi1), order_id=str)
    patterns(order, get=order.key(pk="ORDER#{order_id}", sk="A")(by_id))
    patterns(order, name="More", get=order.key()(by_id))
    found = faults_of(lambda: patterns(order, name="Other", get=order.query(gsi1, pk="O#{order_id}", sk="X")(by_id)))
    assert "gives other keys than the entity's first repository" in found


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("TEAM#{order_id}", "TEAMROLE#{order_id}", None),
        ("TEAM#{order_id}", "TEAM#{order_id}", "can have the same primary key"),
        ("{order_id}", "NOTE#{order_id}", None),
        ("{order_id}#x", "NOTE#{order_id}", "can have the same primary key"),
        ("{order_id}", "N#{order_id}#1", None),
    ],
)
def test_entities_of_one_partition_must_differ_in_their_sort_keys(first: str, second: str, problem: str | None) -> None:
    table = Table("app")
    order, note = entity("Order", table, order_id=str), entity("Note", table, order_id=str)
    patterns(order, get=order.key(pk="SAME", sk=first)(by_id))

    def declare() -> Any:
        return patterns(note, name="Notes", get=note.key(pk="SAME", sk=second)(by_id))

    if problem is None and not first.startswith("{"):
        declare()
    else:
        assert (problem or "cannot be told apart by their sort keys") in faults_of(declare)


def test_a_discriminator_tells_entities_apart_where_keys_do_not() -> None:
    table = Table("app", discriminator="_entity")
    order, note = entity("Order", table, order_id=str), entity("Note", table, order_id=str)
    patterns(order, get=order.key(pk="SAME", sk="{order_id}")(by_id))
    patterns(note, name="Notes", get=note.key(pk="SAME", sk="NOTE#{order_id}")(by_id))


def test_two_entities_have_two_names() -> None:
    table = Table("app")
    first, second = entity("Order", table, order_id=str), entity("Order", table, order_id=str)
    patterns(first, get=first.key(pk="A#{order_id}", sk="A")(by_id))
    assert "both named 'Order'" in faults_of(lambda: patterns(second, get=second.key(pk="B#{order_id}", sk="A")(by_id)))


def test_a_key_attribute_may_be_a_field() -> None:
    coach = entity(
        "Coach", Table("profiles", Index("school", partition="school_id"), partition="coach_id"), coach_id=str
    )

    def get(self: Any, *, coach_id: str) -> None:
        """One coach."""

    found = patterns(coach, get=coach.key()(get))
    assert found.get.resolution.key.render({"coach_id": "a#b"}) == {"coach_id": {"S": "a#b"}}


def test_a_field_that_is_a_key_needs_no_template() -> None:
    coach = entity("Coach", Table("profiles", partition="order_id"), order_id=str)
    found = faults_of(lambda: patterns(coach, get=coach.key(pk="C#{order_id}")(by_id)))
    assert "order_id is a field, and filled from a template" in found


def test_a_key_attribute_that_is_no_field_needs_a_template() -> None:
    order = entity("Order", Table("app"), order_id=str)
    assert "PK needs a template" in faults_of(lambda: patterns(order, get=order.key(sk="A")(by_id)))


def test_the_primary_key_is_never_none() -> None:
    order = entity("Order", Table("app"), order_id=str | None)
    found = faults_of(lambda: patterns(order, get=order.key(pk="O#{order_id}", sk="A")(by_id)))
    assert "is part of the primary key and may be None" in found


def test_a_query_fixes_leading_parts_of_the_sort_key() -> None:
    order = entity("Order", Table("app"), day=date, order_id=str)

    def get(self: Any, *, day: date, order_id: str) -> None:
        """One order."""

    found = faults_of(
        lambda: patterns(order, get=order.key(pk="P", sk="{day}#{order_id}")(get), gap=order.query()(by_id))
    )
    assert "the sort key has a gap at {day}" in found


def test_a_day_may_select_the_partition_of_an_instant() -> None:
    order = entity("Order", Table("app"), at=datetime, order_id=str)

    def of_day(self: Any, *, at: date) -> None:
        """Orders of a day."""

    def get(self: Any, *, at: datetime, order_id: str) -> None:
        """One order."""

    patterns(order, get=order.key(pk="DAY#{at:date}", sk="{at}#{order_id}")(get), of_day=order.query()(of_day))


def test_an_index_must_be_of_the_entitys_table() -> None:
    order = entity("Order", Table("app"), order_id=str)
    found = faults_of(
        lambda: patterns(
            order,
            get=order.key(pk="O#{order_id}", sk="A")(by_id),
            listed=order.query(gsi1, pk="X", sk="{order_id}")(by_id),
        )
    )
    assert "Orders.listed: Index('gsi1') is not of Table('app')" in found


def test_a_local_index_takes_the_tables_partition() -> None:
    local = LocalIndex("by-name", sort="name")
    order = entity("Order", Table("app", local), order_id=str, name=str)

    def of_order(self: Any, *, order_id: str) -> None:
        """Sorted by name."""

    found = patterns(
        order,
        get=order.key(pk="O#{order_id}", sk="A")(by_id),
        named=order.query(local)(of_order),
    )
    assert str(found.named.resolution.key.partition) == "O#{order_id}"


class Wrong(BaseModel):
    order_id: int


def test_a_view_repeats_fields_of_the_entity() -> None:
    order = entity("Order", Table("app"), order_id=str)
    found = faults_of(lambda: patterns(order, get=order.key(pk="O#{order_id}", sk="A", view=Wrong)(by_id)))
    assert "Wrong.order_id is no field of Order, or has another type" in found


def test_an_index_must_hold_what_its_patterns_give() -> None:
    small = Index("small", projection="keys")
    order = entity("Order", Table("app", small), order_id=str)
    found = faults_of(
        lambda: patterns(
            order,
            get=order.key(pk="O#{order_id}", sk="A")(by_id),
            listed=order.query(small, pk="S", sk="{order_id}")(by_id),
        )
    )
    assert "Index('small') does not hold order_id" in found


def test_a_collection_needs_entities_with_one_partition_template() -> None:
    table = Table("app")
    order, note = entity("Order", table, order_id=str), entity("Note", table, order_id=str)
    late = entity("Late", table, order_id=str)
    patterns(note, name="Notes", get=note.key(pk="N#{order_id}", sk="NOTE")(by_id))
    together: Any = collection(order, note, late, pk="O#{order_id}")
    found = faults_of(
        lambda: patterns(order, get=order.key(pk="O#{order_id}", sk="ORDER")(by_id), both=together(by_id))
    )
    assert "Late has no keys yet" in found
    assert "Note does not have the partition key 'O#{order_id}' there" in found


def test_a_collection_takes_no_part_of_a_sort_key() -> None:
    table = Table("app")
    order, note = entity("Order", table, order_id=str, day=date), entity("Note", table, order_id=str)

    def get(self: Any, *, order_id: str, day: date) -> None:
        """One order, or all that belongs to it."""

    patterns(note, name="Notes", get=note.key(pk="O#{order_id}", sk="NOTE")(by_id))
    together: Any = collection(order, note, pk="O#{order_id}")
    found = faults_of(
        lambda: patterns(order, get=order.key(pk="O#{order_id}", sk="ORDER#{day}")(get), both=together(get))
    )
    assert "the parameter day is no part of the partition key" in found


def tenants(*, key: str, index: str = "TENANT#{tenant}#X", across: bool = False) -> Any:
    second = Index("gsi1", across_tenants=across)
    table = Table("app", second, tenancy=Tenancy())
    order = entity("Order", table, order_id=str)

    def listed(self: Any) -> None:
        """Orders."""

    return patterns(
        order,
        tenants=True,
        get=order.key(pk=key, sk="{order_id}")(by_id),
        listed=order.query(second, pk=index, sk="{order_id}")(listed),
    )


def test_every_key_of_a_shared_table_begins_with_the_tenant() -> None:
    tenants(key="TENANT#{tenant}")
    tenants(key="TENANT#{tenant}#ORDERS", index="ALL", across=True)


@pytest.mark.parametrize(
    ("key", "index"),
    [
        ("ORDERS", "TENANT#{tenant}#X"),
        ("TENANT#{tenant}#X", "ALL"),
        ("TENANT#{tenant}-X", "TENANT#{tenant}"),
        ("X#TENANT#{tenant}", "TENANT#{tenant}"),
    ],
)
def test_a_key_without_the_tenants_prefix_is_refused(key: str, index: str) -> None:
    assert "does not begin with the tenant's prefix" in faults_of(lambda: tenants(key=key, index=index))


def test_a_shared_table_wants_a_tenants_repository_and_no_other() -> None:
    shared = entity("Order", Table("app", tenancy=Tenancy()), order_id=str)
    alone = entity("Order", Table("app"), order_id=str)
    found = faults_of(lambda: patterns(shared, get=shared.key(pk="TENANT#{tenant}", sk="{order_id}")(by_id)))
    assert "is shared by tenants" in found
    found = faults_of(lambda: patterns(alone, tenants=True, get=alone.key(pk="A", sk="{order_id}")(by_id)))
    assert "needs tenants" in found


def test_the_word_tenant_is_reserved_in_a_shared_table() -> None:
    order = entity("Order", Table("app", tenancy=Tenancy()), order_id=str, tenant=str)
    found = faults_of(
        lambda: patterns(order, tenants=True, get=order.key(pk="TENANT#{tenant}", sk="{order_id}")(by_id))
    )
    assert "Order.tenant: is a reserved name" in found


def test_unique_values_need_text_keys_and_types_that_have_a_text() -> None:
    order = entity("Order", Table("app"), order_id=str, tags=(list[str], attr(unique=True)))
    assert "cannot be unique" in faults_of(lambda: patterns(order, get=order.key(pk="O#{order_id}", sk="A")(by_id)))
    numbered = entity(
        "Line", Table("app", partition=KeyAttribute(name="n", type="N")), n=int, name=(str, attr(unique=True))
    )

    def get(self: Any, *, n: int) -> None:
        """One line."""

    assert "a key that is no text" in faults_of(lambda: patterns(numbered, get=numbered.key()(get)))


@pytest.mark.parametrize(
    ("pk", "sk", "meets"),
    [
        ("UNIQUE#{order_id}", "UNIQUE", False),
        ("UNIQUE#User#{order_id}", "UNIQUE", True),
        ("UNIQUE#User#{order_id}", "ORDER", False),
        ("UNIQUE#User#{order_id}#{kind}", "{name}", True),
        ("{order_id}#{kind}#{name}", "UNIQUE", True),
        ("ORDER#{order_id}", "UNIQUE", False),
    ],
)
@pytest.mark.parametrize("user_first", [True, False])
def test_no_key_is_that_of_a_unique_values_marker(pk: str, sk: str, meets: bool, user_first: bool) -> None:
    table = Table("app")
    user = entity("User", table, user_id=str, email=(str, attr(unique=True)))
    order = entity("Order", table, order_id=str, kind=str, name=str)

    def get(self: Any, *, order_id: str, kind: str, name: str) -> None:
        """One order."""

    def get_user(self: Any, *, user_id: str) -> None:
        """One user."""

    def declare_user() -> None:
        patterns(user, name="Users", get=user.key(pk="USER#{user_id}", sk="USER")(get_user))

    def declare_order() -> None:
        names = [name for name in ("order_id", "kind", "name") if f"{{{name}}}" in pk + sk]
        get.__signature__ = signature_of(names)  # type: ignore[attr-defined]
        patterns(order, get=order.key(pk=pk, sk=sk)(get))

    first, second = (declare_user, declare_order) if user_first else (declare_order, declare_user)
    first()
    if meets:
        assert "Order: can have the key of a marker that keeps unique values of User" in faults_of(second)
    else:
        second()


def test_a_pattern_outside_a_repository_cannot_be_used() -> None:
    order = entity("Order", Table("app"), order_id=str)
    lonely = order.key(pk="O#{order_id}", sk="A")(by_id)
    with pytest.raises(DeclarationError, match="the pattern belongs to no repository"):
        _ = lonely.resolution
