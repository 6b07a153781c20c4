"""The pages of lint's rules say what the catalogue says, and show what is found in the planted faults."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tenantable.iam.documents import policy_document
from tenantable.iam.lint.catalogue import RULES
from tenantable.iam.lint.findings import Finding, Rule, page_of
from tenantable.iam.lint.linting import lint, lint_for_component
from tenantable.iam.lint.sources.documents import policies_in, single_policy
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy import declaration as academy
from tenantable.services.access import declaration as access
from tenantable.wire.arns import Home

ROOT = Path(__file__).parents[2]
PLANTED = Path(__file__).parent / "lint"
GENERATED = "<!-- Generated from the code by `make golden`; do not edit. -->"
LINES_SHOWN_MAX = 24


def index_page() -> str:
    lines = [
        "# Lint rules",
        "",
        GENERATED,
        "",
        "What `tenantable lint policy` looks for. TP1 rules are about what reaches too far, TP2 about what has no",
        "effect, TP3 about conditions, TP4 about policies beside their declaration, TP5 about whole documents. An",
        "error or a warning makes the command end with 2; information does not. How to use it:",
        "[policies](../../howto/checking-policies.md).",
        "",
        "| rule | name | severity | what it says |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity.value} | {rule.sentence} |"
        for rule in RULES.values()
    ]
    return "\n".join(lines) + "\n"


def rule_page(rule: Rule) -> str:
    bad, good, finding = example_of(rule.id)
    lines = [
        f"# {rule.id}: {rule.name}",
        "",
        GENERATED,
        "",
        f"{rule.sentence} ({rule.severity.value})",
        "",
        f"**Why.** {rule.why}",
        "",
        f"**Way out.** {rule.way_out}",
        "",
        "## Found",
        "",
        *shown(bad),
        "",
        f"What is found: {finding.sentence}.",
        "",
        f"Counter-example: {finding.example.words}.",
        "",
        "## Not found",
        "",
        *shown(good),
    ]
    return "\n".join(lines) + "\n"


def shown(document: Any) -> list[str]:
    """A document as a block, cut where it is long."""
    if isinstance(document, str):
        return [document]
    text = json.dumps(document, indent=2)
    lines = text.splitlines()
    if len(lines) > LINES_SHOWN_MAX:
        lines = [*lines[: LINES_SHOWN_MAX - 2], "  ...", f"  ({len(text)} characters in all)"]
    return ["```json", *lines, "```"]


def example_of(rule_id: str) -> tuple[Any, Any, Finding]:
    """A document with the fault, its neighbour without, and what is found."""
    if rule_id == "TP401":
        return declared_example(academy, "admin-service", rule_id, _without_an_index)
    if rule_id == "TP402":
        return declared_example(access, "team-service", rule_id, _with_the_partitions_of_others)
    bad, good = (json.loads((PLANTED / f"{rule_id}{suffix}.json").read_bytes()) for suffix in ("", ".right"))
    found = [finding for finding in lint(policies_in(bad, "policy.json")) if finding.rule.id == rule_id]
    return bad, good, found[0]


def _without_an_index(statement: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(statement["Resource"], list):
        return statement
    kept = [arn for arn in statement["Resource"] if not arn.endswith("admin-audit-logsdev/index/admin-actions-index")]
    return statement | {"Resource": kept}


def _with_the_partitions_of_others(statement: dict[str, Any]) -> dict[str, Any]:
    conditions = {name: test for name, test in statement["Condition"].items() if "NotLike" not in name}
    return statement | {"Condition": conditions}


def declared_example(
    module: Any, component: str, rule_id: str, spoilt: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[Any, Any, Finding]:
    """A grant of a shipped component, spoilt; shown is the first statement that is not as it was."""
    system, naming, home = module.SYSTEM, module.naming("dev"), Home()
    (policy,) = component_policies(system.component(component), naming, home)
    right = policy_document(policy)
    bad = {**right, "Statement": [spoilt(each) for each in right["Statement"]]}
    source = single_policy(bad, "policy.json")
    found = lint_for_component(system, system.component(component), naming, home=home, sources=[source])
    finding = next(each for each in found if each.rule.id == rule_id)
    before, after = next(pair for pair in zip(right["Statement"], bad["Statement"], strict=True) if pair[0] != pair[1])
    return after, before, finding


def check_page(path: Path, text: str) -> None:
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "run `make golden` and review the difference"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_page_says_what_its_rule_says(rule: Rule) -> None:
    check_page(ROOT / page_of(rule.id), rule_page(rule))


def test_the_index_names_every_rule_and_no_other() -> None:
    folder = ROOT / "docs" / "reference" / "lint"
    check_page(folder / "README.md", index_page())
    assert {path.stem for path in folder.glob("*.md")} == {"README", *RULES}
