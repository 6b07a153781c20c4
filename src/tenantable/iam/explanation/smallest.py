"""
The smallest statement that allows one request: its action on its resource, and no neighbour of it.

What a request does not say cannot limit it. A read without a projection gets whole items and so has no list of
attributes; nor has a put or a delete, which replaces whole items whatever it names. Everything else is exact: leading
keys, the attributes with their guards, and whether it stands in a transaction.
"""

from collections.abc import Iterable, Iterator

from tenantable.iam.documents import Condition, Policy, Statement
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.patterns import ContextValue
from tenantable.iam.requests.context import LEADING_KEYS, PARTITION_KEY_VALUES, UNKNOWN_LEADING_KEY
from tenantable.iam.synthesis.packing import pack

_ATTRIBUTES = "dynamodb:attributes"
_SELECT = "dynamodb:select"
_RETURN_VALUES = "dynamodb:returnvalues"
_ENCLOSING = "dynamodb:enclosingoperation"
_PROJECTED = "SPECIFIC_ATTRIBUTES"
_WITHOUT_ITEMS = ("NONE", "UPDATED_NEW", "UPDATED_OLD")
_UPDATES = frozenset({"dynamodb:UpdateItem", "dynamodb:PartiQLUpdate"})
_TRANSACTABLE = frozenset(
    f"dynamodb:{name}"
    for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "PartiQLSelect")
) | frozenset(f"dynamodb:PartiQL{name}" for name in ("Insert", "Update", "Delete"))
_WRITTEN = {
    LEADING_KEYS: "dynamodb:LeadingKeys",
    **dict(
        zip(
            PARTITION_KEY_VALUES[1:],
            (f"dynamodb:{rank}PartitionKeyValues" for rank in ("Second", "Third", "Fourth")),
            strict=True,
        )
    ),
}


def smallest_policy(request: AccessRequest, *, key_attributes: Iterable[str] = (), any_key: bool = False) -> Policy:
    """
    A policy of one statement.

    Args:
        key_attributes: The key attributes of the table and of its indexes, which a list of attributes must have.
        any_key: Do not limit the leading keys.
    Raises:
        PolicyError: The statement is larger than any policy may be.
    """
    statement = Statement(
        effect="Allow",
        actions=(request.action,),
        resources=(_literal(request.resource),),
        conditions=(*([] if any_key else _key_conditions(request)), *_conditions(request, frozenset(key_attributes))),
    )
    return pack((statement,))[0]


def _key_conditions(request: AccessRequest) -> Iterator[Condition]:
    for key, written in _WRITTEN.items():
        values = _values(request.context.get(key))
        if values and UNKNOWN_LEADING_KEY not in values:
            yield _condition("ForAllValues:StringEquals", written, values)


def _conditions(request: AccessRequest, key_attributes: frozenset[str]) -> Iterator[Condition]:
    context = request.context
    if _can_list_attributes(request):
        names = key_attributes.union(_values(context.get(_ATTRIBUTES)))
        yield _condition("ForAllValues:StringEquals", "dynamodb:Attributes", names)
        if _SELECT in context:
            yield _condition("StringEqualsIfExists", "dynamodb:Select", (_PROJECTED,))
        if _RETURN_VALUES in context:
            yield _condition("StringEqualsIfExists", "dynamodb:ReturnValues", _WITHOUT_ITEMS)
    if context.get("dynamodb:fulltablescan") == "false":
        yield _condition("Bool", "dynamodb:FullTableScan", ("false",))
    enclosing = _values(context.get(_ENCLOSING))
    if enclosing:
        yield _condition("StringEquals", "dynamodb:EnclosingOperation", enclosing)
    elif request.action in _TRANSACTABLE:
        yield _condition("Null", "dynamodb:EnclosingOperation", ("true",))


def _can_list_attributes(request: AccessRequest) -> bool:
    context = request.context
    if not _values(context.get(_ATTRIBUTES)):
        return False
    if _SELECT in context:
        return context.get(_SELECT) == _PROJECTED
    return request.action in _UPDATES and context.get(_RETURN_VALUES) in _WITHOUT_ITEMS


def _values(value: ContextValue | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _condition(operator: str, key: str, values: Iterable[str]) -> Condition:
    return Condition(operator=operator, key=key, values=tuple(sorted({each.replace("${", "${$}{") for each in values})))


def _literal(resource: str) -> str:
    """An ARN that covers itself alone: what could be taken for a wildcard or a variable is escaped."""
    if not any(special in resource for special in "*?$"):
        return resource
    if resource == "*" or resource.endswith(":table/*"):  # the resource of operations that name no table
        return "*"
    escaped = resource.replace("$", "${$}")
    return escaped.replace("*", "${*}").replace("?", "${?}")
