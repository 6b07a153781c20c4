"""
Our decisions beside those of another evaluator, on many thousand random cases.

The other one is a simulator for Node.js, iam-simulate, which runs as a process of its own. Where the documents leave a
choice, or contradict it, our choice is a test of its own (`open_case` in its name), and the cases are left out here by
a predicate each. `ORACLE_CASES` says how many cases are compared; 20,000 unless it is set.
"""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.policy_cases import MULTIVALUED, Case, Document, cases

from tenantable.iam.evaluation import Verdict

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parent.parent.parent
TOOLS = ROOT / ".tools"
SCRIPT = Path(__file__).with_name("policy_oracle.mjs")
SEEDS = range(4)
CASES = int(os.environ.get("ORACLE_CASES", "20000"))
CHUNK = 500
WORDS = {
    "Allowed": Verdict.ALLOWED,
    "ImplicitlyDenied": Verdict.IMPLICIT_DENY,
    "ExplicitlyDenied": Verdict.EXPLICIT_DENY,
}
VARIABLE = re.compile(r"\$\{(?![*?$]\})([^},]+)(,[^}]*)?\}")


class Oracle:
    """The other evaluator: a line for a line."""

    def __init__(self) -> None:
        command = ["node", str(SCRIPT), str(TOOLS)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, asked: list[Case]) -> list[Verdict]:
        """What it decides, in order."""
        lines = [json.dumps({"id": number, "sim": case.simulation()}) + "\n" for number, case in enumerate(asked)]
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None

        def write() -> None:
            stdin.writelines(lines)
            stdin.flush()

        writing = threading.Thread(target=write)  # it answers while it is asked
        writing.start()
        answers = [json.loads(stdout.readline()) for _ in lines]
        writing.join()
        for case, answer in zip(asked, answers, strict=True):
            assert not answer["ignored"], f"it drops {answer['ignored']} of {case}"
            assert answer["result"] in WORDS, f"it refuses {json.dumps(case.simulation())}: {answer}"
        return [WORDS[answer["result"]] for answer in answers]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    if not (TOOLS / "node_modules" / "@cloud-copilot" / "iam-simulate").exists():
        pytest.skip("the simulator is not in .tools: make test installs it")
    opened = Oracle()
    yield opened
    opened.close()


def statements(case: Case) -> Iterator[tuple[Document, Document]]:
    """Every statement with its document."""
    return ((document, each) for document in case.documents for each in document["Statement"])


def conditions(case: Case) -> Iterator[tuple[str, str, list[str]]]:
    """Every condition: operator, key, values."""
    for _, statement in statements(case):
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                yield operator, key, listed(values)


def listed(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]


def present(case: Case, key: str) -> bool:
    return key.lower() in {each.lower() for each in case.context}


def unresolved(case: Case, text: str) -> bool:
    return any(not default and not present(case, key.strip()) for key, default in VARIABLE.findall(text))


def epoch_numbers(case: Case) -> bool:
    """1: an epoch number is a date for us; the other never compares it."""
    return any(
        "Date" in operator and (key.lower() == "aws:epochtime" or any(value.isdigit() for value in values))
        for operator, key, values in conditions(case)
    )


def escaped_wildcards(case: Case) -> bool:
    """2: `${*}` is literal for us everywhere; for the other in StringLike alone."""
    return any(
        "Like" not in operator and any(re.search(r"\$\{[*?$]\}", value) for value in values)
        for operator, _, values in conditions(case)
    )


def negated_unresolved(case: Case) -> bool:
    """3: a negated operator holds for an unresolved variable; for the other it does not."""
    return any(
        "Not" in operator and any(unresolved(case, value) for value in values)
        for operator, _, values in conditions(case)
    )


def session_named(case: Case) -> bool:
    """4: a resource policy that names the session passes silent session policies; for the other it does not."""
    return case.session is not None and case.names.arn in named(case)


def anyone_named(case: Case) -> bool:
    """5: `*` in a resource policy does not pass a silent boundary or session policy; for the other the boundary."""
    return "*" in named(case) and (case.boundary is not None or case.session is not None)


def not_resource_unresolved(case: Case) -> bool:
    """6: an unresolved variable in NotResource excludes nothing; for the other the statement does not apply."""
    return any(
        unresolved(case, text) for _, statement in statements(case) for text in listed(statement.get("NotResource", []))
    )


def first_version(case: Case) -> bool:
    """7: variables are text in the first version; the other replaces them."""
    return any(
        document["Version"] != "2012-10-17" and "${" in json.dumps(statement)
        for document, statement in statements(case)
    )


def without_set_operator(case: Case) -> bool:
    """8: a multivalued key matches nothing without a set operator; the same for the other, but it is no claim here."""
    plain = {key.lower() for key in MULTIVALUED}
    return any(
        ":" not in operator and operator != "Null" and key.lower() in plain for operator, key, _ in conditions(case)
    )


def any_value_if_exists(case: Case) -> bool:
    """9: ForAnyValue with IfExists holds for an absent key; for the other it does not."""
    return any(
        operator.startswith("ForAnyValue") and operator.endswith("IfExists") and not present(case, key)
        for operator, key, _ in conditions(case)
    )


def every_arn(case: Case) -> bool:
    """Beside the ten: `*` as the pattern of an ARN covers every one, as it does in Resource; for the other none."""
    return any("Arn" in operator and "*" in values for operator, _, values in conditions(case))


def every_address(case: Case) -> bool:
    """Beside the ten: `0.0.0.0/0` holds every IPv4 address; for the other none."""
    return any(value.endswith("/0") for _, _, values in conditions(case) for value in values)


def other_ip_version(case: Case) -> bool:
    """Beside the ten: an address of IPv6 is none of an IPv4 network; for the other it can not be compared."""
    address = case.context.get("aws:SourceIp", "")
    return any(
        "IpAddress" in operator and any((":" in value) != (":" in address) for value in values)
        for operator, _, values in conditions(case)
    )


def empty_tag(case: Case) -> bool:
    """Beside the ten: a variable may stand for empty text; for the other it is unresolved then."""
    tag = "aws:PrincipalTag/tenant"
    return case.context.get(tag) == "" and f"${{{tag}}}" in json.dumps(case.documents)


def named(case: Case) -> set[str]:
    policy = case.resource_policy
    elements = [] if policy is None else [each.get("Principal", {}) for each in policy["Statement"]]
    return {name for element in elements for name in listed(element.get("AWS", []))}


LEFT_OUT: list[Callable[[Case], bool]] = [
    epoch_numbers,
    escaped_wildcards,
    negated_unresolved,
    session_named,
    anyone_named,
    not_resource_unresolved,
    first_version,
    without_set_operator,
    any_value_if_exists,
    every_arn,
    every_address,
    other_ip_version,
    empty_tag,
]
"""The tenth, EnclosingOperation of ConditionCheckItem, the other drops; no case here has it."""


def is_compared(case: Case) -> bool:
    return not any(left_out(case) for left_out in LEFT_OUT)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_decide_alike(oracle: Oracle, seed: int) -> None:
    compared = islice(filter(is_compared, cases(seed)), CASES // len(SEEDS))
    while chunk := list(islice(compared, CHUNK)):
        for case, theirs in zip(chunk, oracle.ask(chunk), strict=True):
            if case.verdict() is not theirs:
                smallest = reduced(case, oracle)
                shown = json.dumps(smallest.simulation(), indent=1)
                pytest.fail(f"we: {smallest.verdict()}, they: {oracle.ask([smallest])[0]}\n{shown}")


def test_the_cases_are_of_every_kind() -> None:
    """A comparison of denials alone would show nothing."""
    drawn = list(islice(filter(is_compared, cases(0)), 2000))
    verdicts = [case.verdict() for case in drawn]
    for verdict in Verdict:
        assert verdicts.count(verdict) > 100, verdict
    assert sum(case.resource_policy is not None and case.account_id == "222222222222" for case in drawn) > 100
    assert sum(case.boundary is not None for case in drawn) > 100
    assert sum(case.session is not None for case in drawn) > 50
    used = {operator for case in drawn for operator, _, _ in conditions(case)}
    plain = {operator.rpartition(":")[2].removesuffix("IfExists") for operator in used}
    assert {"StringLike", "NumericLessThan", "DateGreaterThan", "Bool", "BinaryEquals", "IpAddress", "Null"} <= plain
    assert {"ForAllValues:StringLike", "ForAnyValue:StringNotEqualsIfExists", "ArnNotLike"} <= used


def reduced(case: Case, oracle: Oracle) -> Case:
    """A case on which both still differ, and of which nothing can be left out."""
    for smaller in smaller_ones(case):
        if is_compared(smaller) and smaller.verdict() is not oracle.ask([smaller])[0]:
            return reduced(smaller, oracle)
    return case


def smaller_ones(case: Case) -> Iterator[Case]:
    for kind in ("boundary", "session", "resource_policy"):
        document = getattr(case, kind)
        if document is not None:
            for smaller in (None, *smaller_documents(document)):
                changes: dict[str, Any] = {kind: smaller}
                yield replace(case, **changes)
    for at, document in enumerate(case.identity):
        before, after = case.identity[:at], case.identity[at + 1 :]
        if before or after:
            yield replace(case, identity=[*before, *after])
        yield from (replace(case, identity=[*before, each, *after]) for each in smaller_documents(document))
    for key in case.context:
        if key != "aws:PrincipalArn":
            yield replace(case, context={name: value for name, value in case.context.items() if name != key})


def smaller_documents(document: Document) -> Iterator[Document]:
    for statement_list in without_one(document["Statement"]):
        yield {**document, "Statement": statement_list}
    for at, statement in enumerate(document["Statement"]):
        for smaller in smaller_statements(statement):
            yield {**document, "Statement": [*document["Statement"][:at], smaller, *document["Statement"][at + 1 :]]}


def smaller_statements(statement: Document) -> Iterator[Document]:
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        for values in without_one(listed(statement.get(element, []))):
            yield {**statement, element: values}
    block: Mapping[str, Mapping[str, Any]] = statement.get("Condition", {})
    for operator, keys in block.items():
        others = {name: each for name, each in block.items() if name != operator}
        rest = {name: each for name, each in statement.items() if name != "Condition"}
        yield {**rest, "Condition": others} if others else rest
        for key, values in keys.items():
            for fewer in without_one(listed(values)):
                yield {**statement, "Condition": {**block, operator: {**keys, key: fewer}}}


def without_one(values: list[Any]) -> Iterable[list[Any]]:
    return ([*values[:at], *values[at + 1 :]] for at in range(len(values) if len(values) > 1 else 0))
