"""What else than its key decides what a request needs, small enough to be remembered."""

from tenantable.iam.requests.context import Fields

TEXT_CHARACTERS_MAX = 1024
_PLAIN_MEMBERS = frozenset({"ConsistentRead", "Key", "ReturnConsumedCapacity", "TableName"})
_TEXT_MEMBERS = (
    "ProjectionExpression",
    "ConditionExpression",
    "UpdateExpression",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
)
_OTHER_MEMBERS = frozenset({"AttributesToGet", "AttributeUpdates", "Expected", "Item"})
"""Legacy parameters and whole items name attributes too, and nobody should remember them."""


def expression_shape(fields: Fields) -> object | None:
    """
    What the attributes, the projection and the returned values of a request on one item follow from.

    None where that cannot be told from short texts.
    """
    if fields.keys() <= _PLAIN_MEMBERS:
        return ()
    if not _OTHER_MEMBERS.isdisjoint(fields):
        return None
    texts = tuple(map(fields.get, _TEXT_MEMBERS))
    aliases = fields.get("ExpressionAttributeNames") or {}
    pairs = tuple(aliases.items())
    length = sum(len(text) for text in texts if text is not None) + sum(len(a) + len(b) for a, b in pairs)
    return (texts, pairs) if length <= TEXT_CHARACTERS_MAX else None
