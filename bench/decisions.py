"""
What a decision costs: half of them take less than p50, one in a hundred more than p99.

`prepared` is what an engine asks with every request, by the authorizer; `evaluated` a decision by compiled policies;
`walked` the same by reading every statement of the documents, as an evaluator does that compiles nothing. Then what
enforcement adds to a GetItem in process, whole and projected, in CPU time, from rounds with and without it by turns.
"""

import fnmatch
import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from tenantable.engine import Engine
from tenantable.iam.authorizer import PolicyAuthorizer
from tenantable.iam.documents import Policy, parse_policy
from tenantable.iam.evaluation import AccessRequest, PolicySet, Verdict, evaluate
from tenantable.wire.arns import Home
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

HOME = Home()
PRINCIPAL = f"arn:aws:iam::{HOME.account_id}:role/bench"
DECISIONS, ROUNDS, READS = 20_000, 40, 2000
KEYS = {f"table-{number}": TableKeys(table=KeyNames(partition=KeyAttribute(name="pk"))) for number in range(50)}


def policy(statements: int) -> Policy:
    """Statements as a component has them: two actions on one table, held to the keys of some tenants, and a deny."""
    written: list[dict[str, Any]] = [
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": HOME.table(f"table-{number}"),
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"T#{each}#*" for each in range(5)]},
                "Null": {"dynamodb:EnclosingOperation": "true"},
            },
        }
        for number in range(statements - 1)
    ]
    deny = {"Effect": "Deny", "Action": "dynamodb:Delete*", "Resource": "*"}
    return parse_policy({"Version": "2012-10-17", "Statement": [*written, deny]})


def asked(statements: int) -> Iterator[tuple[str, str]]:
    """Tables and keys, each key another one until they come round."""
    return itertools.cycle([(f"table-{each % (statements - 1)}", f"T#{each % 5}#{each}") for each in range(1009)])


def access_request(table: str, key: str) -> AccessRequest:
    return AccessRequest("dynamodb:GetItem", HOME.table(table), {"dynamodb:leadingkeys": (key,)})


def prepared(statements: int) -> Callable[[str, str], None]:
    authorizer = PolicyAuthorizer({PRINCIPAL: [policy(statements)]}, HOME)
    lookup = KEYS.get

    def decide(table: str, key: str) -> None:
        authorizer.authorize(PRINCIPAL, "GetItem", {"TableName": table, "Key": {"pk": {"S": key}}}, lookup)

    return decide


def evaluated(statements: int) -> Callable[[str, str], None]:
    policies = PolicySet([policy(statements)])

    def decide(table: str, key: str) -> None:
        assert evaluate(access_request(table, key), policies).verdict is Verdict.ALLOWED

    return decide


def walked(statements: int) -> Callable[[str, str], None]:
    document = policy(statements)

    def decide(table: str, key: str) -> None:
        request = access_request(table, key)
        assert any(
            any(fnmatch.fnmatchcase(request.action.lower(), each.lower()) for each in statement.actions)
            and any(fnmatch.fnmatchcase(request.resource, each) for each in statement.resources)
            and all(_holds(each, request) for each in statement.conditions)
            for statement in document.statements
            if statement.effect == "Allow"
        )

    return decide


def _holds(condition: Any, request: AccessRequest) -> bool:
    values = request.context.get(condition.key.lower())
    if condition.operator == "Null":
        return (values is None) is (condition.values[0] == "true")
    return all(any(fnmatch.fnmatchcase(value, wanted) for wanted in condition.values) for value in values or ())


def measure(decide: Callable[[str, str], None], statements: int) -> tuple[float, float]:
    """The p50 and p99 of a decision, in microseconds; a few at a time, so that the clock costs little."""
    stream = asked(statements)
    costs = []
    gc.collect()
    for _ in range(DECISIONS // 10):
        several = list(itertools.islice(stream, 10))
        began = time.perf_counter()
        for table, key in several:
            decide(table, key)
        costs.append((time.perf_counter() - began) / 10 * 1e6)
    return statistics.median(costs), statistics.quantiles(costs, n=100)[-1]


def attributes_policy() -> Policy:
    """As a component has it that may read some attributes of some tenants' items, and must name them."""
    condition = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"T#{each}#*" for each in range(5)]},
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "data"]},
        "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
    }
    allow = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": HOME.table("table-0"), "Condition": condition}
    return parse_policy({"Version": "2012-10-17", "Statement": allow})


def enforcement(held_to: Policy, projection: dict[str, Any]) -> float:
    """What a GetItem under a policy costs, as a part of one without."""
    request = {
        "TableName": "table-0",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    with Engine(":memory:", authorizer=PolicyAuthorizer({PRINCIPAL: [held_to]}, HOME)) as engine:
        engine.call("CreateTable", request)
        keys = [{"pk": {"S": f"T#{number % 5}#{number}"}} for number in range(READS)]
        for key in keys:
            engine.call("PutItem", {"TableName": "table-0", "Item": {**key, "data": {"S": "x" * 900}}})
        client = engine.as_principal(PRINCIPAL)
        ratios = []
        for _ in range(ROUNDS):
            spent = []
            for calls in (engine, client):
                gc.collect()
                began = time.process_time()
                for key in keys:
                    calls.call("GetItem", {"TableName": "table-0", "Key": key, **projection})
                spent.append(time.process_time() - began)
            ratios.append(spent[1] / spent[0])
    return statistics.median(ratios)


def main() -> None:
    table = Table(title="microseconds of a decision")
    for column in ("statements", "how", "p50", "p99"):
        table.add_column(column)
    for statements in (8, 50):
        for way in (prepared, evaluated, walked):
            p50, p99 = measure(way(statements), statements)
            table.add_row(str(statements), way.__name__, f"{p50:.2f}", f"{p99:.2f}")
    console = Console(width=100)
    console.print(table)
    projection = {"ProjectionExpression": "pk, #d", "ExpressionAttributeNames": {"#d": "data"}}
    for name, held_to, asked_for in (("whole", policy(8), {}), ("projected", attributes_policy(), projection)):
        added = (enforcement(held_to, asked_for) - 1) * 100
        console.print(f"Enforcement adds {added:.1f} % to a {name} GetItem in process.")


if __name__ == "__main__":
    main()
