"""From an action, a table and a few options to what must be allowed, and what had to be assumed for that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenantable.cli.explaining.actions import full_action, given_context
from tenantable.cli.explaining.places import UNTOLD_NAME, Place, find_place, key_of, key_texts
from tenantable.cli.explaining.subjects import Subject
from tenantable.engine.shapes.checking import check_request
from tenantable.errors import SettingsError
from tenantable.iam.evaluation import AccessRequest
from tenantable.iam.explanation.explanation import decide
from tenantable.iam.explanation.findings import examine
from tenantable.iam.patterns import Context
from tenantable.iam.requests.context import LEADING_KEYS, PARTITION_KEY_VALUES
from tenantable.iam.requests.dynamodb import access_requests
from tenantable.iam.requests.samples import ITEM_ACTIONS, Sample, sample_call
from tenantable.wire.keys import KeyAttribute, KeyNames, TableKeys

_ANY = "any"
_EXAMPLES_MAX = 100
_ATTRIBUTES = "dynamodb:attributes"
_OF_NO_TABLE = ("List", "DescribeLimits", "DescribeEndpoints")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line said of the request."""

    action: str
    table: str | None = None
    index: str | None = None
    key: str | None = None
    partition_key: str | None = None
    attributes: tuple[str, ...] | None = None
    in_transaction: bool = False
    context: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    Something that must be allowed.

    `assumed` says, in a sentence each, what was not told; with `key_is_example` the leading key is one of many.
    `key_attributes` are those of the table and its indexes, where they are known.
    """

    access: AccessRequest
    assumed: tuple[str, ...] = ()
    key_is_example: bool = False
    key_attributes: frozenset[str] = frozenset()


def question_of(asked: Asked, subject: Subject, known: Context) -> Question:
    """
    Args:
        known: Condition keys that every request has, such as those of the principal and the time.
    Raises:
        SettingsError: There is no such action, table or index, or an option has another form.
    """
    action = full_action(asked.action)
    context = {**known, **given_context(asked.context)}
    service, _, name = action.partition(":")
    if service.lower() != "dynamodb":
        return Question(access=AccessRequest(action, _foreign_resource(asked.table), context))
    if name not in ITEM_ACTIONS:
        return Question(access=AccessRequest(action, _resource(asked, subject, name), context))
    given = key_texts(asked.key)
    names = tuple(given) if isinstance(given, Mapping) else ()
    if asked.partition_key is not None:
        names = (asked.partition_key, *(each for each in names if each != asked.partition_key))
    place = find_place(subject, asked.table, asked.index, key_names=names)
    key = key_of(given, place)
    question = _item_question(asked, place, key, context)
    is_open = place.keys.partition.name not in key and place.keys.partition.type == "S"
    if is_open and LEADING_KEYS not in context and LEADING_KEYS in question.access.context:
        return _with_example_key(question, asked, subject, place)
    return question


def questions_of_request(
    operation: str, request: Any, subject: Subject, known: Context, *, partition_key: str | None = None
) -> list[Question]:
    """
    Everything that a whole request needs, in its order.

    Args:
        operation: Its name in the API.
        request: DynamoDB JSON, decoded.
        partition_key: That of tables which are not declared, a text; None: it cannot be told.
    Raises:
        SettingsError: The request is no object.
        DynamoError: DynamoDB refuses the request before it asks for permissions.
    """
    if not isinstance(request, dict):
        raise SettingsError("A request is a JSON object", hint='such as {"TableName": "Events", "Key": {...}}')
    check_request(operation, request)
    declared = subject.declared
    physical = () if declared is None else declared.system.physical_tables(declared.naming)
    tables = {each.name: each.keys for each in physical}
    names = {subject.home.table(each.name): frozenset(each.table.key_attributes) for each in physical}
    others = None if partition_key is None else TableKeys(table=KeyNames(partition=KeyAttribute(name=partition_key)))
    needed = access_requests(operation, request, lambda name: tables.get(name, others), home=subject.home, known=known)
    return [
        Question(
            access=each._replace(context=dict(each.context)),
            key_attributes=names.get(each.resource.partition("/index/")[0], frozenset()),
        )
        for each in needed or ()
    ]


def _item_question(asked: Asked, place: Place, key: Mapping[str, Any], context: Context) -> Question:
    """`context` wins over what the request would say."""
    action = full_action(asked.action)
    sample = Sample(
        table=place.table,
        index=place.index,
        keys=place.keys,
        key=key,
        attributes=asked.attributes,
        in_transaction=asked.in_transaction,
    )
    call = sample_call(action.partition(":")[2], sample)
    assert call is not None, "it is an action on items"
    tables = {place.table: place.table_keys}
    (access,) = access_requests(*call, tables.get, home=place.home) or ()
    derived = dict(access.context)
    names = derived.get(_ATTRIBUTES)
    if isinstance(names, tuple):
        derived[_ATTRIBUTES] = tuple(sorted(name for name in names if name != UNTOLD_NAME))
    return Question(
        access=access._replace(context={**derived, **context}),
        key_attributes=place.key_attributes,
    )


def _with_example_key(question: Question, asked: Asked, subject: Subject, place: Place) -> Question:
    """Of the keys that policies and entities speak of, the first that is allowed; none was given."""
    partition = place.keys.partition.name
    context = {key: value for key, value in question.access.context.items() if not key.startswith("dynamodb:")}
    context |= given_context(asked.context)
    examples = list(dict.fromkeys(_example_keys(question.access, subject, place)))[:_EXAMPLES_MAX]
    asked_with = [(text, _item_question(asked, place, {partition: {"S": text}}, context)) for text in examples]
    standing = subject.standing(place.arn)
    allowed = (pair for pair in asked_with if decide(pair[1].access, subject.attached, standing).allowed)
    text, found = next(allowed, asked_with[0])
    assumed = "No key was given. Any is decided alike."
    if _reads_keys(found.access, subject):
        assumed = f"No key was given. Decided for the partition key {text!r}; another may be decided differently."
    return replace(found, assumed=(assumed,), key_is_example=True)


def _reads_keys(access: AccessRequest, subject: Subject) -> bool:
    """Whether some statement about this action and resource looks at the leading key."""
    return any(
        condition.key.lower() in {LEADING_KEYS, *PARTITION_KEY_VALUES}
        for finding in examine(access, subject.attached)
        if finding.action_matches and finding.resource_matches
        for condition in finding.conditions
    )


def _example_keys(access: AccessRequest, subject: Subject, place: Place) -> Iterator[str]:
    for finding in examine(access, subject.attached):
        if finding.action_matches and finding.resource_matches:
            for condition in finding.conditions:
                if condition.key.lower() == LEADING_KEYS:
                    values = (condition.meant.get(value, value) for value in condition.wanted)
                    yield from (_example(value) for value in values if value is not None)
    yield from map(_example, place.partition_patterns)
    yield _ANY


def _example(pattern: str) -> str:
    return pattern.replace("*", _ANY).replace("?", "x")


def _resource(asked: Asked, subject: Subject, name: str) -> str:
    """What an action that is not on items is about."""
    if asked.table is not None and asked.table.startswith("arn:"):
        return asked.table
    if name.startswith(_OF_NO_TABLE) and name != "ListTagsOfResource":
        return subject.home.every_table()
    return find_place(subject, asked.table, asked.index, key_names=()).arn


def _foreign_resource(resource: str | None) -> str:
    if resource is None or not (resource == "*" or resource.startswith("arn:")):
        raise SettingsError("Actions of other services are asked for with an ARN", hint="write it behind the action")
    return resource
