"""Rules that compare a policy with the access patterns of the component that has it."""

from typing import Any

from tenantable.iam.documents import policy_document
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.linting import lint_for_component
from tenantable.iam.lint.sources.documents import single_policy
from tenantable.iam.synthesis.statements import component_policies
from tenantable.services.academy import declaration as academy
from tenantable.services.access import declaration as access
from tenantable.wire.arns import Home

HOME = Home()


def found(module: Any, component: str, document: Any) -> list[Finding]:
    system, naming = module.SYSTEM, module.naming("dev")
    sources = [single_policy(document, "policy.json")]
    return lint_for_component(system, system.component(component), naming, home=HOME, sources=sources)


def granted(module: Any, component: str) -> dict[str, Any]:
    (policy,) = component_policies(module.SYSTEM.component(component), module.naming("dev"), HOME)
    return policy_document(policy)


def changed(document: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The policy with an ending of its resources replaced."""

    def replaced(resource: Any) -> Any:
        if isinstance(resource, list):
            return [replaced(each) for each in resource]
        return f"{resource.removesuffix(old)}{new}" if resource.endswith(old) else resource

    statements = [{**each, "Resource": replaced(each["Resource"])} for each in document["Statement"]]
    return {**document, "Statement": statements}


def test_a_query_on_the_table_in_the_place_of_its_index_is_found() -> None:
    """Requirement: P-04."""
    policy = changed(granted(academy, "admin-service"), "profilesdev/index/status-index", "profilesdev")
    sentences = {finding.sentence: finding.example for finding in found(academy, "admin-service", policy)}
    lacking = sentences["an access pattern of admin-service queries the index status-index of profilesdev"]
    beside = sentences["no access pattern of admin-service queries the table itself of profilesdev"]
    assert (lacking.allowed, beside.allowed) == (False, True)
    assert lacking.holds()
    assert beside.holds()


def test_a_condition_check_that_the_code_makes_and_the_policy_lacks_is_found() -> None:
    policy = granted(access, "role-service")
    statements = [
        {**each, "Action": [name for name in each["Action"] if name != "dynamodb:ConditionCheckItem"]}
        if isinstance(each["Action"], list)
        else each
        for each in policy["Statement"]
        if each["Action"] != "dynamodb:ConditionCheckItem"
    ]
    broken = {**policy, "Statement": [each for each in statements if each["Action"]]}
    assert "TP311" in {finding.rule.id for finding in found(access, "role-service", broken)}
    assert "TP311" not in {finding.rule.id for finding in found(access, "role-service", policy)}


def test_leading_keys_that_cover_other_entities_are_information() -> None:
    policy = granted(access, "team-service")
    assert not [each for each in found(access, "team-service", policy) if each.rule.id == "TP402"]
    wide = [
        each | {"Condition": {name: test for name, test in each["Condition"].items() if "NotLike" not in name}}
        for each in policy["Statement"]
    ]
    finding = next(
        each for each in found(access, "team-service", {**policy, "Statement": wide}) if each.rule.id == "TP402"
    )
    assert finding.severity.value == "information"
    assert "ProtectedResource" in finding.sentence
    assert finding.example.holds()
