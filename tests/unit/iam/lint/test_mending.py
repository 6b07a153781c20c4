"""What is mended without asking: ghosts, guards, version, set operators, names, indexes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tenantable.iam.documents import parse_policy
from tenantable.iam.lint.linting import lint
from tenantable.iam.lint.mending import mend
from tenantable.iam.lint.reading import PolicySource

GOLDEN = Path(__file__).parents[3] / "golden" / "lint"
MENDED = ["TP201", "TP202", "TP203", "TP206", "TP207", "TP208", "TP301", "TP302", "TP303", "TP305", "TP311", "TP313"]
"""Rules whose faults can be mended without knowing what the author wants."""


def findings(document: Any) -> set[str]:
    return {finding.rule.id for finding in lint([PolicySource(place="", document=document)])}


@pytest.mark.parametrize("rule_id", MENDED)
def test_a_planted_fault_is_mended(rule_id: str) -> None:
    document = json.loads((GOLDEN / f"{rule_id}.json").read_bytes())
    mended, done = mend(document)
    assert rule_id in findings(document)
    assert rule_id not in findings(mended)
    assert done
    parse_policy(mended)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("TP*.right.json")), ids=lambda path: path.name)
def test_what_is_right_stays_as_it_is(path: Path) -> None:
    document = json.loads(path.read_bytes())
    mended, _ = mend(document)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    assert len(mended["Statement"]) == len(statements)
    assert findings(mended) <= findings(document)


def test_named_indexes_take_the_place_of_all() -> None:
    document = json.loads((GOLDEN / "TP105.json").read_bytes())
    mended, _ = mend(document, ["by-date", "by-status"])
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    assert mended["Statement"][0]["Resource"] == [f"{table}/index/by-date", f"{table}/index/by-status"]
    assert findings(mended) == set()


def test_the_document_that_was_given_is_left_alone() -> None:
    document = json.loads((GOLDEN / "TP201.json").read_bytes())
    before = json.dumps(document)
    mend(document)
    assert json.dumps(document) == before


@pytest.mark.parametrize("action", ["dynamodb:", "dynamodb:Foo", "dynamodb:Remove", "dynamodb:Purge", "dynamodb:Write"])
def test_an_action_that_resembles_none_never_becomes_another(action: str) -> None:
    statement = {"Effect": "Allow", "Action": ["dynamodb:Query", action], "Resource": "*"}
    mended, _ = mend({"Version": "2012-10-17", "Statement": statement})
    (same,) = mended["Statement"]
    assert same["Action"] == ["dynamodb:Query", action]


def test_a_set_operator_without_its_colon_is_put_right_and_an_unknown_operator_stays() -> None:
    for written, right in (("ForAllValuesStringEquals", "ForAllValues:StringEquals"), ("Foo", "Foo")):
        condition = {written: {"dynamodb:LeadingKeys": ["a"]}}
        statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*", "Condition": condition}
        mended, _ = mend({"Version": "2012-10-17", "Statement": statement})
        assert list(mended["Statement"][0]["Condition"]) == [right]
