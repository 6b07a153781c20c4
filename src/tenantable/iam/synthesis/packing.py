"""
Statements packed into managed policies: readable names, and no document larger than IAM takes.

Source: IAM User Guide, "IAM and AWS STS quotas".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from tenantable.errors import PolicyError
from tenantable.iam.documents import Policy, Statement, policy_size
from tenantable.iam.patterns import split_arn

MANAGED_POLICY_CHARACTERS_MAX = 6144
"""IAM's quota for one managed policy, white space not counted."""

_SID_CHARACTERS_MAX = 100
_SUBJECTS_NAMED_MAX = 2
_READS = frozenset({"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"})
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")


def pack(statements: Iterable[Statement], *, size: Callable[[Policy], int] = policy_size) -> tuple[Policy, ...]:
    """
    Policies that hold the statements in their order, each statement under a Sid of its own.

    Args:
        size: The characters of a policy that count towards the quota; another function where the names in the
            statements stand for longer ones.
    Raises:
        PolicyError: A statement is larger than the quota and has but one action and one resource.
    """
    fitting = [part for statement in statements for part in _divided(statement, size)]
    policies: list[Policy] = []
    for statement in _with_sids(fitting):
        together = Policy(statements=(*policies[-1].statements, statement)) if policies else None
        if together is not None and size(together) <= MANAGED_POLICY_CHARACTERS_MAX:
            policies[-1] = together
        else:
            policies.append(Policy(statements=(statement,)))
    return tuple(policies)


def _divided(statement: Statement, size: Callable[[Policy], int]) -> Iterator[Statement]:
    """The statement in as many parts as it takes for each to fit a policy; together they say the same."""
    alone = Policy(statements=(replace(statement, sid="S" * _SID_CHARACTERS_MAX),))
    if size(alone) <= MANAGED_POLICY_CHARACTERS_MAX:
        yield statement
    elif len(statement.resources) > 1:
        for resources in _halves(statement.resources):
            yield from _divided(replace(statement, resources=resources), size)
    elif len(statement.actions) > 1:
        for actions in _halves(statement.actions):
            yield from _divided(replace(statement, actions=actions), size)
    else:
        raise PolicyError(
            f"the statement for {statement.actions[0]} on {statement.resources[0]} needs {size(alone)} "
            f"characters; a policy holds {MANAGED_POLICY_CHARACTERS_MAX}",
            hint="grant fewer attributes by name, or all of them",
        )


def _halves(values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    middle = len(values) // 2
    return values[:middle], values[middle:]


def _with_sids(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Statements named for what they allow; a name that is taken gets a number."""
    taken: set[str] = set()
    for statement in statements:
        name = sid = _sid(statement)
        number = 1
        while sid in taken:
            number += 1
            sid = f"{name}{number}"
        taken.add(sid)
        yield replace(statement, sid=sid)


def _sid(statement: Statement) -> str:
    """`GetItemTenantIdentity`, `ReadWriteOrders`, `WriteOrdersAndEventsInTransactions`."""
    subjects = [_subject(resource) for resource in statement.resources]
    shown = "And".join(subjects) if len(subjects) <= _SUBJECTS_NAMED_MAX else f"{subjects[0]}AndOthers"
    inside = any(each.key == "dynamodb:EnclosingOperation" and each.operator != "Null" for each in statement.conditions)
    name = f"{_verb(statement.actions)}{shown}{'InTransactions' if inside else ''}"
    # Room for a number stays.
    return name[: _SID_CHARACTERS_MAX - 5]


def _verb(actions: Sequence[str]) -> str:
    if len(actions) == 1:
        return actions[0].partition(":")[2]
    if not actions[0].startswith("dynamodb:"):
        return "Use"
    if _READS.isdisjoint(actions):
        return "Write"
    return "Read" if _READS.issuperset(actions) else "ReadWrite"


def _subject(resource: str) -> str:
    """A table `tenant-orders` is `TenantOrders`, its index `tenant-orders-by-date` is `TenantOrdersByDate`."""
    name = split_arn(resource)[-1]
    table, _, index = name.removeprefix("table/").partition("/index/")
    words = _SEPARATORS.split(table) + _SEPARATORS.split(index.removeprefix(table))
    return "".join(word[:1].upper() + word[1:] for word in words)
