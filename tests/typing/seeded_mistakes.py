"""Mistakes, never run: mypy --strict and pyright must each report every line that is marked with a number."""

from decimal import Decimal

from tests.typing.shop import Note, Order, Orders, User

from tenantable.data import Database, TenantId


def takes_an_int(_: int) -> None: ...


def mistakes(database: Database, orders: Orders, order: Order) -> None:
    found = orders.get(org_id="o", order_id="1")
    Order(org_id=1, order_id="1", placed_at=order.placed_at, items=1)  # mistake 1: a wrong type in the constructor
    orders.get(orgid="o", order_id="1")  # mistake 2: a typo in a key's name
    orders.get(org_id=1, order_id="1")  # mistake 3: a wrong type in a key
    orders.by_statsu(org_id="o", status="open")  # mistake 4: a typo in an access pattern
    orders.by_status(org="o", status="open")  # mistake 5: a typo in a pattern's parameter
    orders.by_status(org_id="o", status="open").where(Order.totl > Decimal(3))  # mistake 6: a typo in a filter
    orders.by_status(org_id="o", status="open").where(Order.total > "x")  # mistake 7: a wrong type in a filter
    orders.update(order, Order.totl.add(Decimal(1)))  # mistake 8: a typo in an update
    orders.update(order, Order.total.add("x"))  # mistake 9: a wrong type in an update
    found.email.upper()  # mistake 10: None is not considered
    takes_an_int(orders.by_status(org_id="o", status="open").all()[0].total)  # mistake 11: the result's type
    orders.by_status(org_id="o", status="opne")  # mistake 12: a wrong literal
    Orders.get(org_id="o", order_id="1")  # mistake 13: a repository used without a tenant's scope
    Orders().get(org_id="o", order_id="1")  # mistake 14: the same, constructed by hand
    database.tenant("t")  # mistake 15: any text where a tenant is wanted
    database.repository(Orders)  # mistake 16: a tenants' repository without a scope
    orders.update(order, Note.text.set("x"))  # mistake 17: a change of another entity
    orders.put(order, when=Note.text == "x")  # mistake 18: a condition on another entity
    Order(org_id="o", order_id="1", placed_at=order.placed_at)  # mistake 19: a field is missing
    Order(org_id="o", order_id="1", placed_at=order.placed_at, items=1, colour="red")  # mistake 20: an unknown field
    orders.update(order, Order.status.add(1))  # mistake 21: adding to what is no number
    database.tenant(TenantId("t")).repository(Note)  # mistake 22: an entity where a repository is wanted
    Orders.get.key(org_id="o", orderid="1")  # mistake 23: a typo in a key as a value
    User(user_id="u")  # mistake 24: a field is missing that attr() says more of
