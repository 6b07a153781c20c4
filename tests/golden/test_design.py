"""Planted faults of designs: each is found by its rule, its sound neighbour is clean, and the pages show both."""

import os
import re
import runpy
from pathlib import Path

import pytest

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.declare.systems import System
from tenantable.infra.design.catalogue import RULES, RULES_BY_ID
from tenantable.infra.design.finding import Finding, Rule
from tenantable.infra.design.linting import lint_design

FOLDER = Path(__file__).parent / "design"
PAGES = Path(__file__).parents[2] / "docs" / "reference" / "design"
GENERATED = "<!-- Generated from the code by `make golden`; do not edit. -->"
EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def planted(rule: Rule, kind: str) -> Path:
    return FOLDER / f"{rule.id.lower()}_{kind}.py"


def system_of(path: Path) -> System:
    system = runpy.run_path(str(path))["SYSTEM"]
    assert isinstance(system, System)
    return system


def open_findings(system: System) -> list[Finding]:
    return [finding for finding in lint_design(system) if finding.accepted is None]


@EACH_RULE
def test_a_planted_fault_is_found_by_its_rule_alone(rule: Rule) -> None:
    findings = open_findings(system_of(planted(rule, "faulty")))
    assert [finding.rule.id for finding in findings] == [rule.id]


@EACH_RULE
def test_the_sound_neighbour_is_clean(rule: Rule) -> None:
    assert open_findings(system_of(planted(rule, "sound"))) == []


def test_nothing_is_planted_without_a_rule() -> None:
    found = {path.name.partition("_")[0].upper() for path in FOLDER.glob("*.py")}
    assert found == RULES_BY_ID.keys()


@pytest.mark.parametrize("name", SHIPPED)
def test_our_own_systems_are_clean(name: str) -> None:
    """What they accept has a reason."""
    assert list(map(str, open_findings(find_system(name)))) == []


def code_of(path: Path) -> str:
    """What the page shows: the claim as a comment, then the declaration."""
    text = path.read_text()
    claim = re.match(r'"""(.*?)"""', text, re.DOTALL)
    assert claim is not None
    return f"# {claim[1]}\n{text[claim.end() :].strip()}"


def rule_page(rule: Rule) -> str:
    lines = [
        f"# {rule.id}: {rule.name}",
        "",
        GENERATED,
        "",
        f"**{rule.title}** Severity: {rule.severity}.",
        "",
        rule.why,
        "",
        f"**What to do.** {rule.remedy}",
        "",
        "## Found",
        "",
        "```python",
        code_of(planted(rule, "faulty")),
        "```",
        "",
        *(f"> {finding}" for finding in open_findings(system_of(planted(rule, "faulty")))),
        "",
        "## Sound",
        "",
        "```python",
        code_of(planted(rule, "sound")),
        "```",
    ]
    return "\n".join(lines) + "\n"


def index_page() -> str:
    lines = [
        "# Design lint",
        "",
        GENERATED,
        "",
        "`tenantable lint design --system S` looks at keys, indexes, items and grants, and says what they lead to.",
        "It ends with 0 when nothing is found and with 2 when something is; `--json` is for programs.",
        "",
        "A query by something that is no key is not here: a declaration with one is refused when it is imported.",
        "",
        "What is meant so is accepted where it is declared, with the reason, and shown by `--all`:",
        "`Index(..., accepted={\"TD005\": \"...\"})` for what is found about an index, and",
        "`System(..., accepted={\"TD004\": {\"PlatformRole\": \"...\"}})` for a place that a finding names.",
        "",
        "| rule | severity | finds |",
        "|---|---|---|",
        *(f"| [{rule.id}]({rule.id.lower()}.md) {rule.name} | {rule.severity} | {rule.title} |" for rule in RULES),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def check_page(path: Path, text: str) -> None:
    if os.environ.get("REWRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, "run `make golden` and review the difference"


@EACH_RULE
def test_the_page_of_a_rule_says_what_the_code_says(rule: Rule) -> None:
    check_page(PAGES / f"{rule.id.lower()}.md", rule_page(rule))


def test_the_page_of_all_rules_says_what_the_code_says() -> None:
    check_page(PAGES / "README.md", index_page())
