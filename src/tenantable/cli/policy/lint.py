"""`tenantable lint`: what is wrong in policies, with a request that proves it."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenantable.cli.policy.design import add_commands as add_design
from tenantable.cli.systems import NameValues, Stage, SystemName, find_component, find_naming, find_system
from tenantable.errors import PolicyError, SettingsError
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tenantable.declare.grants import Component
    from tenantable.declare.naming import Naming
    from tenantable.declare.systems import System
    from tenantable.iam.lint.findings import Finding
    from tenantable.iam.lint.reading import PolicySource

FOUND = 2
"""How a command ends that found something; 1 means that it could not look."""

lint = typer.Typer(help="Say what is wrong in policies and declarations.", no_args_is_help=True)

Files = Annotated[
    list[str],
    typer.Argument(
        help="Policies (JSON), plans (`terraform show -json`), templates of CloudFormation (JSON, YAML), folders of "
        "these, or - for the standard input."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print findings as JSON, for programs.")]
Selected = Annotated[
    list[str] | None, typer.Option("--select", help="Only these rules: TP101, or TP1 for all that begin so.")
]
Ignored = Annotated[list[str] | None, typer.Option("--ignore", help="Not these rules, written as for --select.")]
AccountId = Annotated[str | None, typer.Option("--account", help="The account in ARNs. Default: 000000000000.")]
Region = Annotated[str | None, typer.Option("--region", help="The region in ARNs. Default: us-east-1.")]
ComponentName = Annotated[
    str | None, typer.Option("--component", help="The component of the system that the policy is for.")
]
AnySystem = Annotated[
    str | None,
    typer.Option("--system", help="The system whose access patterns count: a name, or your own as `module:NAME`."),
]


def add_commands(app: typer.Typer) -> None:
    """Add `lint policy`, `lint policies` and `lint design`."""
    lint.command("policy")(policy_command)
    lint.command("policies")(policies_command)
    add_design(lint)
    app.add_typer(lint, name="lint")


def policy_command(
    files: Files,
    *,
    system: AnySystem = None,
    component: ComponentName = None,
    stage: Stage = "dev",
    name: NameValues = None,
    account: AccountId = None,
    region: Region = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Print what to write instead: with --system and --component exactly what is granted."
        ),
    ] = False,
    index: Annotated[
        list[str] | None, typer.Option("--index", help="With --fix: an index to name in the place of `index/*`.")
    ] = None,
    as_json: AsJson = False,
    select: Selected = None,
    ignore: Ignored = None,
) -> None:
    """
    Lint policies in files. Ends with 2 when an error or a warning is found, with 0 when none is, with 1 when a file
    cannot be read.
    """
    from tenantable.iam.lint.linting import lint as lint_sources
    from tenantable.iam.lint.linting import lint_for_component

    chosen = _chosen(select, ignore)
    owner = _component(system, component)
    from tenantable.declare.naming import Naming

    naming, home = Naming(), Home()
    sources = [source for file in files for source in _sources(file)]
    if owner is None:
        found = lint_sources(sources)
    else:
        naming, home = find_naming(owner[0], stage, name), _home(sources, account, region)
        found = lint_for_component(*owner, naming, home=home, sources=sources)
    found = [finding for finding in found if chosen(finding.rule.id)]
    if fix and owner is not None:
        _print_granted(found, owner, naming, home)
    elif fix:
        found = _print_mended(sources, index or (), chosen)
    elif as_json:
        _print_json(found)
    else:
        _print(found, len(sources))
    raise typer.Exit(FOUND if _counts(found) else 0)


def policies_command(
    *,
    system: SystemName,
    stage: Stage = "dev",
    name: NameValues = None,
    as_json: AsJson = False,
    select: Selected = None,
    ignore: Ignored = None,
) -> None:
    """Lint the policies that are made from a system's grants. Ends as `lint policy` does."""
    from tenantable.iam.documents import policy_document
    from tenantable.iam.lint.linting import lint_for_component
    from tenantable.iam.lint.sources.documents import single_policy
    from tenantable.iam.synthesis.statements import component_policies

    chosen = _chosen(select, ignore)
    found_system, home = find_system(system), Home()
    naming = find_naming(found_system, stage, name)
    found, count = [], 0
    for component in found_system.components:
        documents = [policy_document(policy) for policy in component_policies(component, naming, home)]
        place = f"{found_system.name}.{component.name}"
        sources = [
            single_policy(document, place if len(documents) == 1 else f"{place}, policy {number}", owner=place)
            for number, document in enumerate(documents, start=1)
        ]
        count += len(sources)
        found += lint_for_component(found_system, component, naming, home=home, sources=sources)
    found = [finding for finding in found if chosen(finding.rule.id)]
    if as_json:
        _print_json(found)
    else:
        _print(found, count)
    raise typer.Exit(FOUND if _counts(found) else 0)


def _component(system: str | None, component: str | None) -> "tuple[System, Component] | None":
    if (system is None) != (component is None):
        raise SettingsError("--system and --component belong together", hint="give both, or neither")
    if system is None or component is None:
        return None
    found = find_system(system)
    return found, find_component(found, component)


def _chosen(select: Sequence[str] | None, ignore: Sequence[str] | None) -> Any:
    """Whether a rule is asked for, by its id."""
    from tenantable.iam.lint.catalogue import RULES

    wanted, unwanted = _ids(select), _ids(ignore)
    for prefix in (*wanted, *unwanted):
        if not any(rule_id.startswith(prefix) for rule_id in RULES):
            raise SettingsError(f"There is no rule {prefix}", hint=f"rules are {', '.join(RULES)}")

    def chosen(rule_id: str) -> bool:
        return (not wanted or rule_id.startswith(wanted)) and not (unwanted and rule_id.startswith(unwanted))

    return chosen


def _ids(given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(each.strip().upper() for text in given or () for each in text.split(",") if each.strip())


def _sources(file: str) -> "list[PolicySource]":
    from tenantable.cli.policy.documents import read_document, read_folder
    from tenantable.iam.lint.sources.documents import find_policies, policies_in
    from tenantable.iam.lint.sources.terraform import is_plan, open_policies

    path = Path(file)
    if file != "-" and path.is_dir():
        found = []
        for inner, document in read_folder(path):
            found += find_policies(document, str(inner))  # other files stand there by chance
        if not found:
            raise PolicyError(f"{file}: no file in it holds a policy")
        return found
    document = read_document(file)
    left_out = open_policies(document) if is_plan(document) else []
    if left_out:
        names = ", ".join(left_out)
        typer.echo(f"tenantable: {file}: known after apply only, and not looked at: {names}", err=True)
    return policies_in(document, "standard input" if file == "-" else file)


def _home(sources: "Iterable[PolicySource]", account: str | None, region: str | None) -> Home:
    """Where the component lives: as asked for, else as the first ARN of the policies says that names it."""
    given = Home()
    for source in sources:
        for arn in _arns(source.document):
            segments = arn.split(":")
            if len(segments) > 5 and segments[3].replace("-", "").isalnum() and segments[4].isdigit():
                given = Home(account_id=segments[4], region=segments[3])
                break
    return Home(account_id=account or given.account_id, region=region or given.region)


def _arns(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        if value.startswith("arn:aws:dynamodb:"):
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _arns(each)
    elif isinstance(value, list):
        for each in value:
            yield from _arns(each)


def _counts(found: "Iterable[Finding]") -> bool:
    return any(finding.severity.value != "information" for finding in found)


def _print_json(found: "Iterable[Finding]") -> None:
    typer.echo(json.dumps({"findings": [finding.document() for finding in found]}, indent=2))


def _print(found: "Sequence[Finding]", count: int, *, to_error: bool = False) -> None:
    from rich.console import Console
    from rich.markup import escape

    from tenantable.iam.lint.findings import page_of

    console = Console(highlight=False, soft_wrap=True, stderr=to_error)
    colours = {"error": "red", "warning": "yellow", "information": "cyan"}
    for finding in found:
        where = finding.place
        if finding.statement is not None:
            sid = f" ({finding.sid})" if finding.sid else ""
            where += f", statement {finding.statement}{sid}"
        colour = colours[finding.severity.value]
        console.print(
            f"{escape(where)}: [{colour}]{finding.severity.value} {finding.rule.id}[/] {finding.rule.name}: "
            f"{escape(finding.sentence)}"
        )
        console.print(f"    {finding.example.words}", markup=False)
        console.print(f"    -> {finding.way_out or finding.rule.way_out}", markup=False)
        console.print(f"    {page_of(finding.rule.id)}", markup=False)
    policies = f"{count} polic{'y' if count == 1 else 'ies'}"
    findings = f"{len(found)} finding{'' if len(found) == 1 else 's'}" if found else "Nothing found"
    console.print(f"{findings} in {policies}")


def _print_granted(found: "Sequence[Finding]", owner: "tuple[System, Component]", naming: "Naming", home: Home) -> None:
    """The policies that the component's grants make: the explicit replacement of whatever stands in the file."""
    from tenantable.iam.documents import policy_document
    from tenantable.iam.synthesis.statements import component_policies

    documents = [policy_document(policy) for policy in component_policies(owner[1], naming, home)]
    typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    rules = ", ".join(sorted({finding.rule.id for finding in found}))
    sentence = f"replaces a policy in which {rules} were found" if rules else "nothing was found in the policy"
    typer.echo(f"tenantable: {owner[0].name}.{owner[1].name}: {sentence}", err=True)


def _print_mended(sources: "Sequence[PolicySource]", indexes: Sequence[str], chosen: Any) -> "list[Finding]":
    """Each document mended; what was changed and what is left goes to the error stream."""
    from dataclasses import replace

    from tenantable.iam.lint.linting import lint as lint_sources
    from tenantable.iam.lint.mending import mend

    mended = []
    for source in sources:
        document, done = mend(source.document, indexes)
        mended.append(replace(source, document=document))
        typer.echo(json.dumps(document, indent=2))
        for sentence in done:
            print(f"tenantable: {source.place}: {sentence}", file=sys.stderr)  # noqa: T201 - the command's voice
    left = [finding for finding in lint_sources(mended) if chosen(finding.rule.id)]
    if left:
        print("tenantable: what only the author can know is left:", file=sys.stderr)  # noqa: T201
        _print(left, len(mended), to_error=True)
    return left
