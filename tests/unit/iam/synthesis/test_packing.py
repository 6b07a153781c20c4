"""Statements in managed policies: names, and IAM's quota."""

import pytest

from tenantable.errors import PolicyError
from tenantable.iam.documents import Condition, Statement, policy_size
from tenantable.iam.synthesis.packing import MANAGED_POLICY_CHARACTERS_MAX, pack

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/"


def statement(*names: str, actions: tuple[str, ...] = ("dynamodb:GetItem",), values: tuple[str, ...] = ()) -> Statement:
    conditions = (Condition(operator="StringEquals", key="a:b", values=values),) if values else ()
    resources = tuple(TABLE + name for name in names)
    return Statement(effect="Allow", actions=actions, resources=resources, conditions=conditions)


def sids(*statements: Statement) -> list[str | None]:
    return [each.sid for policy in pack(statements) for each in policy.statements]


@pytest.mark.parametrize(
    ("given", "sid"),
    [
        (statement("tenant-orders"), "GetItemTenantOrders"),
        (statement("orders", actions=("dynamodb:GetItem", "dynamodb:Query")), "ReadOrders"),
        (statement("orders", actions=("dynamodb:DeleteItem", "dynamodb:PutItem")), "WriteOrders"),
        (statement("orders", actions=("dynamodb:GetItem", "dynamodb:PutItem")), "ReadWriteOrders"),
        (statement("orders/index/by-date"), "GetItemOrdersByDate"),
        (statement("orders/index/orders-by-date"), "GetItemOrdersByDate"),
        (statement("a", "b"), "GetItemAAndB"),
        (statement("a", "b", "c"), "GetItemAAndOthers"),
        (statement("x" * 255), "GetItemX" + "x" * 87),
    ],
)
def test_a_statement_is_named_for_what_it_allows(given: Statement, sid: str) -> None:
    assert sids(given) == [sid]


def test_a_taken_name_gets_a_number() -> None:
    assert sids(statement("t"), statement("t2"), statement("t")) == ["GetItemT", "GetItemT2", "GetItemT3"]


def test_statements_fill_one_policy_before_the_next() -> None:
    many = [statement(f"table-with-a-long-name-{number:02}") for number in range(60)]
    policies = pack(many)
    sizes = [policy_size(policy) for policy in policies]
    assert [each.resources for policy in policies for each in policy.statements] == [each.resources for each in many]
    assert len(policies) == 2
    assert max(sizes) <= MANAGED_POLICY_CHARACTERS_MAX < sum(sizes)


def test_a_statement_larger_than_a_policy_is_divided_by_its_resources() -> None:
    names = [f"table-with-a-long-name-{number:03}" for number in range(150)]
    policies = pack([statement(*names, actions=("dynamodb:GetItem", "dynamodb:Query"))])
    resources = [resource for policy in policies for each in policy.statements for resource in each.resources]
    assert resources == [TABLE + name for name in names]
    assert all(policy_size(policy) <= MANAGED_POLICY_CHARACTERS_MAX for policy in policies)


def test_a_statement_on_one_resource_is_divided_by_its_actions() -> None:
    policies = pack([statement("t", actions=tuple(f"dynamodb:{'X' * 1000}{number}" for number in range(9)))])
    assert sum(len(each.actions) for policy in policies for each in policy.statements) == 9


def test_what_cannot_be_divided_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"GetItem on .*table/t needs .* characters"):
        pack([statement("t", values=tuple(f"attribute{number:04}" for number in range(600)))])
