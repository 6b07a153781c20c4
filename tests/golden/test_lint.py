"""
What lint finds in the planted faults, compared with what was reviewed; and nothing in what the product itself makes.

`REWRITE_GOLDEN=1` (`make golden`) records findings anew; the difference is then reviewed like any other change.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tenantable.cli.policy.documents import read_document
from tenantable.declare.grants import Component
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.iam.documents import parse_policy, policy_document
from tenantable.iam.evaluation import PolicySet
from tenantable.iam.lint.catalogue import RULES
from tenantable.iam.lint.findings import Finding, Severity
from tenantable.iam.lint.linting import lint, lint_for_component
from tenantable.iam.lint.sources.documents import policies_in, single_policy
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy import declaration as academy
from tenantable.services.access import declaration as access
from tenantable.services.accounts import declaration as accounts
from tenantable.services.webhooks import declaration as webhooks
from tenantable.wire.arns import Home

FOLDER = Path(__file__).parent / "lint"
DECLARED_ALONE = {"TP401", "TP402"}
"""Rules that need a declaration; `tests/unit/iam/lint/test_declared.py` has their faults."""
PLANTED = sorted(RULES.keys() - DECLARED_ALONE)
SAMPLES = [
    "resource-policy.json",
    "seed-000-admin-service.json",
    "seed-002-lambda.json",
    "template.json",
    "template.yaml",
    "terraform-plan.json",
]
VARIANTS = [
    pytest.param(rule_id, document, id=f"{rule_id}-{number}")
    for rule_id, documents in json.loads((FOLDER / "variants.json").read_bytes()).items()
    for number, document in enumerate(documents, start=1)
]
RIGHT = json.loads((FOLDER / "right.json").read_bytes())
SYSTEMS = [
    (webhooks.SYSTEM, webhooks.SYSTEM.naming("dev")),
    (access.SYSTEM, access.naming("dev")),
    (accounts.SYSTEM, accounts.naming("dev")),
    (academy.SYSTEM, academy.naming("dev")),
]
COMPONENTS = [
    pytest.param(system, naming, component, id=f"{system.name}-{component.name}")
    for system, naming in SYSTEMS
    for component in system.components
]


def findings_in(name: str) -> list[Finding]:
    return lint(policies_in(read_document(str(FOLDER / name)), name))


def faults(found: list[Finding]) -> list[str]:
    return [finding.rule.id for finding in found if finding.severity is not Severity.INFORMATION]


def check_golden(name: str, value: Any) -> None:
    path, text = FOLDER / name, json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.write_text(text)
    assert path.read_text() == text


def test_the_findings_are_as_reviewed() -> None:
    names = [*(f"{rule_id}.json" for rule_id in PLANTED), *SAMPLES]
    check_golden("findings.json", {name: [finding.document() for finding in findings_in(name)] for name in names})


@pytest.mark.parametrize("rule_id", PLANTED)
def test_a_planted_fault_is_found_and_its_neighbour_is_not(rule_id: str) -> None:
    """Requirement: P-01."""
    assert rule_id in {finding.rule.id for finding in findings_in(f"{rule_id}.json")}
    assert faults(findings_in(f"{rule_id}.right.json")) == []
    assert rule_id not in {finding.rule.id for finding in findings_in(f"{rule_id}.right.json")}


@pytest.mark.parametrize(("rule_id", "document"), VARIANTS)
def test_a_variant_of_a_fault_is_found(rule_id: str, document: Any) -> None:
    found = lint(policies_in(document, "variant"))
    assert rule_id in {finding.rule.id for finding in found}
    assert all(finding.example.holds() for finding in found)


@pytest.mark.parametrize("document", RIGHT)
def test_nothing_is_found_in_what_is_right(document: Any) -> None:
    assert faults(lint([single_policy(document, "right")])) == []


@pytest.mark.parametrize("name", [*(f"{rule_id}.json" for rule_id in PLANTED), *SAMPLES])
def test_every_counter_example_is_proven(name: str) -> None:
    """By the statements that it was made from, and, where the whole file can be parsed, by that file."""
    document, found = read_document(str(FOLDER / name)), findings_in(name)
    assert all(finding.example.holds() for finding in found)
    written = document.get("Statement")
    statements = [written] if isinstance(written, dict) else written or []
    is_refused = {"TP206", "TP207"} & {finding.rule.id for finding in found}  # such a document cannot be evaluated
    if not statements or is_refused or any("Principal" in each for each in statements):
        return
    whole = PolicySet([parse_policy(document)])
    for finding in found:
        if finding.example.allowed and statements[(finding.statement or 1) - 1]["Effect"] == "Allow":
            assert whole.decide(finding.example.request).allowed, finding


@pytest.mark.parametrize(("system", "naming", "component"), COMPONENTS)
def test_nothing_is_found_in_our_own_policies(system: System, naming: Naming, component: Component) -> None:
    """Requirement: P-01. What is found there is information about the keys that were declared."""
    policies = component_policies(component, naming, Home())
    sources = [
        single_policy(policy_document(policy), f"{component.name} {number}", owner=component.name)
        for number, policy in enumerate(policies)
    ]
    found = lint_for_component(system, component, naming, home=Home(), sources=sources)
    assert faults(found) == []
    assert all(finding.example.holds() for finding in found)
    assert {finding.rule.id for finding in found} <= {"TP402"}
