"""
Generated modules, read by Terraform itself, its AWS provider and checkov. Nothing here needs a server.

Terraform's own tests run against a mock of the provider: there every reference has a value, so that policies can be
compared with the synthesized ones.
"""

import base64
import json
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.system.terraform import IN_A_HURRY, NOT_INSTALLED, plugin_folder

from tenantable.cli.systems import SHIPPED, find_system
from tenantable.declare import (
    Bucket,
    Component,
    EncryptionKey,
    EventBus,
    Index,
    KeyAttribute,
    LocalIndex,
    Naming,
    ParameterTree,
    Provisioned,
    Queue,
    System,
    Table,
    allow_resource,
)
from tenantable.declare.tables import PhysicalTable
from tenantable.iam.documents import policy_document
from tenantable.iam.synthesis.packing import MANAGED_POLICY_CHARACTERS_MAX
from tenantable.iam.synthesis.statements import component_policies
from tenantable.infra.terraform.access.policies import VALUE_CHARACTERS
from tenantable.infra.terraform.hcl import Argument, Block, render
from tenantable.infra.terraform.module import terraform_module
from tenantable.infra.terraform.names import DeclaredNames, identifiers
from tenantable.wire.arns import Home

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
CHECKOV = ROOT / ".tools" / "venv" / "bin" / "checkov"
HOME = Home()
LONG_KEY = "arn:aws-us-gov:kms:ap-southeast-99:000000000000:key/mrk-22222222222222222222222222222222"
KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
DEAD = "http://127.0.0.1:9"
PROVIDER = """
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "any"
  secret_key                  = "any"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
%s
  }
}
"""
SERVICES = ("appautoscaling", "cloudwatch", "dynamodb", "iam", "kms", "sqs", "ssm", "sts")

Values = dict[str, Any]


def run(*words: str, folder: Path, text: str | None = None) -> str:
    done = subprocess.run(
        words,
        cwd=folder,
        env=os.environ | IN_A_HURRY | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
        input=text,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def initialize(terraform: str, folder: Path) -> None:
    """Give the workspace a provider that reaches nobody."""
    plugins = plugin_folder()
    if plugins is None:
        pytest.skip(NOT_INSTALLED)
    endpoints = "\n".join(f'    {service} = "{DEAD}"' for service in SERVICES)
    (folder / "provider.tf").write_text(PROVIDER % endpoints)
    run(terraform, "init", "-input=false", "-no-color", f"-plugin-dir={plugins}", folder=folder)


def write(files: Mapping[str, str], folder: Path) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def terraform() -> str:
    executable = shutil.which("terraform")
    if executable is None:
        pytest.skip(NOT_INSTALLED)
    return executable


_billing = Provisioned(read_units=5, write_units=5, read_units_max=50, write_units_max=20)
_work = Queue(name="work", dead_letters=Queue(name="dead.letters"), receives_max=3)
_key = EncryptionKey(name="sealing", description='Seals "everything" for ${nobody}')
EVERYTHING = System(
    name="everything",
    description="What no system that ships has.",
    tables=[
        Table(
            "1st.Orders",
            Index("by-day", partition="day", sort=KeyAttribute(name="amount", type="N"), projection="keys"),
            LocalIndex("by-amount", sort=KeyAttribute(name="amount", type="N"), projection=("b", "a")),
            partition="id",
            sort="number",
            billing=_billing,
            encryption_key="alias/sealing",
            replicas=("eu-west-1", "eu-central-1"),
            stream=True,
            tags={"Team": "Ünïcode", "a:b/c": '"quoted" ${x}'},
        ),
        Table("locals", partition="id", ttl="expires", stream="KEYS_ONLY", tags={"Team": "Ünïcode"}),
        Table("own-key", partition="id", encryption_key=KEY, replicas=("eu-west-1",)),
    ],
    components=[
        Component(
            "back-office",
            description="Does everything “else”.",
            grants=[
                allow_resource("sqs", "SendMessage", resource=_work),
                allow_resource("kms", "Decrypt", resource=_key),
                allow_resource("kms", "Decrypt", resource="companys-own"),
            ],
        ),
        Component("idle"),
    ],
    resources=[
        _work,
        Queue(name="dead-letters-of-others"),
        _key,
        Bucket(name="archive"),
        EventBus(name="events"),
        ParameterTree(name="/orders"),
    ],
    environment={"QUEUE": _work, "BUCKET": Bucket(name="archive")},
    naming=lambda stage: Naming(
        table="{team}-{table}" if stage == "prod" else "{team}-{stage}-{table}",
        resource="{team}-{resource}",
        values={"team": "blue", "stage": stage},
    ),
)


def test_the_text_is_laid_out_as_terraform_lays_it_out(terraform: str, tmp_path: Path) -> None:
    write(terraform_module(EVERYTHING), tmp_path / "everything")
    for folder in (tmp_path / "everything", *(GOLDEN / name / "terraform" for name in SHIPPED)):
        run(terraform, "fmt", "-check", "-diff", "-no-color", folder=folder)


@pytest.fixture(scope="module")
def planned(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """
    The resources of a plan on empty state, by module: those of the systems that ship, and two stages of `EVERYTHING`.

    All in one workspace, because the provider's start takes most of the time. The plan validates the modules first.
    """
    folder = tmp_path_factory.mktemp("planned")
    calls = [(name, name, "dev") for name in SHIPPED]
    calls += [("everything-dev", "everything", "dev"), ("everything-prod", "everything", "prod")]
    for name in SHIPPED:
        write(terraform_module(find_system(name)), folder / name)
    write(terraform_module(EVERYTHING), folder / "everything")
    (folder / "main.tf").write_text(
        "\n".join(
            f'module "{name}" {{\n  source = "./{source}"\n  environment = "{stage}"\n}}'
            for name, source, stage in calls
        )
    )
    initialize(terraform, folder)
    run(terraform, "plan", "-input=false", "-no-color", "-out=made.plan", folder=folder)
    plan = json.loads(run(terraform, "show", "-json", "made.plan", folder=folder))
    modules = plan["planned_values"]["root_module"]["child_modules"]
    return {module["address"].removeprefix("module."): module["resources"] for module in modules}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_system_with_everything_else_is_valid_and_can_be_planned(planned: Any, stage: str) -> None:
    kinds = {resource["type"] for resource in planned[f"everything-{stage}"]}
    assert kinds >= {
        "aws_dynamodb_table",
        "aws_iam_role",
        "aws_iam_policy",
        "aws_appautoscaling_policy",
        "aws_sqs_queue",
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_module_is_valid_and_a_plan_on_empty_state_asks_nobody_and_equals_the_declaration(
    planned: Any, name: str
) -> None:
    """Requirements: A-09, A-11."""
    system = find_system(name)
    found = {
        resource["values"]["name"]: resource["values"]
        for resource in planned[name]
        if resource["type"] == "aws_dynamodb_table"
    }
    tables = {table.name: table for table in system.physical_tables(system.naming("dev"))}
    assert found.keys() == tables.keys()
    for name_of_table, table in tables.items():
        assert _planned(found[name_of_table]) == _declared(table)
        assert table.table.tags.items() <= found[name_of_table]["tags"].items()


def _planned(values: dict[str, Any]) -> dict[str, Any]:
    ttl = [block["attribute_name"] for block in values.get("ttl", []) if block["enabled"]]
    return {
        "keys": [values["hash_key"], values["range_key"] or None],
        "attributes": {each["name"]: each["type"] for each in values["attribute"]},
        "indexes": {
            index["name"]: (
                [index["hash_key"], index["range_key"] or None],
                index["projection_type"],
                sorted(index["non_key_attributes"] or []),
            )
            for index in values["global_secondary_index"]
        },
        "billing": values["billing_mode"],
        "ttl": ttl[0] if ttl else None,
        "stream": values["stream_view_type"] if values["stream_enabled"] else None,
        "recovery": values["point_in_time_recovery"][0]["enabled"],
        "encrypted": values["server_side_encryption"][0]["enabled"],
        "protected": values["deletion_protection_enabled"],
        "replicas": values["replica"],
    }


def _declared(physical: PhysicalTable) -> dict[str, Any]:
    table, request = physical.table, physical.create_request()
    return {
        "keys": _key_names(request["KeySchema"]),
        "attributes": {each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]},
        "indexes": {
            index["IndexName"]: (
                _key_names(index["KeySchema"]),
                index["Projection"]["ProjectionType"],
                sorted(index["Projection"].get("NonKeyAttributes", [])),
            )
            for index in request.get("GlobalSecondaryIndexes", [])
        },
        "billing": request["BillingMode"],
        "ttl": table.ttl,
        "stream": table.stream,
        "recovery": table.recovery,
        "encrypted": "SSESpecification" in request,
        "protected": request["DeletionProtectionEnabled"],
        "replicas": [],
    }


def _key_names(schema: list[dict[str, str]]) -> list[str | None]:
    names: list[str | None] = [each["AttributeName"] for each in schema]
    return [*names, None][:2]


def mock_of(system: System, naming: Naming, **variables: str) -> str:
    """A test of Terraform that makes the module with a mocked provider, and the ARNs of one account."""
    names = DeclaredNames(system=system, values={})
    queues = [resource.name for resource in system.resources if resource.service == "sqs"]
    arns = {f"aws_dynamodb_table.{names.tables[table.name]}": HOME.table(naming.table_name(table.name))
            for table in system.tables}  # fmt: skip
    arns |= {
        f"aws_sqs_queue.{label}": f"arn:aws:sqs:{HOME.region}:{HOME.account_id}:{naming.resource_name(name)}"
        for name, label in identifiers(queues).items()
    }
    arns |= {
        f"aws_s3_bucket.{label}": f"arn:aws:s3:::{naming.resource_name(name)}"
        for name, label in identifiers(bucket.name for bucket in system.buckets).items()
    }
    overrides = [
        f'  override_resource {{\n    target = {target}\n    values = {{ arn = "{arn}" }}\n  }}'
        for target, arn in arns.items()
    ]
    defaults = {
        "aws_iam_policy": "arn:aws:iam::000000000000:policy/p",
        "aws_iam_role": "arn:aws:iam::000000000000:role/r",
    }
    defaults["aws_kms_key"] = KEY
    overrides += [
        f'  mock_resource "{kind}" {{\n    defaults = {{ arn = "{arn}" }}\n  }}' for kind, arn in defaults.items()
    ]
    given_ = "\n".join(f"    {name} = {value}" for name, value in variables.items())
    provider = 'mock_provider "aws" {\n' + "\n".join(overrides) + "\n}\n"
    module = f'module {{\n    source = "./{system.name}"\n  }}'
    return f'{provider}\nrun "made" {{\n  command = apply\n  {module}\n  variables {{\n{given_}\n  }}\n}}\n'


@pytest.fixture(scope="module")
def mocked(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Values]]:
    """
    What a mocked provider makes of each module by itself: the values of its resources, by address, by module and case.

    In one run of Terraform, because the provider's start takes most of the time.
    """
    folder = tmp_path_factory.mktemp("mocked")
    cases = {name: {"granted_replica_regions": '["eu-west-1"]'} for name in SHIPPED}
    for name in SHIPPED:
        system = find_system(name)
        write(terraform_module(system), folder / name)
        names = DeclaredNames(system=system, values={}).variables.values()
        cases[f"{name}-long"] = {each.name: f'"{"x" * VALUE_CHARACTERS}"' for each in names}
        cases[f"{name}-long"]["kms_key_arn"] = f'"{LONG_KEY}"'
    for case, variables in cases.items():
        system = find_system(case.removesuffix("-long"))
        text = mock_of(system, system.naming("dev"), environment='"dev"', **variables)
        (folder / f"{case}.tftest.hcl").write_text(text)
    initialize(terraform, folder)
    lines = run(terraform, "test", "-json", "-verbose", "-no-color", folder=folder).splitlines()
    states = {
        message["@testfile"].removesuffix(".tftest.hcl"): message["test_state"]["root_module"]["resources"]
        for message in map(json.loads, lines)
        if message["type"] == "test_state"
    }
    return {case: {each["address"]: each["values"] for each in resources} for case, resources in states.items()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_policies_say_what_the_synthesized_ones_say(mocked: Any, name: str) -> None:
    """Requirements: P-01, A-14."""
    system, made = find_system(name), mocked[name]
    for component, label in _labelled(system.components):
        policies = [
            json.loads(made[address]["policy"])
            for address in made
            if address.startswith("aws_iam_policy.") and _belongs(address, label)
        ]
        wanted = [policy_document(policy) for policy in component_policies(component, system.naming("dev"), HOME)]
        assert _statements(policies) == _statements(wanted)
        assert f"aws_iam_role.{label}" in made


@pytest.mark.timeout(600)
def test_who_uses_a_bucket_may_use_the_key_that_encrypts_it(mocked: Any) -> None:
    granted = [str(values.get("policy")) for values in mocked["access-long"].values()]
    keyed = [text for text in granted if LONG_KEY in text]
    assert sorted("kms:GenerateDataKey" in text for text in keyed) == [False, True, True]  # one reads alone
    assert all('"kms:ViaService":"s3.us-east-1.amazonaws.com*"' in text for text in keyed)
    assert "kms:" not in str([values.get("policy") for values in mocked["access"].values()])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SHIPPED)
def test_no_policy_outgrows_the_quota_under_long_names(mocked: Any, name: str) -> None:
    made = mocked[f"{name}-long"]
    sizes = [len(values["policy"]) for address, values in made.items() if address.startswith("aws_iam_policy.")]
    assert sizes
    assert max(sizes) <= MANAGED_POLICY_CHARACTERS_MAX


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SHIPPED)
def test_granted_replica_regions_are_named_one_by_one(mocked: Any, name: str) -> None:
    made = mocked[name]
    replicas = [
        address for address in made if address.startswith("aws_iam_policy.") and address.endswith('["eu-west-1"]')
    ]
    assert replicas
    for address in replicas:
        at_home = made[address.removesuffix('_replicas["eu-west-1"]')]["policy"]
        assert made[address]["policy"] == at_home.replace(":dynamodb:us-east-1:", ":dynamodb:eu-west-1:")


def _labelled(components: Any) -> list[tuple[Component, str]]:
    labels = identifiers(component.name for component in components)
    return [(component, labels[component.name]) for component in components]


def _belongs(address: str, label: str) -> bool:
    rest = address.removeprefix("aws_iam_policy.").removeprefix(label)
    return rest == "" or rest.removeprefix("_").isdigit()


def _statements(documents: list[dict[str, Any]]) -> list[str]:
    """The statements without their names; of a key its ARN, which the synthesizer cannot know."""
    shown = []
    for statement in (each for document in documents for each in document["Statement"]):
        plain = {name: value for name, value in statement.items() if name != "Sid"}
        if plain["Resource"] == f"arn:aws:kms:{HOME.region}:{HOME.account_id}:key/*":
            plain["Resource"] = KEY
        shown.append(json.dumps(plain, sort_keys=True))
    return sorted(shown)


WRONG = {
    "environment": "qa",
    "project_name": "Up Per",
    "stream_view_type": "ALL",
    "trusted_principals": '["*"]',
    "trusted_services": '["*"]',
    "granted_replica_regions": '["*"]',
    "kms_key_arn": "alias/x",
}


def test_every_wrong_value_is_refused(terraform: str, tmp_path: Path) -> None:
    """
    By the variables themselves, which stand in a file of their own and so need no provider here.

    Requirement: A-11.
    """
    files = terraform_module(find_system("access"))
    assert [name for name, text in files.items() if '\nvariable "' in text] == ["variables.tf"]
    write({"variables.tf": files["variables.tf"]}, tmp_path / "access")
    words = [f"-var={name}={value}" for name, value in WRONG.items()]
    with pytest.raises(AssertionError) as refused:
        run(terraform, "plan", "-input=false", "-no-color", *words, folder=tmp_path / "access")
    for name in WRONG:
        assert f'variable "{name}"' in str(refused.value)


def test_a_name_that_is_too_long_for_a_bucket_is_refused_as_the_variables(terraform: str, tmp_path: Path) -> None:
    """Characters left of S3's 63 beside the longest stage and `audit`; one more is refused."""
    files = terraform_module(find_system("access"))
    write({"variables.tf": files["variables.tf"]}, tmp_path / "access")
    words = (terraform, "plan", "-input=false", "-no-color", "-var=environment=prod")
    run(*words, f"-var=project_name={'x' * 52}", folder=tmp_path / "access")
    with pytest.raises(AssertionError, match=r"S3 takes names of 63 characters: project_name may have 52\."):
        run(*words, f"-var=project_name={'x' * 53}", folder=tmp_path / "access")


Findings = dict[str, set[tuple[str, str]]]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Findings]:
    """Runs checkov on all modules at once and gives its findings by system: the rule and the kind of resource."""
    if not CHECKOV.exists():
        pytest.skip("checkov is not there (make test installs it into .tools)")
    folder = tmp_path_factory.mktemp("checked")
    for name in SHIPPED:
        shutil.copytree(GOLDEN / name / "terraform", folder / "modules" / name)

    def check(**variables: str) -> Findings:
        values = folder / "values.tfvars"
        values.write_text("".join(f"{variable} = {value}\n" for variable, value in variables.items()))
        words = [str(CHECKOV), "-d", str(folder / "modules"), "--framework", "terraform", "-o", "json"]
        words += ["--compact", "--soft-fail", "--skip-download", "--var-file", str(values)]
        found = json.loads(run(*words, folder=folder))
        assert found["summary"]["parsing_errors"] == 0
        results = found["results"]
        seen = {each["file_path"].split("/")[1] for each in results["passed_checks"]}
        assert seen == {*SHIPPED}
        findings: Findings = {name: set() for name in SHIPPED}
        for each in results["failed_checks"]:
            findings[each["file_path"].split("/")[1]].add((each["check_id"], each["resource"].partition(".")[0]))
        return findings

    return check


@pytest.mark.timeout(600)
def test_checkov_misses_at_most_a_customers_key(checked: Any) -> None:
    """It cannot see that the variable of the key is null, and so may not miss it either."""
    for findings in checked().values():
        assert findings <= {("CKV_AWS_119", "aws_dynamodb_table")}


@pytest.mark.timeout(600)
def test_checkov_finds_nothing_with_a_customers_key(checked: Any) -> None:
    found = checked(kms_key_arn=f'"{KEY}"', enable_server_side_encryption="true")
    assert found == {name: set() for name in SHIPPED}


@settings(max_examples=8)
@given(texts=st.lists(st.text(), min_size=20, max_size=60))
def test_any_text_survives(terraform: str, tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """Terraform reads every text as it was, in the normal form that it gives to all texts."""
    folder = tmp_path_factory.mktemp("texts")
    texts += ["${x}", "$${x}", "%{if}", "$$${", "\\", '"', "a\r\nb\tc"]
    (folder / "main.tf").write_text(render([Block("locals", body=[Argument("texts", texts)])]))
    shown = run(terraform, "console", folder=folder, text="base64encode(jsonencode(local.texts))\n")
    read = json.loads(base64.b64decode(shown.strip().strip('"')))
    assert read == [unicodedata.normalize("NFC", text) for text in texts]
