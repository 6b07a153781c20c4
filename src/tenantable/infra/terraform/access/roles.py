"""`iam.tf`: a role for every component, with the policies that its grants need."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from tenantable.declare.grants.components import Component
from tenantable.errors import SettingsError
from tenantable.iam.documents import Policy
from tenantable.infra.terraform.access.policies import PolicyTexts
from tenantable.infra.terraform.hcl import Argument, Block, Call, Comment, Expression, Part, arguments, template
from tenantable.infra.terraform.names import ENVIRONMENT, DeclaredNames, identifiers
from tenantable.infra.terraform.outputs import output
from tenantable.infra.terraform.sections import Section
from tenantable.infra.terraform.variables import variable

ROLE_CHARACTERS_MAX = 64
POLICIES_PER_ROLE_MAX = 10
"""IAM's quotas; the second may be raised, and then for all roles of the account."""
_DESCRIPTION_CHARACTERS_MAX = 1000
_SYSTEM_CHARACTERS_MAX = 32
_DIGEST_CHARACTERS = 6

_NOT_ALLOWED = re.compile(r"[^\t\n\r\x20-\x7E\xA1-\xFF]")
PREFIX = Expression("local.role_name_prefix")
_TAGS = Argument("tags", Expression("local.common_tags"))


def role_section(names: DeclaredNames) -> Section:
    """
    The roles and policies of all components.

    Raises:
        PolicyError: A component's grants need more than policies can say.
        SettingsError: A component needs more policies than a role may have.
    """
    labels = identifiers(component.name for component in names.system.components)
    texts = PolicyTexts(names=names)
    blocks: list[Block] = []
    arns: dict[str, list[Expression]] = {}
    for component in names.system.components:
        label, policies = labels[component.name], texts.policies(component)
        if len(policies) > POLICIES_PER_ROLE_MAX:
            problem = f"component {component.name!r} needs {len(policies)} policies; a role has {POLICIES_PER_ROLE_MAX}"
            raise SettingsError(problem, hint="give some of its grants to another component")
        blocks.append(_role(names, label, component))
        attached = _numbered(label, policies)
        for name, policy in attached:
            described = iam_text(f"What {component.name} of {names.system.name} may do")
            blocks += _policy(name, label, description=described, document=texts.value(policy))
            if _is_on_tables(policy):
                blocks += _replica_policy(name, label)
        arns[component.name] = [Expression(f"aws_iam_policy.{name}.arn") for name, _ in attached]
    roles = {name: Expression(f"aws_iam_role.{label}.arn") for name, label in labels.items()}
    return Section(
        file="iam.tf",
        title="Roles of the components, and what each of them may do",
        blocks=blocks,
        variables=list(_variables()),
        locals=list(_locals(names)),
        outputs=[
            output("role_arns", "ARNs of the components' roles", roles),
            output("policy_arns", "ARNs of the components' policies", arns),
        ],
    )


def role_name(names: DeclaredNames, component: str) -> Expression:
    """The name of a component's role; a long one is cut, and told apart by a digest."""
    longest = max(names.system.stages, key=len, default="")
    room = ROLE_CHARACTERS_MAX - len(f"{_system_name(names)}-{longest}-")
    return template(PREFIX, _shortened(component, room))


def iam_text(text: str) -> str:
    """A description with the characters that IAM takes."""
    return _NOT_ALLOWED.sub("?", text)[:_DESCRIPTION_CHARACTERS_MAX]


def service_trust(service: str) -> Call:
    """The trust policy of a role that one service of AWS alone may take."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return Call("jsonencode", {"Version": "2012-10-17", "Statement": [statement]})


def _system_name(names: DeclaredNames) -> str:
    return _shortened(names.system.name, _SYSTEM_CHARACTERS_MAX)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{text[: max(most - _DIGEST_CHARACTERS - 1, 0)]}-{digest}"


_SERVICES_NAMED = (
    'alltrue([for each in var.trusted_services : can(regex("^[a-z0-9.-]+[.]amazonaws[.]com(.cn)?$", each))])'
)
_PRINCIPALS_NAMED = (
    'alltrue([for each in var.trusted_principals : can(regex("^arn:[^:*]+:(iam|sts)::[0-9]+:[^*]+$", each))])'
)


def _variables() -> Iterator[Block]:
    yield variable(
        "trusted_services",
        "AWS services that run the components and so may take their roles",
        "list(string)",
        default=[["lambda.amazonaws.com"]],
        validation=[
            (
                _SERVICES_NAMED,
                "Services must be given by their full names, such as lambda.amazonaws.com.",
            )
        ],
    )
    yield variable(
        "trusted_principals",
        "ARNs of principals that may take the components' roles besides, such as a role of ECS or of a person",
        "list(string)",
        default=[[]],
        validation=[
            (
                _PRINCIPALS_NAMED,
                "Principals must be given by their full ARNs, without a wildcard.",
            )
        ],
    )
    yield variable(
        "granted_replica_regions",
        "Replica regions in which the components may do what they may do at home; none by default",
        "list(string)",
        default=[[]],
        validation=[
            (
                'alltrue([for each in var.granted_replica_regions : can(regex("^[a-z0-9-]+$", each))])',
                "Regions must be given by name, without a wildcard.",
            )
        ],
    )
    yield variable(
        "role_name_prefix",
        "Prefix of the names of roles and policies; null for the system and the environment",
        "string",
        default=[None],
    )


def _locals(names: DeclaredNames) -> Iterator[list[Part]]:
    own = template(f"{_system_name(names)}-", ENVIRONMENT, "-")
    chosen = Expression(f"var.role_name_prefix == null ? {own.text} : var.role_name_prefix")
    yield [Comment("What the names of roles and policies begin with"), Argument("role_name_prefix", chosen)]
    yield [Comment("Who may take the components' roles"), Argument("trust_policy", _trust('"sts:AssumeRole"'))]
    if any(component.tenant_bound for component in names.system.components):
        actions = '["sts:AssumeRole", "sts:TagSession"]'
        comment = "Who may take the roles of one tenant's sessions, and name that tenant in a session tag"
        yield [Comment(comment), Argument("tenant_trust_policy", _trust(actions))]


def _trust(actions: str) -> Call:
    """A statement for services and one for principals, where there are any."""

    def statement(principal: str, listed: str, allowed: str) -> Expression:
        form = f'{{ Effect = "Allow", Principal = {{ {principal} = each }}, Action = {allowed} }}'
        return Expression(f"[for each in [{listed}] : {form} if length(each) > 0]")

    services = statement("Service", "var.trusted_services", '"sts:AssumeRole"')
    principals = statement("AWS", "var.trusted_principals", actions)
    lists = Expression(f"concat(\n      {services.text},\n      {principals.text}\n    )")
    return Call("jsonencode", {"Version": "2012-10-17", "Statement": lists})


def _role(names: DeclaredNames, label: str, component: Component) -> Block:
    trust = "local.tenant_trust_policy" if component.tenant_bound else "local.trust_policy"
    body = [
        Argument("name", role_name(names, component.name)),
        *arguments(description=iam_text(component.description), assume_role_policy=Expression(trust)),
        _TAGS,
    ]
    return Block("resource", "aws_iam_role", label, body=body)


def _numbered(label: str, policies: list[Policy]) -> list[tuple[str, Policy]]:
    if len(policies) == 1:
        return [(label, policies[0])]
    return [(f"{label}_{number}", policy) for number, policy in enumerate(policies, start=1)]


def _policy(name: str, label: str, *, description: str, document: dict[str, Any]) -> Iterator[Block]:
    number = name.removeprefix(label).removeprefix("_")
    ending = f"-{number}" if number else ""
    named = template(Expression(f"aws_iam_role.{label}.name"), ending)
    body = [
        Argument("name", named),
        *arguments(description=description, policy=Call("jsonencode", document)),
        _TAGS,
    ]
    yield Block("resource", "aws_iam_policy", name, body=body)
    attachment = arguments(
        role=Expression(f"aws_iam_role.{label}.name"), policy_arn=Expression(f"aws_iam_policy.{name}.arn")
    )
    yield Block("resource", "aws_iam_role_policy_attachment", name, body=attachment)


def _is_on_tables(policy: Policy) -> bool:
    return any(":dynamodb:" in resource for statement in policy.statements for resource in statement.resources)


def _replica_policy(name: str, label: str) -> Iterator[Block]:
    """The same policy for each granted replica region; a region that is not named is not granted."""
    regions = Argument("for_each", Expression("toset(var.granted_replica_regions)"))
    home, there = (
        template(":dynamodb:", Expression("local.region"), ":"),
        template(":dynamodb:", Expression("each.value"), ":"),
    )
    policy = Call("replace", Expression(f"aws_iam_policy.{name}.policy"), home, there)
    body = [
        regions,
        *arguments(name=template(Expression(f"aws_iam_policy.{name}.name"), "-", Expression("each.value"))),
        Argument("policy", policy),
        _TAGS,
    ]
    replicas = f"{name}_replicas"
    yield Block("resource", "aws_iam_policy", replicas, body=body)
    attachment = [
        regions,
        *arguments(
            role=Expression(f"aws_iam_role.{label}.name"),
            policy_arn=Expression(f"aws_iam_policy.{replicas}[each.key].arn"),
        ),
    ]
    yield Block("resource", "aws_iam_role_policy_attachment", replicas, body=attachment)
