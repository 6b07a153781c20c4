"""What a file holds: one policy, several, a plan or a template."""

from collections.abc import Iterator, Mapping
from typing import Any

from tenantable.errors import PolicyError
from tenantable.iam.lint.reading import CHARACTERS_MAX, PolicySource, decode, kind_by_form, looks_like_policy
from tenantable.iam.lint.sources.cloudformation import is_template, policies_of_template
from tenantable.iam.lint.sources.terraform import is_plan, policies_of_plan


def policies_in(document: Any, place: str) -> list[PolicySource]:
    """
    The policies in a decoded file, as `find_policies` finds them. A plan or a template may be without any.

    Raises:
        PolicyError: It is nothing that could hold a policy.
    """
    found = find_policies(document, place)
    if not found and not is_plan(document) and not is_template(document):
        hint = 'a policy has a "Statement"; plans come from `terraform show -json`, templates have "Resources"'
        raise PolicyError(f"{place}: holds no policy, plan or template", hint=hint)
    return found


def find_policies(document: Any, place: str) -> list[PolicySource]:
    """
    The policies in a decoded file; none where it is about something else.

    Args:
        document: A policy; a list of policies, which are then one owner's; what `terraform show -json` prints of a plan
            or a state; a template of CloudFormation; or the answer of IAM's API that has a policy in it.
        place: The name of the file, to begin the place of each finding with.
    Raises:
        PolicyError: What should be a policy in it is none.
    """
    if looks_like_policy(document):
        return [single_policy(document, place)]
    if isinstance(document, list | tuple) and document and all(map(looks_like_policy, document)):
        return [
            single_policy(each, f"{place}, policy {number}", owner=place)
            for number, each in enumerate(document, start=1)
        ]
    if is_plan(document):
        return list(policies_of_plan(document, place))
    if is_template(document):
        return list(policies_of_template(document, place))
    return list(_answers(document, place)) if isinstance(document, Mapping) else []


def single_policy(document: Any, place: str, *, owner: str | None = None) -> PolicySource:
    """A document of unknown use."""
    kind = kind_by_form(document)
    return PolicySource(place=place, document=document, kind=kind, characters_max=CHARACTERS_MAX[kind], owner=owner)


def _answers(document: Mapping[str, Any], place: str) -> Iterator[PolicySource]:
    """What GetPolicyVersion, GetRolePolicy and their like answer."""
    nested = [document, *(value for value in document.values() if isinstance(value, Mapping))]
    for fields in nested:
        for name in ("PolicyDocument", "Document", "AssumeRolePolicyDocument"):
            if looks_like_policy(fields.get(name)):
                yield single_policy(fields[name], place)
    text = document.get("Policy")  # GetResourcePolicy
    if isinstance(text, str) and looks_like_policy(written := decode(text, place)):
        yield single_policy(written, place)
