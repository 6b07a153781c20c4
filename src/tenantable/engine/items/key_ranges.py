"""From the key condition of a Query to a range of keys."""

from tenantable.engine.keys import after_prefix, check_key_value, just_after, partition_bytes, sortable_bytes
from tenantable.engine.storage.reading import KeyRange
from tenantable.expressions.key_conditions import KeyCondition, SortCondition
from tenantable.wire.keys import KeyAttribute, KeyNames
from tenantable.wire.values import AttributeValue


def query_range(keys: KeyNames, condition: KeyCondition) -> KeyRange:
    """
    The range of keys, of a table or an index, that fulfil the condition.

    Raises:
        DynamoError: ValidationException when a value cannot be a key.
    """
    partition = partition_bytes(_value(keys, keys.partition, condition.partition))
    if condition.sort is None:
        return KeyRange(lower=partition, upper=after_prefix(partition))
    assert keys.sort is not None
    operands = [_value(keys, keys.sort, operand) for operand in condition.sort.operands]
    return _sorted_range(partition, condition.sort, operands)


def _sorted_range(partition: bytes, condition: SortCondition, operands: list[bytes]) -> KeyRange:
    first, last = partition + operands[0], partition + operands[-1]
    match condition.operator:
        case "=" | "BETWEEN":
            return KeyRange(lower=first, upper=just_after(last))
        case "<":
            return KeyRange(lower=partition, upper=first)
        case "<=":
            return KeyRange(lower=partition, upper=just_after(first))
        case ">":
            return KeyRange(lower=just_after(first), upper=after_prefix(partition))
        case ">=":
            return KeyRange(lower=first, upper=after_prefix(partition))
        case "begins_with":
            return KeyRange(lower=first, upper=after_prefix(first))
    raise AssertionError(f"unknown operator {condition.operator}")


def _value(keys: KeyNames, attribute: KeyAttribute, operand: AttributeValue) -> bytes:
    value = sortable_bytes(attribute.type, operand[attribute.type])
    check_key_value(keys, attribute, value)
    return value
