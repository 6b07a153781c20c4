"""Rules on what reaches too far: wildcards in actions and resources."""

import itertools
from collections.abc import Iterable, Iterator

from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.lint.actions import ACTIONS, BY_HARM, PREFIX, UNNAMED, covers, is_pattern, matching
from tenantable.iam.lint.findings import Finding
from tenantable.iam.lint.rules.reporting import report
from tenantable.iam.lint.witnesses import (
    FOREIGN_ACCOUNT,
    FOREIGN_REGION,
    Insisted,
    Subject,
    concrete_segment,
    covered_arn,
    filled,
    without_variables,
)

_LISTS = frozenset(action for action in ACTIONS if action.startswith("dynamodb:List"))
_OTHER_SERVICES = {
    "cloudformation": ("DeleteStack", "CreateStack", "DescribeStacks"),
    "events": ("DeleteRule", "PutEvents", "PutRule"),
    "iam": ("CreateUser", "PassRole", "PutRolePolicy", "CreateAccessKey", "GetRole"),
    "kms": ("ScheduleKeyDeletion", "Decrypt", "GenerateDataKey", "Encrypt"),
    "s3": ("DeleteBucket", "DeleteObject", "PutObject", "GetObject", "ListBucket"),
    "sqs": ("DeleteQueue", "PurgeQueue", "SendMessage", "ReceiveMessage", "GetQueueUrl"),
    "ssm": ("DeleteParameter", "PutParameter", "GetParameter", "GetParametersByPath"),
    "sts": ("AssumeRole", "AssumeRoleWithWebIdentity", "TagSession"),
}
"""A few actions of each service that components use, those that do the most harm first."""
_WITHOUT_RESOURCE = frozenset(
    "cloudformation:ListStacks cloudformation:ListExports cloudformation:ValidateTemplate events:ListEventBuses "
    "events:ListRules events:TestEventPattern iam:ListRoles iam:ListPolicies iam:ListUsers iam:GetAccountSummary "
    "kms:CreateKey kms:GenerateRandom kms:ListAliases kms:ListKeys s3:ListAllMyBuckets sqs:ListQueues "
    "ssm:DescribeParameters ssm:DescribeInstanceInformation sts:DecodeAuthorizationMessage sts:GetAccessKeyInfo "
    "sts:GetCallerIdentity sts:GetSessionToken sts:GetServiceBearerToken".lower().split()
)
_SERVICE_ARNS = {
    "cloudformation": "stack/somebody-elses/1",
    "events": "event-bus/somebody-elses",
    "iam": "role/somebody-elses",
    "kms": "key/somebody-elses",
    "s3": "somebody-elses/object",
    "sqs": "somebody-elses",
    "ssm": "parameter/somebody-elses",
    "sts": "",
}
_NAMELESS = {"iam": ("", None), "s3": ("", "")}


def of_a_stranger(subject: Subject) -> Insisted:
    """What a resource has that belongs to somebody else: none of the tags, aliases and owners that conditions name."""
    keys = {condition.key.lower() for condition in subject.statement.conditions}
    tags = dict.fromkeys(key for key in keys if "resourcetag/" in key)
    return {"kms:resourcealiases": ("alias/somebody-elses",), "aws:resourceorgid": "o-somebodyelse", **tags}


def wildcard_actions(subject: Subject) -> Iterator[Finding]:
    """TP101."""
    statement = subject.statement
    if not subject.is_allow or statement.every_action_but:
        return
    for pattern in filter(is_pattern, statement.actions):
        known = _expanded(pattern)
        if known and _LISTS.issuperset(known):
            continue
        found = [request for action in known if (request := anywhere(subject, action)) is not None]
        future = _future_request(subject, pattern)
        if len(found) < 2 and future is not None:
            sentence = f"{pattern} also allows what AWS adds later under such a name"
            yield report("TP101", subject, sentence, future, is_allowed=True)
            continue
        if len(found) > 1 or (found and pattern == "*"):
            names = len(found)
            sentence = f"{pattern} also allows {found[0].action}, and {names - 1} more of the actions that are known"
            if pattern.lower().partition(":")[0] not in ("*", "dynamodb"):
                sentence = f"{pattern} also allows {found[0].action}"
            yield report("TP101", subject, sentence, found[0], is_allowed=True)


def _future_request(subject: Subject, pattern: str) -> AccessRequest | None:
    """A request for an action that does not exist yet, on a table or index that the statement covers."""
    action = filled(pattern, {}, wildcards=True, variables=False, blank="Everything")
    for resource in subject.statement.resources:
        arn = covered_arn(resource, ["table", "index", "stream"], variables=subject.policy.has_variables)
        request = None if arn is None else subject.witness(action, arn)
        if request is not None and pattern.lower().startswith(PREFIX):
            return request
    return None


def _expanded(pattern: str) -> tuple[str, ...]:
    """Known actions that the pattern covers; of services that are not known, two that are made of it."""
    service, colon, name = pattern.partition(":")
    if not colon:
        return BY_HARM
    if service.lower() == "dynamodb":
        return matching(pattern)
    known = _OTHER_SERVICES.get(service.lower(), ())
    invented = [filled(name, {}, wildcards=True, variables=False, blank=blank) for blank in ("Anything", "Else")]
    covered = [each for each in known if covers(name, each)]
    return tuple(f"{service.lower()}:{each}" for each in dict.fromkeys([*covered, *invented]))


def anywhere(subject: Subject, action: str) -> AccessRequest | None:
    """A request for the action on something that the statement covers."""
    for arn in covered_resources(subject, action):
        request = subject.witness(action, arn)
        if request is not None:
            return request
    return None


def covered_resources(subject: Subject, action: str) -> Iterator[str]:
    statement = subject.statement
    service = action.partition(":")[0].lower()
    if statement.every_resource_but:
        yield somebody_elses(service)
        return
    for pattern in statement.resources:
        if service == "dynamodb":
            kinds = ACTIONS.get(action, frozenset({"table"}))
            if UNNAMED in kinds and _is_everything(pattern):
                yield "arn:aws:dynamodb:us-east-1:123456789012:table/*"
            arn = covered_arn(pattern, _ordered(kinds), variables=subject.policy.has_variables)
            if arn is not None:
                yield arn
        elif pattern == "*":
            yield somebody_elses(service)
        else:
            yield _concrete(pattern, subject)


def _ordered(kinds: Iterable[str]) -> list[str]:
    order = ("table", "index", "stream", "backup", "export", "import", "global-table")
    return [kind for kind in order if kind in kinds]


def _is_everything(pattern: str) -> bool:
    return not pattern.strip("*") or pattern.split(":", 5)[-1].strip("*") in ("", "table/")


def _concrete(pattern: str, subject: Subject) -> str:
    return filled(pattern, {}, wildcards=True, variables=subject.policy.has_variables, blank="somebody-elses")


def somebody_elses(service: str) -> str:
    if service in ("dynamodb", ""):
        return "arn:aws:dynamodb:us-east-1:123456789012:table/somebody-elses"
    service = "iam" if service == "sts" else service  # what is taken on is a role
    region, account = _NAMELESS.get(service, ("us-east-1", None))
    account = "123456789012" if account is None else account
    return f"arn:aws:{service}:{region}:{account}:{_SERVICE_ARNS.get(service, 'somebody-elses')}"


def wildcard_resources(subject: Subject) -> Iterator[Finding]:
    """TP102, TP103, TP105: what the resource part of an ARN covers beyond what it names."""
    statement = subject.statement
    if not subject.is_allow or statement.every_resource_but or not subject.linted.has_resource:
        return
    for pattern in statement.resources:
        actions = [action for action in expanded_actions(subject) if _acts_on_named(action)]
        probe = _probe(without_variables(pattern, variables=subject.policy.has_variables))
        if probe is None or (probe[0] != "TP105" and subject.linted.principals is not None):
            continue  # a resource policy reaches the resource that it hangs on, whatever it says
        rule_id, sentence, arns = probe
        for action, arn in ((action, arn) for action in actions for arn in arns if _fits(action, arn)):
            request = subject.witness(action, _at(arn, action), of_a_stranger(subject))
            if request is not None:
                yield report(rule_id, subject, sentence, request, is_allowed=True)
                break


def expanded_actions(subject: Subject, *, named_only: bool = False) -> list[str]:
    """What the statement speaks of, wildcards expanded; named actions first, and among them those that do most harm."""
    if subject.statement.every_action_but:
        return list(BY_HARM)
    named = [action for action in subject.statement.actions if not is_pattern(action)]
    order = {action.lower(): place for place, action in enumerate(BY_HARM)}
    spelled = [BY_HARM[order[action.lower()]] if action.lower() in order else action for action in named]
    spelled.sort(key=lambda action: order.get(action.lower(), len(order)))
    if named_only:
        return spelled
    return spelled + [each for pattern in filter(is_pattern, subject.statement.actions) for each in _expanded(pattern)]


def _acts_on_named(action: str) -> bool:
    """Whether the action is known to name a resource; of services that nobody described here, none is."""
    service = action.partition(":")[0].lower()
    if service == "dynamodb":
        return UNNAMED not in ACTIONS.get(action, frozenset({UNNAMED})) and action not in _LISTS
    return service in _OTHER_SERVICES and action.lower() not in _WITHOUT_RESOURCE


def _fits(action: str, arn: str) -> bool:
    """Whether an action acts on the kind of the ARN; an ARN of `*` stands for one of the action's own service."""
    if arn == "*":
        return True
    if not action.lower().startswith(PREFIX):
        return not arn.startswith("arn:aws:dynamodb:")
    parts = arn.split(":", 5)[-1].split("/")
    kind = parts[2] if len(parts) > 2 else "table"
    return kind in ACTIONS.get(action, frozenset())


def _at(arn: str, action: str) -> str:
    if arn != "*":
        return arn
    service = action.partition(":")[0].lower()
    if service == "dynamodb":
        kinds = _ordered(ACTIONS.get(action, frozenset()))
        return covered_arn("arn:aws:dynamodb:us-east-1:123456789012:table/somebody-elses*", kinds, variables=False) or (
            somebody_elses("dynamodb")
        )
    return somebody_elses(service)


def _probe(pattern: str) -> tuple[str, str, list[str]] | None:
    """The rule that the pattern breaks, in words, and ARNs that it covers and nobody meant."""
    if not pattern.strip("*"):
        return "TP102", "* covers every resource", ["*"]
    partition, service, region, account, tail = [*pattern.split(":", 5)[1:], "*", "*", "*", "*", "*"][:5]
    region, account = concrete_segment(region, "us-east-1"), concrete_segment(account, "123456789012")
    prefix = f"arn:{concrete_segment(partition, 'aws')}:{concrete_segment(service, 'dynamodb')}:{region}:{account}"
    if service not in ("dynamodb", "*"):
        if tail.strip("*/") in ("", "key", "parameter", "role", "stack", "event-bus") and "*" in tail:
            arn = f"{prefix}:{_SERVICE_ARNS.get(service, 'somebody-elses')}"
            return "TP102", f"{pattern} covers every resource of {service}", [arn]
        return None
    return _table_probe(pattern, tail, prefix)


def _table_probe(pattern: str, tail: str, prefix: str) -> tuple[str, str, list[str]] | None:
    kind, _, rest = tail.partition("/")
    name, slash, below = rest.partition("/")
    if tail.strip("*") == "" or (not kind.strip("*") and "*" in kind) or (kind == "table" and not name.strip("*")):
        ends = (
            _ends(below) if slash and below.strip("*") else ["", "/index/any-index", "/stream/2026-01-01T00:00:00.000"]
        )
        return "TP102", f"{pattern} covers every table", [f"{prefix}:table/somebody-elses{end}" for end in ends]
    if "*" in name or "?" in name or "*" in kind or "?" in kind:
        texts = {
            blank: filled(rest, {}, wildcards=True, variables=True, blank=blank) for blank in ("somebody-elses", "")
        }
        arns = [f"{prefix}:table/{text}" for text in texts.values()]
        arns += [f"{arn}{end}" for arn in arns for end in ("/index/any-index", "/stream/2026-01-01T00:00:00.000")]
        if below:
            arns = [f"{prefix}:table/{filled(name, {}, wildcards=True, variables=True, blank='somebody-elses')}{end}"
                    for end in _ends(below)]  # fmt: skip
        return "TP103", f"{pattern} covers every table whose name fits", arns
    if slash and below.startswith("index/") and ("*" in below or "?" in below):
        index = filled(below, {}, wildcards=True, variables=True, blank="added-later")
        return "TP105", f"{pattern} covers every index of {name}", [f"{prefix}:table/{_named(name)}/{index}"]
    if slash and not below.strip("*/"):
        sentence = f"{pattern} covers every index, stream and backup of {name}"
        return "TP105", sentence, [f"{prefix}:table/{_named(name)}{end}" for end in _ends("*")]
    return None


def _named(name: str) -> str:
    return filled(name, {}, wildcards=True, variables=True)


def _ends(below: str) -> list[str]:
    """What may stand behind a table's name where this pattern does."""
    if not below.strip("*/"):
        return ["/index/added-later", "/stream/2026-01-01T00:00:00.000", "/backup/01234567890123-abcdefgh"]
    return [f"/{filled(below, {}, wildcards=True, variables=True, blank='added-later')}"]


def foreign_homes(subject: Subject) -> Iterator[Finding]:
    """TP104."""
    statement = subject.statement
    if not subject.is_allow or statement.every_resource_but or subject.linted.principals is not None:
        return
    for pattern in statement.resources:
        if not pattern.strip("*"):
            continue
        head, tail = pattern.split(":", 5)[:5], pattern.split(":", 5)[5:]
        if len(head) < 5 or not tail or not any(set("*?") & set(part) for part in head[3:]):
            continue
        for action in expanded_actions(subject):
            request = _elsewhere(subject, action, head, tail[0])
            if request is not None:
                sentence = f"{pattern} covers tables in other regions or accounts"
                if head[2] != "dynamodb":
                    sentence = f"{pattern} covers resources in other regions or accounts"
                yield report("TP104", subject, sentence, request, is_allowed=True)
                break


def _elsewhere(subject: Subject, action: str, head: list[str], tail: str) -> AccessRequest | None:
    """A request in another region and account, else in one of both that is another."""
    region, account = concrete_segment(head[3], FOREIGN_REGION), concrete_segment(head[4], FOREIGN_ACCOUNT)
    regions = [region, "us-east-1"] if covers(head[3], "us-east-1") and region != head[3] else [region]
    accounts = [account, "123456789012"] if covers(head[4], "123456789012") and account != head[4] else [account]
    elsewhere = {region} - {head[3]}, {account} - {head[4]}
    for region, account in itertools.product(regions, accounts):
        if region in elsewhere[0] or account in elsewhere[1]:
            request = _there(subject, action, [*head[:3], region, account, tail])
            if request is not None:
                return request
    return None


def _there(subject: Subject, action: str, segments: list[str]) -> AccessRequest | None:
    service = action.partition(":")[0].lower()
    partition, region, account = segments[1], segments[3], segments[4]
    if segments[2] not in (service, "*"):
        return None
    there = ":".join(["arn", concrete_segment(partition, "aws"), service, region, account, segments[5]])
    insisted: Insisted = {
        "aws:requestedregion": region,
        "aws:resourceaccount": account,
        "kms:resourcealiases": ("alias/somebody-elses",),
    }
    variables = subject.policy.has_variables
    if service != "dynamodb":
        return subject.witness(action, filled(there, {}, wildcards=True, variables=variables), insisted)
    if not ACTIONS.get(action):
        return None
    arn = covered_arn(there, _ordered(ACTIONS[action]), variables=variables)
    return None if arn is None else subject.witness(action, arn, insisted)
