"""`tenantable diff`: which effective permissions appear or vanish between two revisions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantable.cli.systems import SHIPPED, NameValues, Stage, find_naming, find_system
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tenantable.iam.lint.reading import LintedPolicy

WIDENS = 2
"""How the command ends when something is allowed that was not; 1 means that it could not look."""

Parties = Mapping[str, "Sequence[LintedPolicy]"]

_SIDE = "a policy, plan or template, a folder of these, or a system: its name, or your own as `module:NAME`"


def add_commands(app: typer.Typer) -> None:
    """Add `diff`."""
    app.command("diff")(diff_command)


def diff_command(
    old: Annotated[str, typer.Argument(help=f"What was: {_SIDE}.")],
    new: Annotated[str, typer.Argument(help="What is, likewise.")],
    *,
    stage: Stage = "dev",
    name: NameValues = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON, for programs.")] = False,
) -> None:
    """
    Say which permissions appear or vanish, whatever the text. Ends with 2 when something is allowed that was not, with
    0 otherwise, with 1 when one of both cannot be read.
    """
    from tenantable.iam.differences.comparison import compare

    before, after = _alike(_parties(old, stage, name), _parties(new, stage, name))
    differences = compare(before, after)
    widens = any(each.widens for each in differences)
    system = next((f"{side}." for side in (new, old) if _is_system(side)), "")
    differences = tuple(replace(each, party=f"{system}{each.party}") for each in differences)
    if as_json:
        shown = {"widens": widens, "differences": [each.document() for each in differences]}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        for each in differences:
            party = each.party or "the policy"
            for mark, sentences in (("+", each.appeared), ("-", each.vanished)):
                for sentence in sentences:
                    typer.echo(f"{mark} {party} {sentence}")
        if not differences:
            typer.echo("No permission appears or vanishes")
    raise typer.Exit(WIDENS if widens else 0)


def _parties(side: str, stage: str, name: Sequence[str] | None) -> dict[str, "list[LintedPolicy]"]:
    """All policies of each party: of a system its components, of a folder its files, of a plan its principals."""
    from tenantable.cli.policy.documents import read_document, read_folder
    from tenantable.iam.lint.reading import read_policy
    from tenantable.iam.lint.sources.documents import find_policies, policies_in

    path = Path(side)
    if _is_system(side):
        return _declared(side, stage, name)
    documents: list[tuple[str, Any]] = [("", read_document(side))] if not path.is_dir() else []
    for inner, document in read_folder(path) if path.is_dir() else ():
        if find_policies(document, ""):  # others stand there by chance
            documents.append((str(inner.relative_to(path)).partition(".")[0], document))
    parties: dict[str, list[LintedPolicy]] = {}
    for party, document in documents:
        for source in policies_in(document, party):
            _, colon, address = source.place.partition(": ")
            whose = source.owner if source.owner not in (None, party) else address
            shown = f"{party} {whose}".strip() if colon else party
            parties.setdefault(shown, []).append(read_policy(source))
    return parties


def _is_system(side: str) -> bool:
    return not Path(side).exists() and (side in SHIPPED or ":" in side)


def _declared(name_of_system: str, stage: str, name: Sequence[str] | None) -> "dict[str, list[LintedPolicy]]":
    from tenantable.iam.documents import policy_document
    from tenantable.iam.lint.reading import read_policy
    from tenantable.iam.lint.sources.documents import single_policy
    from tenantable.iam.synthesis.statements import component_policies

    system = find_system(name_of_system)
    naming = find_naming(system, stage, name)
    return {
        component.name: [
            read_policy(single_policy(policy_document(policy), component.name))
            for policy in component_policies(component, naming, Home())
        ]
        for component in system.components
    }


def _alike(before: Parties, after: Parties) -> tuple[Parties, Parties]:
    """A single policy on each side is the same party, whatever the files are called."""
    if len(before) == 1 and len(after) == 1 and before.keys() != after.keys():
        (left,), (right,) = before.values(), after.values()
        shown = next((name for name in (*after, *before) if name), "")
        return {shown: left}, {shown: right}
    return before, after
