"""What templates contain beside tables, and that the tools of AWS accept them."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from tests.unit.infra.systems import BIG, SYSTEMS

from tenantable.declare.naming import Naming
from tenantable.declare.systems import System
from tenantable.declare.tables import Table, physical_table
from tenantable.errors import InfrastructureError
from tenantable.iam.documents import policy_document
from tenantable.iam.synthesis.statements import component_policies
from tenantable.infra.cloudformation.files import system_file, template_files
from tenantable.infra.cloudformation.rendering import render_template
from tenantable.infra.normal.declared import declared_form
from tenantable.infra.normal.forms import Capacity
from tenantable.infra.normal.intrinsics import Resolver
from tenantable.infra.normal.templates import parse_template, read_template
from tenantable.wire.arns import Home

LINT = Path(__file__).parents[4] / ".tools" / "venv" / "bin" / "cfn-lint"
ACCOUNTS = SYSTEMS["accounts"]
PRIVATE = "private-account-dynamodb.yaml"


def files(system: System) -> dict[str, str]:
    return _files(system.name)


@cache
def _files(name: str) -> dict[str, str]:
    return template_files(SYSTEMS[name], SYSTEMS[name].naming("dev"))


def private(**parameters: str) -> dict[str, Any]:
    """The resources of the private account's stack that its conditions let through, resolved."""
    template = parse_template(files(ACCOUNTS)[PRIVATE])
    resolver = Resolver(template, {"AccountId": "acme", **parameters}, Home())
    return {
        name: resolver.resolve({**resource, "Condition": None})
        for name, resource in template["Resources"].items()
        if "Condition" not in resource or resolver.holds(resource["Condition"])
    }


@pytest.mark.slow
def test_every_template_passes_cfn_lint(tmp_path: Path) -> None:
    if not LINT.exists():
        pytest.skip("cfn-lint is not installed in .tools")
    for system in SYSTEMS.values():
        for name, text in files(system).items():
            (tmp_path / name).write_text(text)
    done = subprocess.run([str(LINT), *map(str, tmp_path.glob("*.yaml"))], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_the_roles_may_do_what_the_components_are_granted(system: System) -> None:
    """The policies in the template, with its parameters filled in, are the synthesized ones, but for their names."""
    template = parse_template(files(system)[system_file(system)])
    naming, home = system.naming("dev"), Home(account_id="123456789012", region="eu-west-1")
    resolver = Resolver(template, {}, home)

    def statements(document: dict[str, Any]) -> list[str]:
        plain = [{name: member for name, member in each.items() if name != "Sid"} for each in document["Statement"]]
        return sorted(json.dumps(each, sort_keys=True) for each in plain)

    found: dict[str, list[str]] = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            document = resolver.resolve(resource["Properties"]["PolicyDocument"])
            sids = [statement["Sid"] for statement in document["Statement"]]
            assert len(set(sids)) == len(sids)
            assert all(sid.isalnum() and "zqz" not in sid.lower() for sid in sids)
            (role,) = resolver.resolve(resource["Properties"]["Roles"])
            found[role] = sorted(found.get(role, []) + statements(document))
    for component in system.components:
        policies = component_policies(component, naming, home)
        wanted = [each for policy in policies for each in statements(policy_document(policy))]
        role = component.name.replace("-", " ").title().replace(" ", "") + "Role"
        assert role in template["Resources"]
        assert found.get(role, []) == sorted(wanted)


def test_a_component_of_one_tenant_is_taken_on_with_its_tag() -> None:
    """By code of the account that names the tenant, and by no service."""
    role = parse_template(files(ACCOUNTS)["accounts.yaml"])["Resources"]["ReaderRole"]["Properties"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement["Condition"] == {"StringLike": {"aws:RequestTag/tenant": "?*"}}


def test_queues_have_their_dead_letters_and_keys_their_alias() -> None:
    template = parse_template(files(BIG)["big.yaml"])
    resources = Resolver(template, {}, Home()).resolve(template["Resources"])
    assert resources["JobsQueue"]["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": "DeadQueue.Arn",
        "maxReceiveCount": 3,
    }
    assert resources["SecretsKeyAlias"]["Properties"]["AliasName"] == "alias/big-dev-secrets"
    assert {"FilesBucket", "FactsBus"} <= resources.keys()


def test_outputs_tell_components_what_their_environment_holds() -> None:
    template = parse_template(files(BIG)["big.yaml"])
    outputs = Resolver(template, {}, Home()).resolve(template["Outputs"])
    assert outputs["EnvironmentEverythingTable"]["Value"] == "big-dev-everything"
    assert outputs["EverythingTableBySizeIndexName"]["Value"] == "big-dev-everything-by-size"
    assert outputs["EnvironmentJobsQueue"]["Value"] == "JobsQueue.QueueName"


def test_a_stack_that_goes_leaves_its_tables() -> None:
    for system in SYSTEMS.values():
        for resource in parse_template(files(system)[system_file(system)])["Resources"].values():
            if resource["Type"].startswith(("AWS::DynamoDB", "AWS::KMS::Key", "AWS::SQS")):
                assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_a_private_account_has_a_clone_of_the_shared_table() -> None:
    """Requirement: M-02."""
    naming = ACCOUNTS.naming("prod")
    declared = declared_form(physical_table(ACCOUNTS.tables[0], naming, tenant="acme"))
    template = parse_template(files(ACCOUNTS)[PRIVATE])
    (found,) = read_template(template, parameters={"AccountId": "acme", "Environment": "prod"}).values()
    assert found.name == "app-prod-account-acme"
    assert found.deletion_protection
    for name in ("keys", "global_indexes", "capacity", "stream", "recovery_days", "encryption", "ttl"):
        assert getattr(found, name) == getattr(declared, name)
    (found,) = read_template(template, parameters={"AccountId": "acme", "BillingMode": "PROVISIONED"}).values()
    assert not found.deletion_protection
    units = Capacity(read_units=5, write_units=5)
    assert [found.capacity, *(index.capacity for index in found.global_indexes.values())] == [units] * 4


def test_it_is_found_by_its_parameters() -> None:
    """Requirement: M-03."""
    parameters = {
        resource["Properties"]["Name"]: resource["Properties"]["Value"]
        for resource in private().values()
        if resource["Type"] == "AWS::SSM::Parameter"
    }
    assert parameters == {
        "/accounts/acme/cloud-type": "private",
        "/accounts/acme/provisioning-status": "active",
        "/accounts/acme/dynamodb/table-name": "app-dev-account-acme",
        "/accounts/acme/dynamodb/table-arn": Home().table("app-dev-account-acme"),
        "/accounts/acme/dynamodb/stream-arn": "Table.StreamArn",
    }


def kinds(resources: dict[str, Any], prefix: str) -> list[str]:
    return [name for name, resource in resources.items() if resource["Type"].startswith(prefix)]


def test_it_is_scaled_when_it_is_provisioned_with_every_index() -> None:
    """Requirement: M-08."""
    assert kinds(private(), "AWS::ApplicationAutoScaling") == []
    scaled = private(BillingMode="PROVISIONED")
    targets = [
        (each["Properties"]["ResourceId"], each["Properties"]["ScalableDimension"])
        for each in scaled.values()
        if each["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
    ]
    places = {"table/app-dev-account-acme": "table"}
    places |= {f"table/app-dev-account-acme/index/gsi{number}": "index" for number in (1, 2, 3)}
    assert targets == [
        (place, f"dynamodb:{kind}:{units}CapacityUnits")
        for place, kind in places.items()
        for units in ("Read", "Write")
    ]
    assert len(kinds(scaled, "AWS::ApplicationAutoScaling::ScalingPolicy")) == len(targets)


def test_alarms_can_be_switched_on() -> None:
    """Requirement: M-08."""
    assert kinds(private(), "AWS::CloudWatch") == []
    on_demand = kinds(private(EnableAlarms="true"), "AWS::CloudWatch")
    provisioned = kinds(private(EnableAlarms="true", BillingMode="PROVISIONED"), "AWS::CloudWatch")
    shared = {"ReadThrottleAlarm", "WriteThrottleAlarm", "Gsi1ReadThrottleAlarm", "SystemErrorAlarm"}
    assert shared | {"ReadUnitsAlarm", "WriteUnitsAlarm"} <= set(on_demand)
    assert shared | {"ReadCapacityAlarm", "WriteCapacityAlarm"} <= set(provisioned)
    assert len(on_demand) == len(provisioned) == 11
    told = private(EnableAlarms="true", AlarmTopicArn="arn:aws:sns:us-east-1:1:ops")
    assert told["SystemErrorAlarm"]["Properties"]["AlarmActions"] == ["arn:aws:sns:us-east-1:1:ops"]


def test_the_text_of_a_template_says_what_the_template_says() -> None:
    template: dict[str, Any] = {
        "Resources": {},
        "Metadata": {
            "A": {"Ref": "B"},
            "B": [{"Fn::GetAtt": ["C", "D.E"]}, {"Fn::If": ["X", {"Fn::Sub": "${Y}: # '\""}, {"Ref": "AWS::NoValue"}]}],
            "C": {"Version": "2012-10-17", "Null": "true", "no": "yes"},
        },
    }
    read = parse_template(render_template(template, title="A title"))
    assert read["Metadata"]["B"][0] == {"Fn::GetAtt": "C.D.E"}
    template["Metadata"]["B"][0] = {"Fn::GetAtt": "C.D.E"}
    assert read == template
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(render_template(template, title="A title"))


@pytest.mark.slow
def test_a_private_account_is_provisioned_by_a_stack() -> None:
    """On moto, which makes tables and parameters, and passes over scaling and alarms."""
    moto = pytest.importorskip("moto")
    pytest.importorskip("moto.cloudformation.models")
    with moto.mock_aws():
        session = boto3.Session(region_name="eu-west-1", aws_access_key_id="any", aws_secret_access_key="any")
        session.client("cloudformation").create_stack(
            StackName="app-dev-account-acme",
            TemplateBody=files(ACCOUNTS)[PRIVATE],
            Parameters=[{"ParameterKey": "AccountId", "ParameterValue": "acme"}],
        )
        table = session.client("dynamodb").describe_table(TableName="app-dev-account-acme")["Table"]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["gsi1", "gsi2", "gsi3"]
        named = session.client("ssm").get_parameters_by_path(Path="/accounts/acme", Recursive=True)
        values = {each["Name"].rpartition("/")[2]: each["Value"] for each in named["Parameters"]}
        assert values["table-name"] == "app-dev-account-acme"
        assert values["stream-arn"] == table["LatestStreamArn"]


def test_systems_without_dedicated_tables_have_one_template() -> None:
    assert list(files(SYSTEMS["webhooks"])) == ["webhooks.yaml"]


def test_two_names_that_would_be_one_are_refused() -> None:
    with pytest.raises(InfrastructureError, match="two resources OrderLinesTable"):
        template_files(System(name="shop", tables=[Table("order-lines"), Table("order_Lines")]), Naming())
