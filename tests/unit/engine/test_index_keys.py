"""Keys in indexes: who lacks one has no entry, and who has a wrong one is refused."""

from typing import Any

import pytest

from tenantable.engine.index_keys import index_key_of_item, stored_index_key
from tenantable.engine.keys import EmptyKeyError
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import KeyAttribute, KeyNames

keys = KeyNames(partition=KeyAttribute(name="pk"), sort=KeyAttribute(name="sk"))


def test_an_item_without_an_index_key_has_no_entry() -> None:
    assert index_key_of_item("gsi1", keys, {"pk": {"S": "a"}}) is None
    assert stored_index_key(keys, {"pk": {"S": "a"}}) is None


def test_a_wrong_type_is_refused_when_an_item_is_written() -> None:
    """Even where another key attribute is missing, so that there would be no entry anyway."""
    with pytest.raises(DynamoError) as caught:
        index_key_of_item("gsi1", keys, {"sk": {"N": "1"}})
    assert caught.value.message == (
        "One or more parameter values were invalid: "
        "Type mismatch for Index Key sk Expected: S Actual: N IndexName: gsi1"
    )


def test_an_empty_index_key_is_refused_when_an_item_is_written() -> None:
    with pytest.raises(EmptyKeyError) as caught:
        index_key_of_item("gsi1", keys, {"pk": {"S": ""}, "sk": {"S": "a"}})
    assert caught.value.message == (
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
        "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi1, IndexKey: pk"
    )


@pytest.mark.parametrize("value", [{"N": "1"}, {"S": ""}, {"S": "a" * 1025}, {"M": {}}])
def test_a_stored_value_that_cannot_be_an_index_key_has_no_entry(value: dict[str, Any]) -> None:
    """It was stored before there was the index."""
    assert stored_index_key(keys, {"pk": {"S": "a"}, "sk": value}) is None
