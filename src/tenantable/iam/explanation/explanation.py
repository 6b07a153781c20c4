"""A decision with its reasons: what decided it, what came nearest, and the smallest grant that would allow it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tenantable.iam.documents import Policy, Statement
from tenantable.iam.evaluation import (
    AccessRequest,
    Decision,
    PolicyKind,
    PolicySet,
    ResourcePolicySet,
    Verdict,
    evaluate,
)
from tenantable.iam.explanation.findings import AttachedPolicies, StatementFinding, examine
from tenantable.iam.explanation.nearest import nearest_miss
from tenantable.iam.explanation.smallest import smallest_policy
from tenantable.iam.principals import CallerNames, Principals


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """
    Why a request is allowed or denied.

    Args:
        request: What was asked for, its whole context known.
        decision: What IAM says.
        deciding: The statement that allows or explicitly denies; None for an implicit deny, which none decides.
        statements: What every statement makes of the request.
        nearest: Of a denied request, the Allow that needs the smallest changes, in the kind of policy that decided.
            None when none comes near, and where a Deny decides.
        grant: The smallest statement that allows the request when it is added to the policies of `missing_in`. None
            when the request is allowed, and where no grant helps because a Deny decides.
        missing_in: The kinds of policies that do not allow the request, in the order in which IAM asks them.
    """

    request: AccessRequest
    decision: Decision
    deciding: StatementFinding | None
    statements: tuple[StatementFinding, ...]
    nearest: StatementFinding | None
    grant: Statement | None
    missing_in: tuple[PolicyKind, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """
    How the caller stands to the resource: whom a resource policy may name, None: nobody; and whether the resource is
    its own account's, so that one side's allow is enough.
    """

    caller: CallerNames | None = None
    same_account: bool = True


AT_HOME = Standing()


def decide(request: AccessRequest, attached: AttachedPolicies, standing: Standing = AT_HOME) -> Decision:
    """The decision of all attached policies together."""
    sets = {
        kind: PolicySet(policies, kind=kind) for kind, policies in attached.items() if kind is not PolicyKind.RESOURCE
    }
    granted = None
    caller = standing.caller
    if caller is not None and attached.get(PolicyKind.RESOURCE):
        (policy,) = attached[PolicyKind.RESOURCE]
        granted = ResourcePolicySet(policy).open_decision(request.action, request.resource, caller)
    return evaluate(
        request,
        sets.get(PolicyKind.IDENTITY, _NOTHING),
        boundary=sets.get(PolicyKind.BOUNDARY),
        session=sets.get(PolicyKind.SESSION),
        resource=granted,
        same_account=standing.same_account,
    )


def explain(
    request: AccessRequest,
    attached: AttachedPolicies,
    *,
    standing: Standing = AT_HOME,
    key_attributes: Iterable[str] = (),
    any_key: bool = False,
) -> Explanation:
    """
    Explain one decision.

    Args:
        request: One thing that must be allowed, as `access_requests` gives it.
        attached: The policies that decide. Without identity policies nothing is allowed.
        standing: How the caller stands to the resource.
        key_attributes: The key attributes of the table and its indexes, where they are known: a grant that lists
            attributes must have them.
        any_key: The request's leading key is an example: the grant is to allow any key.
    Raises:
        DynamoError: An expression or number of the request cannot be read.
        PolicyError: The smallest grant is larger than any policy may be.

    Costs some tens of microseconds for each statement: for people and logs, not for every request.
    """
    request = request._replace(context=dict(request.context))
    decision = decide(request, attached, standing)
    statements = examine(request, attached, standing.caller)
    missing = () if decision.allowed else _missing_kinds(request, attached, standing)
    addition = smallest_policy(request, key_attributes=key_attributes, any_key=any_key)
    deciding_kind = [each for each in statements if each.kind is decision.kind]
    is_implicit = decision.verdict is Verdict.IMPLICIT_DENY
    changed = with_grant(attached, missing, addition, standing.caller)
    helps = is_implicit and decide(request, changed, standing).allowed  # proven, not only by construction
    return Explanation(
        request=request,
        decision=decision,
        deciding=next((each for each in deciding_kind if each.statement is decision.statement), None),
        statements=statements,
        nearest=nearest_miss(deciding_kind, request.resource) if is_implicit else None,
        grant=addition.statements[0] if helps else None,
        missing_in=missing,
    )


def with_grant(
    attached: AttachedPolicies, kinds: Iterable[PolicyKind], policy: Policy, caller: CallerNames | None = None
) -> AttachedPolicies:
    """The policies with the statements of one more in each of these kinds; in a resource policy they name `caller`."""
    added: dict[PolicyKind, Sequence[Policy]] = {
        kind: (*attached.get(kind, ()), policy) for kind in kinds if kind is not PolicyKind.RESOURCE
    }
    if PolicyKind.RESOURCE in kinds and caller is not None:
        named = Principals(named=(("AWS", caller.role_arn or caller.arn),))
        before = [statement for each in attached.get(PolicyKind.RESOURCE, ()) for statement in each.statements]
        statements = (*before, *(replace(each, principals=named) for each in policy.statements))
        added[PolicyKind.RESOURCE] = (replace(policy, statements=statements),)
    return {**attached, **added}


def _missing_kinds(request: AccessRequest, attached: AttachedPolicies, standing: Standing) -> tuple[PolicyKind, ...]:
    """In the caller's own account a resource policy need not allow what the identity policies do."""
    kinds = [kind for kind in dict.fromkeys([PolicyKind.IDENTITY, *attached]) if kind is not PolicyKind.RESOURCE]
    missing = [kind for kind in kinds if not PolicySet(attached.get(kind, ()), kind=kind).decide(request).allowed]
    if standing.same_account or standing.caller is None:
        return tuple(missing)
    policies = attached.get(PolicyKind.RESOURCE, ())
    opened = [
        ResourcePolicySet(each).open_decision(request.action, request.resource, standing.caller) for each in policies
    ]
    allows = any(each.complete(request.context).allowed for each in opened)
    return (*missing, *([] if allows else [PolicyKind.RESOURCE]))


_NOTHING = PolicySet(())
