"""Grants on queues, keys, parameters, buckets, event buses and roles as statements: each service has its own ARNs."""

from collections.abc import Callable, Iterator

from tenantable.declare.grants import ResourcePermission
from tenantable.declare.grants.services import ACTIONS, grant_problems
from tenantable.errors import PolicyError
from tenantable.iam.documents import Condition, Statement
from tenantable.wire.arns import Home

_Arn = Callable[[str, Home], str]


def _parameters(path: str, home: Home) -> str:
    if not path.startswith("/"):
        raise PolicyError(
            f"permission on {path}: parameters are granted below a path", hint="write a path such as '/accounts'"
        )
    return home.parameter(f"{path}/*")


_ARNS: dict[tuple[str, str], _Arn] = {
    ("dynamodb", "stream"): lambda name, home: f"{home.table(name)}/stream/*",
    ("dynamodb", "table"): lambda name, home: home.table(name),
    ("events", "event bus"): lambda name, home: home.event_bus(name),
    # The use of a key cannot be granted on its alias's ARN, only on keys that have the alias.
    ("kms", "key"): lambda _name, home: home.kms_key("key/*"),
    ("s3", "bucket"): lambda name, home: home.bucket(name),
    ("s3", "object"): lambda name, home: home.object(name, "*"),
    ("sqs", "queue"): lambda name, home: home.queue(name),
    ("ssm", "parameter"): _parameters,
    ("sts", "role"): lambda name, home: home.role(name),
}


def resource_statements(permission: ResourcePermission, home: Home) -> Iterator[Statement]:
    """
    The statements of a permission: one for each kind of resource that its actions are done to.

    Raises:
        PolicyError: The service is unknown, or has no such action.
    """
    for problem, hint in grant_problems(permission.service, permission.actions):
        raise PolicyError(f"permission on {permission.resource}: {problem}", hint=hint)
    for kind, known in ACTIONS[permission.service].items():
        actions = permission.actions & known
        if actions:
            yield Statement(
                effect="Allow",
                actions=tuple(sorted(f"{permission.service}:{action}" for action in actions)),
                resources=(_ARNS[permission.service, kind](permission.resource, home),),
                conditions=_conditions(permission),
            )


def _conditions(permission: ResourcePermission) -> tuple[Condition, ...]:
    if permission.service != "kms":
        return ()
    alias = f"alias/{permission.resource.removeprefix('alias/')}"
    return (Condition(operator="ForAnyValue:StringEquals", key="kms:ResourceAliases", values=(alias,)),)
