"""Actions and condition keys as a command line writes them."""

import re
from collections.abc import Iterable

from tenantable.cli.names import unknown_name
from tenantable.errors import SettingsError
from tenantable.iam.patterns import ContextValue
from tenantable.iam.requests.context import LEADING_KEYS, PARTITION_KEY_VALUES
from tenantable.iam.requests.control_plane import CONTROL_PLANE
from tenantable.iam.requests.dynamodb import TRANSLATED_OPERATIONS
from tenantable.iam.requests.samples import ITEM_ACTIONS

PREFIX = "dynamodb:"
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_DEPENDENT = ("CreateTableReplica", "DeleteTableReplica", "CreateGlobalTableWitness", "DeleteGlobalTableWitness")
"""Actions without an operation of their name; changes of replicas and witnesses need them."""
_ACTIONS = sorted({*ITEM_ACTIONS, *CONTROL_PLANE, *_DEPENDENT})
_MULTIVALUED = frozenset({LEADING_KEYS, *PARTITION_KEY_VALUES, "dynamodb:attributes", "aws:tagkeys"})


def full_action(action: str) -> str:
    """
    The action with its prefix, as IAM writes it.

    Raises:
        SettingsError: DynamoDB has no such action, or the text is none.
    """
    text = action if ":" in action else PREFIX + action
    if not _ACTION.fullmatch(text):
        raise SettingsError(f"{action!r} is not an action", hint='write "service:Action" or "Action"')
    service, _, name = text.partition(":")
    if service.lower() != "dynamodb":
        return text
    spelled = _spelled(name, _ACTIONS)
    if spelled is not None:
        return PREFIX + spelled
    operation = _spelled(name, TRANSLATED_OPERATIONS)
    if operation is not None:
        parts = "PartiQLSelect, PartiQLUpdate, ..." if "Execute" in operation else "GetItem, PutItem, ..."
        hint = f"ask for the actions of its parts ({parts}), or give the whole request with --request"
        raise SettingsError(f"{operation} needs no permission of its own", hint=hint)
    raise unknown_name("action", name, _ACTIONS)


def operation_name(text: str) -> str:
    """
    An operation of the API by its name, or by the action of that name.

    Raises:
        SettingsError: There is no such operation.
    """
    name = text.partition(":")[2] or text
    spelled = _spelled(name, TRANSLATED_OPERATIONS)
    if spelled is None:
        raise unknown_name("operation", name, TRANSLATED_OPERATIONS)
    return spelled


def given_context(texts: Iterable[str]) -> dict[str, ContextValue]:
    """
    Condition keys from texts `key=value`; a key that is given several times has several values.

    Raises:
        SettingsError: A text has another form.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or ":" not in key:
            raise SettingsError(f"--context {text}: no condition key", hint="write aws:SourceIp=10.0.0.1")
        found[key.lower()] = (*found.get(key.lower(), ()), value)
    return {key: values if len(values) > 1 or key in _MULTIVALUED else values[0] for key, values in found.items()}


def _spelled(name: str, known: Iterable[str]) -> str | None:
    """IAM does not mind the case of an action."""
    return {each.lower(): each for each in known}.get(name.lower())
