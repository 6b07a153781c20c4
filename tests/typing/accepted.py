"""Correct use, never run: every line must be free of errors for mypy --strict and for pyright in strict mode."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_type

from tests.typing.shop import Note, Notes, Order, Orders, OrderSummary, Status, User, Users

from tenantable.data import Database, TenantId
from tenantable.declare import Change, Condition, Key, Page, Reference, allow, writes


def entities_are_plain_models(now: datetime) -> Order:
    order = Order(org_id="o", order_id="1", placed_at=now, items=3)
    assert_type(order.total, Decimal)
    assert_type(order.email, str | None)
    assert_type(order.status, Status)
    assert_type(Order.total, Reference[Order, Decimal])
    assert_type(order.placed_at, datetime)
    return order


def conditions_know_their_entity() -> Condition[Order]:
    early = Order.placed_at.between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    cheap = (Order.total < Decimal(10)) & ~(Order.status == "void")
    labelled = Order.labels.contains("gift") | (Order.lines.size > 3) | Order.email.exists()
    return early & cheap & labelled & Order.org_id.begins_with("a") & Order.status.in_(["open", "paid"])


def changes_fit_their_attributes() -> list[Change[Order]]:
    return [
        Order.total.add(Decimal(5)),
        Order.items.add(1),
        Order.status.set("paid"),
        Order.email.remove(),
        Order.labels.add_to_set("gift"),
        Order.lines.append("socks"),
        Order.prices["socks"].set(Decimal(3)),
        Order.expires_at.set(None),
    ]


def patterns_keep_their_parameters_and_supply_results(database: Database) -> None:
    scope = database.tenant(TenantId("t"))
    orders = scope.repository(Orders)
    assert_type(orders, Orders)
    assert_type(orders.get(org_id="o", order_id="1"), Order | None)
    assert_type(orders.consistent.get(org_id="o", order_id="1"), Order | None)
    assert_type(orders.summary(org_id="o", order_id="1"), OrderSummary | None)
    query = orders.by_status(org_id="o", status="open").where(Order.total > Decimal(10)).newest_first()
    assert_type(list(query), list[Order])
    assert_type(query.page(25), Page[Order])
    assert_type(query.first(), Order | None)
    assert_type(query.only(Order.order_id, Order.total).all(), list[tuple[str, Decimal]])
    assert_type(scope.repository(Notes).of_organisation(org_id="o").all(), list[Order | Note])


def writes_are_typed(database: Database, order: Order) -> None:
    orders = database.tenant(TenantId("t")).repository(Orders)
    key = Orders.get.key(org_id="o", order_id="1")
    assert_type(key, Key[Order])
    assert_type(orders.create(order), Order)
    assert_type(orders.put(order, when=Order.status == "open"), Order)
    assert_type(orders.update(key, *changes_fit_their_attributes(), when=conditions_know_their_entity()), Order)
    orders.delete(key, when=Order.total == Decimal(0))
    assert_type(orders.get_many([key]), list[Order | None])


def transactions_take_repositories(database: Database, order: Order) -> None:
    users = database.repository(Users)
    scope = database.tenant(TenantId("t"))
    with scope.transaction() as transaction:
        transaction.create(scope.repository(Orders), order)
        transaction.check(users, Users.get.key(user_id="u"), when=User.name == "Ann")


def grants_name_patterns() -> None:
    allow(Orders.by_status, Orders.get, writes(Order, "create", "update"), attributes=[Order.total, "status"])
