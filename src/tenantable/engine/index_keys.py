"""The keys of items in indexes: an item that lacks a key attribute of an index has no entry there."""

from collections.abc import Mapping

from tenantable.engine.keys import (
    EmptyKeyError,
    KeySizeError,
    check_key_value,
    check_key_values,
    empty_value,
    find_key,
    multiple_key_bytes,
    sortable_bytes,
    sortable_contents,
)
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.values import AttributeValue

_UPDATE_OF_INDEX_KEY = "The update expression attempted to update the secondary index key"


def index_key_of_item(
    index_name: str, keys: KeyNames, item: Mapping[str, AttributeValue], *, by_update: bool = False
) -> bytes | None:
    """
    The key of an item's entry in an index; None when it lacks a key attribute, so that it has no entry.

    Args:
        by_update: The item is the outcome of an update expression; then the service finds other words. Source: API
            reference, TransactionCanceledException.
    Raises:
        DynamoError: A key attribute of the index has the wrong type, or its value cannot be a key.
    """
    if keys.multiple:
        return _multiple_index_key(index_name, keys, item, by_update=by_update)
    try:
        key = find_key(keys, item)
    except (EmptyKeyError, KeySizeError):
        key = None  # said in other words for an index
    if key is not None:
        return key
    for attribute in keys.attributes:
        value = item.get(attribute.name)
        if value is not None:
            if attribute.type not in value:
                raise _wrong_index_type(index_name, attribute, value, by_update=by_update)
            content = value[attribute.type]
            if not content:
                raise EmptyKeyError(_empty_index_key(index_name, attribute, by_update=by_update))
            try:
                check_key_value(keys, attribute, sortable_bytes(attribute.type, content))
            except KeySizeError:
                if by_update:
                    raise validation_error(f"{_UPDATE_OF_INDEX_KEY} beyond allowed size limits") from None
                raise
    return None


def stored_index_key(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes | None:
    """As `index_key_of_item`, for a stored item: an attribute that cannot be a key only means that it has no entry."""
    if keys.multiple:
        return _stored_multiple_key(keys, item)
    try:
        return find_key(keys, item)
    except DynamoError:
        return None


def _multiple_index_key(
    index_name: str, keys: KeyNames, item: Mapping[str, AttributeValue], *, by_update: bool
) -> bytes | None:
    """As `index_key_of_item`, of an index whose key has several attributes."""
    is_complete = True
    for attribute in keys.attributes:
        value = item.get(attribute.name)
        if value is None:
            is_complete = False
            continue
        if attribute.type not in value:
            raise _wrong_index_type(index_name, attribute, value, by_update=by_update)
        if not value[attribute.type]:
            raise EmptyKeyError(_empty_index_key(index_name, attribute, by_update=by_update))
    if is_complete:
        return multiple_key_bytes(keys, item)
    check_key_values(keys, sortable_contents(keys.partitions, item), sortable_contents(keys.sorts, item))
    return None


def _stored_multiple_key(keys: KeyNames, item: Mapping[str, AttributeValue]) -> bytes | None:
    """As `stored_index_key`, of an index whose key has several attributes."""
    if not all(attribute.type in item.get(attribute.name, ()) for attribute in keys.attributes):
        return None
    try:
        return multiple_key_bytes(keys, item)
    except DynamoError:
        return None


def _wrong_index_type(
    index_name: str, attribute: KeyAttribute, value: AttributeValue, *, by_update: bool
) -> DynamoError:
    if by_update:
        return validation_error(f"{_UPDATE_OF_INDEX_KEY} to unsupported type")
    return invalid_parameter_values(
        f"Type mismatch for Index Key {attribute.name} Expected: {attribute.type} "
        f"Actual: {next(iter(value))} IndexName: {index_name}"
    )


def _empty_index_key(index_name: str, attribute: KeyAttribute, *, by_update: bool) -> str:
    if by_update:
        return (
            "The update expression attempted to update a secondary index key to a value that is not supported. "
            f"{empty_value(attribute)}"
        )
    return (
        "A value specified for a secondary index key is not supported. "
        f"{empty_value(attribute)} IndexName: {index_name}, IndexKey: {attribute.name}"
    )
