"""`README.md` of a module: what it makes, how it is used in each stage, and how it is checked."""

from collections.abc import Iterator

from tenantable.infra.documents import markdown
from tenantable.infra.terraform.hcl import Argument, Block, Expression, Gap, Part, arguments, render
from tenantable.infra.terraform.local_values import module_name
from tenantable.infra.terraform.names import DeclaredNames, identifier
from tenantable.infra.terraform.variables import defaults_of


def readme(names: DeclaredNames, files: dict[str, str]) -> str:
    """
    Args:
        files: The module's files and what each is about.
    """
    return "\n".join(_lines(names, files)) + "\n"


def _lines(names: DeclaredNames, files: dict[str, str]) -> Iterator[str]:
    system = names.system
    module = module_name(names)
    yield f"# {module}"
    yield ""
    yield system.description or f"The tables of {system.name}."
    yield ""
    yield from markdown.table(
        ("file", "what it holds"), ((markdown.code(name), title) for name, title in files.items())
    )
    yield from markdown.table(("table", "resource", "what it holds"), _table_rows(names))
    yield "## Usage"
    yield ""
    yield "```hcl"
    yield render(_usage(names)).rstrip("\n")
    yield "```"
    yield ""
    yield from _access_lines(names)
    yield from _VALIDATION.format(stage=next(iter(system.stages), "dev")).splitlines()


def _table_rows(names: DeclaredNames) -> Iterator[tuple[str, ...]]:
    for table in names.system.tables:
        entities = ", ".join(layout.entity.name for layout in table.layouts.values())
        resource = markdown.code(f"aws_dynamodb_table.{names.tables[table.name]}")
        yield markdown.code(table.name), resource, markdown.paragraph(table.description or entities)


def _usage(names: DeclaredNames) -> list[Part]:
    parts: list[Part] = []
    for number, stage in enumerate(names.system.stages):
        parts += [*([Gap()] if parts else []), _module(names, stage, number)]
    label = f"{identifier(module_name(names))}_{identifier(next(iter(names.system.stages), 'dev'))}"
    output = "table_arn" if names.single else "table_arns"
    reference = arguments(value=Expression(f"module.{label}.{output}"))
    return [*parts, Gap(), Block("output", output, body=reference)]


def _module(names: DeclaredNames, stage: str, number: int) -> Block:
    """The first stage may be thrown away, those behind it are protected, and the last survives the loss of a region."""
    defaults = defaults_of(names.system)
    last = number == len(names.system.stages) - 1
    source = f"./modules/{module_name(names)}"
    body = arguments(environment=stage)
    body += [Argument(each.name, each.default) for each in names.variables.values()]
    body += arguments(
        enable_pitr=defaults.recovery,
        enable_server_side_encryption=defaults.encryption or number > 0,
        enable_deletion_protection=number > 0 or last,
    )
    if last and defaults.replica_regions:
        body += arguments(enable_global_tables=True, replica_regions=list(defaults.replica_regions))
    if defaults.stream:
        body += arguments(stream_enabled=True, stream_view_type=defaults.stream_view)
    owners = ("DevTeam", "QATeam", "OpsTeam")
    owner = owners[-1] if last else owners[min(number, 1)]
    label = f"{identifier(module_name(names))}_{identifier(stage)}"
    return Block(
        "module",
        label,
        body=[*arguments(source=source), Gap(), *body, Gap(), *arguments(tags={"Owner": owner})],
    )


def _access_lines(names: DeclaredNames) -> Iterator[str]:
    components = names.system.components
    if not components:
        return
    yield "## Components"
    yield ""
    yield 'Each has a role, `role_arns["name"]`, with the policies that its grants need: exact actions on exact tables'
    yield "and indexes. Give the role to what runs the component (`trusted_services`, `trusted_principals`)."
    yield ""
    yield from markdown.table(
        ("component", "what it does"),
        ((markdown.code(each.name), markdown.paragraph(each.description)) for each in components),
    )
    if any(table.indexes for table in names.system.tables):
        yield "The output `all_index_arns` is for policies of your own; no policy of this module uses it."
        yield ""


_VALIDATION = """\
## Validation

```bash
terraform init
terraform validate
terraform fmt -check -recursive
terraform plan -var="environment={stage}"
terraform apply -var="environment={stage}"
```

A plan on empty state asks no server. Global tables need a stream with new and old images. A customer managed key
(`kms_key_arn`) needs a key of its own in each replica region (`replica_kms_key_arns`), and a key policy that lets the
components' roles decrypt with it through DynamoDB (`kms:ViaService`)."""
