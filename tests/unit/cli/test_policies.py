"""The command `explain`, as it is typed: what it says, how it ends, and what it answers to a slip."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tenantable.cli import app
from tenantable.errors import TenantableError

EVENTS = "arn:aws:dynamodb:us-east-1:000000000000:table/Events"
OWN = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "Own",
        "Effect": "Allow",
        "Action": "dynamodb:GetItem",
        "Resource": "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders",
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}},
    },
}
EVERYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NOTHING_ON_EVENTS = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": EVENTS}}


def explain(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], input=text)


def answer(*arguments: str, text: str | None = None) -> Any:
    """The one explanation that JSON holds."""
    (found,) = json.loads(explain(*arguments, "--json", text=text).stdout)["requests"]
    return found


def refusal(*arguments: str) -> TenantableError:
    """What is said of a question that cannot be answered: `main` makes status 1 of it."""
    error = explain(*arguments).exception
    assert isinstance(error, TenantableError)
    return error


def written(folder: Path, document: Any, name: str = "policy.json") -> str:
    (folder / name).write_text(json.dumps(document))
    return str(folder / name)


def test_a_denial_is_explained_with_the_nearest_statement_and_the_smallest_grant() -> None:
    result = explain("--component", "webhooks.authorizer", "dynamodb:GetItem", "TenantWebhookConfig", "--key", "t1")
    assert result.exit_code == 2
    for line in (
        "Denied: webhooks.authorizer, dynamodb:GetItem on arn:aws:dynamodb:us-east-1:000000000000:table/TenantWebhook",
        "because no identity-based policy allows the dynamodb:GetItem action",
        "Nearest statement: GetItemTenantIdentity (identity-based policy)",
        "✗ resource arn:aws:dynamodb:us-east-1:000000000000:table/TenantIdentity",
        "✗ StringEqualsIfExists dynamodb:Select: SPECIFIC_ATTRIBUTES\n      the request has ALL_ATTRIBUTES",
        "in the declaration:  allow(TenantWebhookConfigs.get)",
        '"dynamodb:LeadingKeys": "t1"',
    ):
        assert line in result.stdout
    assert "\x1b" not in result.stdout, "a pipe gets no colours"


def test_what_is_allowed_ends_with_zero_and_names_the_statement() -> None:
    result = explain("--component", "webhooks.authorizer", "GetItem", "TenantIdentity", "--attributes", "plan, status")
    assert result.exit_code == 0
    assert "Allowed" in result.stdout
    assert "by statement GetItemTenantIdentity" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "action", "resource", "allowed"),
    [
        (("webhooks.api", "query", "Events", "--index", "dead", "--attributes", "PK"), "Query", "/index/dead", True),
        (("webhooks.api", "PutItem", "TenantIdentity", "--in-transaction"), "PutItem", "/TenantIdentity", True),
        (("webhooks.api", "PutItem", "TenantIdentity"), "PutItem", "/TenantIdentity", False),
        (("webhooks.worker", "Scan", EVENTS), "Scan", "/Events", False),
        (("webhooks.worker", "ListTables"), "ListTables", "table/*", False),
        (("webhooks.worker", "DescribeTable", "Events"), "DescribeTable", "/Events", False),
        (("academy.admin-service", "Query", "profiles", "--stage", "prod"), "Query", "/profilesprod", None),
        (("access.team-service", "GetItem", "access-management", "--name", "project=acme"), "GetItem", "acme-", None),
        (
            ("tenantable.services.webhooks.declaration:SYSTEM.worker", "GetItem", "Events", "--key", "TENANT#a#EVENT#"),
            "GetItem",
            "/Events",
            True,
        ),
    ],
)  # fmt: skip
def test_tables_components_and_stages_are_found(
    arguments: tuple[str, ...], action: str, resource: str, allowed: bool | None
) -> None:
    found = answer("--component", *arguments)
    assert found["action"] == f"dynamodb:{action}"
    assert resource in found["resource"]
    assert allowed in {None, found["allowed"]}


def test_without_a_key_one_is_chosen_that_the_policies_speak_of() -> None:
    found = answer("--component", "webhooks.worker", "GetItem", "Events")
    assert found["allowed"]
    assert found["context"]["dynamodb:leadingkeys"] == ["TENANT#any#EVENT#any"]
    assert "TENANT#any#EVENT#any" in found["assumed"][0]


def test_a_key_may_be_json_plain_or_dynamodbs_own() -> None:
    for key in ('{"PK": "TENANT#a#EVENT#b"}', '{"PK": {"S": "TENANT#a#EVENT#b"}}', "TENANT#a#EVENT#b"):
        found = answer("--component", "webhooks.worker", "GetItem", "Events", "--key", key)
        assert found["context"]["dynamodb:leadingkeys"] == ["TENANT#a#EVENT#b"]


def test_a_component_of_one_tenant_is_asked_about_for_a_tenant() -> None:
    ask = ("--component", "accounts.reader", "GetItem", "accounts")
    assert "No tenant was given" in answer(*ask)["assumed"][0]
    own = answer(*ask, "--tenant", "t1", "--key", "ACCOUNT#t1")
    other = answer(*ask, "--tenant", "t2", "--key", "ACCOUNT#t1")
    assert (own["allowed"], other["allowed"]) == (True, False)
    (failing,) = [each for each in other["nearest"]["conditions"] if not each["holds"]]
    assert failing["key"] == "dynamodb:LeadingKeys"
    assert "ACCOUNT#t2" in next(iter(failing["meant"].values()))


def test_a_whole_request_is_explained_part_by_part(tmp_path: Path) -> None:
    parts = [
        {"Put": {"TableName": "TenantIdentity", "Item": {"apiKey": {"S": "a"}}}},
        {"Put": {"TableName": "Events", "Item": {"PK": {"S": "TENANT#a#EVENT#b"}}}},
        {"Delete": {"TableName": "Events", "Key": {"PK": {"S": "TENANT#a#EVENT#b"}}}},
    ]
    request = {"TransactItems": parts}
    ask = ("--component", "webhooks.api", "TransactWriteItems", "--request")
    result = explain(*ask, written(tmp_path, request), "--json")
    assert result.exit_code == 2
    assert [each["allowed"] for each in json.loads(result.stdout)["requests"]] == [True, True, False]
    piped = explain(*ask, "-", text=json.dumps({"TransactItems": parts[:2]}))
    assert (piped.exit_code, piped.stdout.count("Allowed")) == (0, 2)


def test_any_policy_can_be_asked_about_in_the_account_that_it_names(tmp_path: Path) -> None:
    ask = ("--policy", written(tmp_path, OWN), "GetItem", "Orders", "--key", "t1")
    denied = explain(*ask)
    assert denied.exit_code == 2
    assert "on arn:aws:dynamodb:eu-west-1:123456789012:table/Orders" in denied.stdout
    assert "dynamodb:LeadingKeys: ${aws:PrincipalTag/tenant} (here: nothing)" in denied.stdout
    assert "in the declaration" not in denied.stdout
    assert explain(*ask, "--tenant", "t1").exit_code == 0
    assert explain(*ask, "--context", "aws:PrincipalTag/tenant=t1").exit_code == 0
    assert explain(*ask, "--tenant", "t1", "--account", "111111111111").exit_code == 2


def test_a_whole_request_on_an_unknown_table_has_the_key_that_is_named(tmp_path: Path) -> None:
    request = written(tmp_path, {"TableName": "Orders", "Key": {"id": {"S": "t1"}}}, "request.json")
    ask = ("--policy", written(tmp_path, OWN), "--tenant", "t1", "GetItem", "--request", request)
    assert explain(*ask).exit_code == 2
    assert explain(*ask, "--partition-key", "id").exit_code == 0


def test_the_names_of_unknown_keys_do_not_count_as_attributes(tmp_path: Path) -> None:
    listed = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["total"]}}
    document = {"Version": "2012-10-17", "Statement": {**OWN["Statement"], "Condition": listed}}  # type: ignore[dict-item]
    ask = ("--policy", written(tmp_path, document), "GetItem", "Orders", "--key", "t1", "--attributes", "total")
    assert explain(*ask).exit_code == 0
    assert explain(*ask, "--partition-key", "id").exit_code == 2


def test_boundaries_and_session_policies_limit_a_component(tmp_path: Path) -> None:
    ask = ("--component", "webhooks.worker", "GetItem", "Events", "--key", "TENANT#a#EVENT#b")
    everything, none = written(tmp_path, EVERYTHING), written(tmp_path, NOTHING_ON_EVENTS, "none.json")
    assert explain(*ask, "--boundary", everything, "--session", everything).exit_code == 0
    refused = explain(*ask, "--boundary", none)
    assert refused.exit_code == 2
    assert "with an explicit deny in a permissions boundary" in refused.stdout
    assert "No grant helps" in refused.stdout


def test_the_policy_of_a_table_takes_part(tmp_path: Path) -> None:
    arn = "arn:aws:iam::000000000000:role/webhooks-authorizer"
    statement = {"Sid": "Shared", "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "*", "Resource": EVENTS}
    path = written(tmp_path, {"Version": "2012-10-17", "Statement": statement})
    ask = ("--component", "webhooks.authorizer", "Scan", "Events")
    assert explain(*ask).exit_code == 2
    allowed = explain(*ask, "--resource-policy", path)
    assert allowed.exit_code == 0
    assert f"✓ principal {arn}" in allowed.stdout
    statement["Principal"] = {"AWS": arn.replace("authorizer", "worker")}
    refused = explain(*ask, "--resource-policy", written(tmp_path, {"Version": "2012-10-17", "Statement": statement}))
    assert refused.exit_code == 2


def test_other_services_are_asked_for_by_arn() -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:webhook-deliveries"
    assert answer("--component", "webhooks.api", "sqs:SendMessage", queue)["allowed"]
    denied = answer("--component", "webhooks.authorizer", "sqs:SendMessage", queue)
    assert denied["declared_grant"] == 'allow_resource("sqs", "SendMessage", resource="webhook-deliveries")'


def test_an_action_that_names_no_resource_is_asked_for_with_a_star() -> None:
    denied = explain("--component", "webhooks.authorizer", "cloudwatch:PutMetricData", "*")
    assert denied.exit_code == 2
    assert '"Resource": "*"' in denied.stdout


@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::files/one"])
def test_what_has_no_account_in_its_arn_is_the_callers_own(tmp_path: Path, resource: str) -> None:
    assert answer("--policy", written(tmp_path, EVERYTHING), "s3:GetObject", resource)["allowed"]


def test_all_statements_are_shown_when_asked_for() -> None:
    ask = ("--component", "webhooks.worker", "Scan", "Events")
    assert explain(*ask).stdout.count("Statement: ") == 0
    assert explain(*ask, "--all").stdout.count("Statement: ") > 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--component", "webhooks.autorizer", "GetItem", "Events"), "did you mean authorizer?"),
        (("--component", "webhoks.api", "GetItem", "Events"), "did you mean webhooks?"),
        (("--component", "webhooks", "GetItem", "Events"), "SYSTEM.COMPONENT"),
        (("--component", "nowhere:SYSTEM.api", "GetItem", "Events"), "cannot be loaded"),
        (("--component", "webhooks.api", "GetItm", "Events"), "did you mean GetItem"),
        (("--component", "webhooks.api", "dynamodb:Get Item", "Events"), "is not an action"),
        (("--component", "webhooks.api", "TransactWriteItems", "Events"), "needs no permission of its own"),
        (("--component", "webhooks.api", "GetItem", "Event"), "did you mean Events?"),
        (("--component", "webhooks.api", "GetItem"), "No table was named"),
        (("--component", "webhooks.api", "Query", "Events", "--index", "ded"), "did you mean dead?"),
        (("--component", "webhooks.api", "GetItem", "Events", "--key", "{"), "no JSON"),
        (("--component", "webhooks.api", "GetItem", "Events", "--key", '{"KP": "a"}'), "key attribute of table/Events"),
        (("--component", "webhooks.api", "GetItem", "Events", "--key", '{"PK": true}'), "PK is no text"),
        (("--component", "webhooks.api", "GetItem", "Events", "--context", "tenant=a"), "no condition key"),
        (("--component", "webhooks.api", "GetItem", "Events", "--attributes", ","), "names none"),
        (("--component", "webhooks.api", "GetItem", "Events", "--account", "1"), "12 digits"),
        (("--component", "webhooks.api", "Query", "Events", "--in-transaction"), "cannot be part of a transaction"),
        (("--component", "webhooks.api", "sqs:SendMessage", "jobs"), "asked for with an ARN"),
        (("--component", "webhooks.api", "Querry", "--request", "-"), "did you mean Query"),
        (("--component", "webhooks.api", "GetItem", "--request", "missing.json"), "missing.json cannot be read"),
        (("--policy", "missing.json", "GetItem", "Events"), "missing.json cannot be read"),
        (("GetItem", "Events"), "--component or --policy"),
        (("--component", "webhooks.api", "GetItem", "arn:aws:dynamodb:x"), "no ARN of a table"),
    ],
)
def test_a_slip_is_answered_with_what_was_probably_meant(arguments: tuple[str, ...], said: str) -> None:
    assert said in str(refusal(*arguments))


@pytest.mark.parametrize(("content", "said"), [("{", "holds no JSON"), ("[]", "JSON object"), ("{}", "Validation")])
def test_a_request_that_is_none_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "request.json").write_text(content)
    ask = ("--component", "webhooks.api", "GetItem", "--request", str(tmp_path / "request.json"))
    assert said in str(refusal(*ask))


def test_a_policy_that_is_malformed_is_named_with_its_fault(tmp_path: Path) -> None:
    path = written(tmp_path, {"Version": "2012-10-17", "Statement": []})
    assert f"{path}: Statement" in str(refusal("--policy", path, "GetItem", "Orders"))
