"""Names as expressions: what is a variable, what follows the stage, what must be looked up."""

import pytest

from tenantable.declare import Index, NameValue, Naming, System, Table
from tenantable.errors import SettingsError
from tenantable.infra.terraform.names import DeclaredNames, identifier, identifiers

index = Index("by-day", partition="day")
orders = Table("orders", index, partition="id")


def names_of(style: Naming, **values: str) -> DeclaredNames:
    """One naming for all stages, in which `stage` is the stage."""

    def naming(stage: str) -> Naming:
        stages = {"stage": stage} if "stage" in style.values else {}
        return Naming(table=style.table, index=style.index, values={**style.values, **stages}, about=style.about)

    return DeclaredNames(system=System(name="shop", tables=[orders], naming=naming), values=values)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TenantIdentity", "tenant_identity"),
        ("access-management", "access_management"),
        ("gsi1", "gsi1"),
        ("HTTPRequests", "http_requests"),
        ("2024.orders", "_2024_orders"),
        ("---", "unnamed"),
    ],
)
def test_an_identifier_is_how_terraform_users_write_the_name(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_identifiers_that_would_meet_are_told_apart() -> None:
    assert identifiers(["a-b", "a_b", "aB"]) == {"a-b": "a_b", "a_b": "a_b_2", "aB": "a_b_3"}


def test_the_stage_and_a_value_become_variables() -> None:
    names = names_of(Naming(table="{project}-{stage}-{table}", values={"project": "acme", "stage": ""}))
    assert names.table_style(orders).text == '"${var.project_name}-${var.environment}-orders"'
    assert [(each.name, each.default) for each in names.variables.values()] == [("project_name", "acme")]


def test_an_index_follows_the_name_of_its_table() -> None:
    names = names_of(Naming(index="{table}-{index}"))
    assert names.index_style(orders, index).text == '"${local.table_name}-by-day"'
    assert names.index(orders, index).text == 'local.gsi_names["by-day"]'


def test_names_that_differ_by_stage_in_another_way_are_looked_up() -> None:
    def naming(stage: str) -> Naming:
        return Naming(table="live-{table}") if stage == "prod" else Naming(table="{table}-${{x}}")

    names = DeclaredNames(system=System(name="shop", tables=[orders], naming=naming), values={})
    found = names.table_style(orders).text
    assert found == '{ "dev" = "orders-$${x}", "sit" = "orders-$${x}", "prod" = "live-orders" }[var.environment]'


def test_a_value_that_changes_with_the_stage_is_no_variable() -> None:
    def naming(stage: str) -> Naming:
        return Naming(table="{area}-{table}", values={"area": "green" if stage == "prod" else "blue"})

    names = DeclaredNames(system=System(name="shop", tables=[orders], naming=naming), values={})
    assert not names.variables
    assert '"prod" = "green-orders"' in names.table_style(orders).text


def test_a_value_may_have_another_default() -> None:
    names = names_of(Naming(table="{prefix}{table}", values={"prefix": ""}), prefix="blue-")
    assert names.variables["prefix"].default == "blue-"


def test_a_value_with_the_name_of_another_variable_gets_its_own() -> None:
    names = names_of(Naming(table="{tags}{table}", values={"tags": "x"}))
    assert names.table_style(orders).text == '"${var.name_tags}orders"'


def test_an_unknown_or_wrong_value_is_refused() -> None:
    about = NameValue(description="Prefix", pattern="^[a-z]*$", requirement="Write small letters.")
    style = Naming(table="{prefix}{table}", values={"prefix": ""}, about={"prefix": about})
    with pytest.raises(SettingsError, match="can be given prefix"):
        names_of(style, project="x")
    with pytest.raises(SettingsError, match="Write small letters"):
        names_of(style, prefix="X")
