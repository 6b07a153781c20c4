"""From an old template to a new one, one index at a time."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.unit.infra.systems import SYSTEMS
from typer.testing import CliRunner

from tenantable.cli import app
from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import Index, Table, Tenancy
from tenantable.errors import InfrastructureError
from tenantable.infra.cloudformation.files import stage_files, template_files
from tenantable.infra.normal.forms import TableForm
from tenantable.infra.normal.templates import parse_template, read_template

NAMING = Naming(index="{table}-{index}", table="{stage}-{table}", values={"stage": "dev"}, dedicated="own-{tenant}")
A, B, C = (Index(name, partition=name, sort="SK") for name in ("aaa", "bbb", "ccc"))
OTHER_A = Index("aaa", partition="bbb")


def system(*indexes: Index, **options: Any) -> System:
    tenancy = Tenancy(dedicated=True)
    return System(name="shop", tables=[Table("orders", *indexes, tenancy=tenancy, **options), Table("others")])


def stages(old: System, new: System, file: str = "shop.yaml") -> list[Mapping[str, Any]]:
    before = parse_template(template_files(old, NAMING)[file])
    found = stage_files(new, NAMING, before)
    assert list(found) == sorted(found)
    return [before, *map(parse_template, found.values())]


def orders(template: Mapping[str, Any], **parameters: str) -> TableForm:
    tables = read_template(template, parameters=parameters)
    return next(form for name, form in tables.items() if name in {"dev-orders", "own-x"})


CASES: dict[str, tuple[System, System, int]] = {
    "three created": (system(), system(A, B, C), 3),
    "three deleted": (system(A, B, C), system(), 3),
    "one for another": (system(A), system(B), 2),
    "two for two": (system(A, B), system(B, C), 2),
    "another key under the same name": (system(A, B), system(OTHER_A, B), 2),
    "none": (system(A), system(A, ttl="until"), 1),
    "in another order": (system(A, B), system(B, A), 1),
}


@pytest.mark.parametrize("file", ["shop.yaml", "private-order-dynamodb.yaml"])
@pytest.mark.parametrize(("old", "new", "count"), CASES.values(), ids=CASES)
def test_each_template_changes_one_index_at_most(old: System, new: System, count: int, file: str) -> None:
    templates = stages(old, new, file)
    assert len(templates) == count + 1
    parameters = {"OrderId": "x", "BillingMode": "PROVISIONED"} if file.startswith("private") else {}
    forms = [orders(template, **parameters) for template in templates]
    for before, after in pairwise(forms):
        changed = before.global_indexes.items() ^ after.global_indexes.items()
        assert len({name for name, _ in changed}) <= 1
        assert len(changed) <= 1, "an index is created or deleted, and not changed in place"
    assert templates[-1] == parse_template(template_files(new, NAMING)[file])


@pytest.mark.parametrize(("old", "new", "count"), CASES.values(), ids=CASES)
def test_each_template_defines_the_attributes_of_its_keys(old: System, new: System, count: int) -> None:
    """And scales no index that is not there."""
    for template in stages(old, new, "private-order-dynamodb.yaml")[1:]:
        properties = template["Resources"]["Table"]["Properties"]
        schemas = [
            properties["KeySchema"],
            *(index["KeySchema"] for index in properties.get("GlobalSecondaryIndexes", [])),
        ]
        used = {element["AttributeName"] for schema in schemas for element in schema}
        assert {each["AttributeName"] for each in properties["AttributeDefinitions"]} == used
        there = [index["IndexName"] for index in properties.get("GlobalSecondaryIndexes", [])]
        for resource in template["Resources"].values():
            place = resource["Properties"].get("ResourceId", {}).get("Fn::Join", [None, []])[1]
            assert len(place) < 4 or place[3] in there or len(place) == 2


def test_names_of_files_say_what_happens() -> None:
    before = parse_template(template_files(system(A), NAMING)["shop.yaml"])
    assert list(stage_files(system(B), NAMING, before)) == [
        "shop-01-delete-OrdersTable-orders-aaa.yaml",
        "shop-02-create-OrdersTable-orders-bbb.yaml",
    ]


def test_a_table_that_would_be_replaced_is_refused() -> None:
    before = parse_template(template_files(system(), NAMING)["shop.yaml"])
    with pytest.raises(InfrastructureError, match="OrdersTable: another Type makes CloudFormation replace the table"):
        stage_files(system(replicas=("eu-west-1",)), NAMING, before)


def test_a_template_of_something_else_is_refused() -> None:
    with pytest.raises(InfrastructureError, match="no table of shop"):
        stage_files(system(), NAMING, parse_template("{Resources: {}}"))


def test_the_command_writes_numbered_files(tmp_path: Path) -> None:
    """From the access system's template without its last index."""
    export = ["export", "cloudformation", "--system", "access"]
    assert CliRunner().invoke(app, [*export, "--out", str(tmp_path)]).exit_code == 0
    template = (tmp_path / "access.yaml").read_text()
    assert template == template_files(SYSTEMS["access"], SYSTEMS["access"].naming("dev"))["access.yaml"]
    begin = template.index("        - IndexName: !Sub '${Project}-${Stage}-ddb-access-management-gsi5'")
    end = template.index("      TimeToLiveSpecification", begin)
    (tmp_path / "old.yaml").write_text(template[:begin] + template[end:])
    since = [*export, "--out", str(tmp_path / "stages"), "--since", str(tmp_path / "old.yaml")]
    assert CliRunner().invoke(app, since).exit_code == 0
    (written,) = (tmp_path / "stages").iterdir()
    assert written.name == "access-01-create-AccessManagementTable-ddb-access-management-gsi5.yaml"
    assert written.read_text() == template
