"""A decision with its reasons: what decided it, what came nearest, and the smallest grant that would allow it."""

from collections.abc import Iterable
from dataclasses import dataclass

from tenantable.iam.documents import Policy, Statement
from tenantable.iam.evaluation import AccessRequest, Decision, PolicyKind, PolicySet, Verdict, evaluate
from tenantable.iam.explanation.findings import AttachedPolicies, StatementFinding, examine
from tenantable.iam.explanation.nearest import nearest_miss
from tenantable.iam.explanation.smallest import smallest_policy


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


def decide(request: AccessRequest, attached: AttachedPolicies) -> Decision:
    """The decision of all attached policies together."""
    sets = {kind: PolicySet(policies, kind=kind) for kind, policies in attached.items()}
    identity = sets.get(PolicyKind.IDENTITY, _NOTHING)
    return evaluate(request, identity, boundary=sets.get(PolicyKind.BOUNDARY), session=sets.get(PolicyKind.SESSION))


def explain(
    request: AccessRequest,
    attached: AttachedPolicies,
    *,
    key_attributes: Iterable[str] = (),
    any_key: bool = False,
) -> Explanation:
    """
    Explain one decision.

    Args:
        request: One thing that must be allowed, as `access_requests` gives it.
        attached: The policies that decide. Without identity policies nothing is allowed.
        key_attributes: The key attributes of the table and its indexes, where they are known: a grant that lists
            attributes must have them.
        any_key: The request's leading key is an example: the grant is to allow any key.
    Raises:
        DynamoError: An expression or number of the request cannot be read.
        PolicyError: The smallest grant is larger than any policy may be.

    Costs some tens of microseconds for each statement: for people and logs, not for every request.
    """
    request = request._replace(context=dict(request.context))
    decision = decide(request, attached)
    statements = examine(request, attached)
    missing = () if decision.allowed else _missing_kinds(request, attached)
    addition = smallest_policy(request, key_attributes=key_attributes, any_key=any_key)
    deciding_kind = [each for each in statements if each.kind is decision.kind]
    is_implicit = decision.verdict is Verdict.IMPLICIT_DENY
    return Explanation(
        request=request,
        decision=decision,
        deciding=next((each for each in deciding_kind if each.statement is decision.statement), None),
        statements=statements,
        nearest=nearest_miss(deciding_kind, request.resource) if is_implicit else None,
        grant=addition.statements[0] if is_implicit and _helps(addition, request, attached, missing) else None,
        missing_in=missing,
    )


def with_grant(attached: AttachedPolicies, kinds: Iterable[PolicyKind], policy: Policy) -> AttachedPolicies:
    """The policies with one more in each of these kinds."""
    return {**attached, **{kind: (*attached.get(kind, ()), policy) for kind in kinds}}


def _missing_kinds(request: AccessRequest, attached: AttachedPolicies) -> tuple[PolicyKind, ...]:
    kinds = dict.fromkeys([PolicyKind.IDENTITY, *attached])
    return tuple(kind for kind in kinds if not PolicySet(attached.get(kind, ()), kind=kind).decide(request).allowed)


def _helps(
    addition: Policy, request: AccessRequest, attached: AttachedPolicies, missing: tuple[PolicyKind, ...]
) -> bool:
    """Proven by evaluation, not only by construction."""
    return decide(request, with_grant(attached, missing, addition)).allowed


_NOTHING = PolicySet(())
