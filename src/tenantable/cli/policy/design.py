"""`tenantable lint design`: what a system's keys, indexes, items and grants will lead to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tenantable.cli.systems import SystemName, find_system

if TYPE_CHECKING:
    from tenantable.infra.design.finding import Finding

FINDINGS_STATUS = 2


def add_commands(app: typer.Typer) -> None:
    app.command("design")(design)


def design(
    *,
    system: SystemName,
    every: Annotated[bool, typer.Option("--all", help="Show accepted findings too, with their reasons.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Look for hot keys, missing and unused indexes, growth, missing expiry. Ends with 2 when something is found."""
    from tenantable.infra.design.linting import lint_design

    declared = find_system(system)
    findings = lint_design(declared)
    open_ = [finding for finding in findings if finding.accepted is None]
    shown = list(findings) if every else open_
    if as_json:
        import orjson

        document = {"system": declared.name, "findings": [_document(finding) for finding in shown]}
        typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    else:
        for line in _lines(shown):
            typer.echo(line)
        accepted = len(findings) - len(open_)
        typer.echo(f"{declared.name}: {len(open_)} finding(s), {accepted} accepted with a reason")
    if open_:
        raise typer.Exit(FINDINGS_STATUS)


def _lines(findings: "list[Finding]") -> "Iterator[str]":
    for finding in findings:
        rule = finding.rule
        state = "accepted" if finding.accepted is not None else rule.severity
        yield f"{rule.id} {rule.name} ({state}) {finding.place}"
        yield f"    {finding.problem}"
        if finding.accepted is not None:
            yield f"    because: {finding.accepted}"
        else:
            yield f"    why: {rule.why}"
            yield f"    do: {rule.remedy}"
        yield ""


def _document(finding: "Finding") -> dict[str, str | None]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": rule.severity,
        "place": finding.place,
        "problem": finding.problem,
        "why": rule.why,
        "remedy": rule.remedy,
        "accepted": finding.accepted,
    }
