"""From the key condition of a Query to a range of keys."""

from tenantable.engine.keys import (
    after_prefix,
    begun,
    check_key_value,
    check_key_values,
    ended,
    just_after,
    multiple_partition_bytes,
    partition_bytes,
    sortable_bytes,
)
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
    if keys.multiple:
        return _multiple_range(keys, condition)
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


def _multiple_range(keys: KeyNames, condition: KeyCondition) -> KeyRange:
    """As `query_range`, of an index whose key has several attributes."""
    partitions = [
        sortable_bytes(attribute.type, value[attribute.type])
        for attribute, value in zip(keys.partitions, condition.partitions, strict=True)
    ]
    sorts = [
        [sortable_bytes(attribute.type, operand[attribute.type]) for operand in each.operands]
        for attribute, each in zip(keys.sorts, condition.sorts, strict=False)
    ]
    for bound in (0, -1):
        check_key_values(keys, partitions, [operands[bound] for operands in sorts])
    stem = multiple_partition_bytes(partitions) + b"".join(ended(operands[0]) for operands in sorts[:-1])
    if not sorts:
        return KeyRange(lower=stem, upper=after_prefix(stem))
    return _range_of_multiple(stem, condition.sorts[-1].operator, sorts[-1])


def _range_of_multiple(stem: bytes, operator: str, operands: list[bytes]) -> KeyRange:
    """Keys that begin with `stem`, and whose next value fulfils a condition; what follows it may be anything."""
    first, last, end = stem + ended(operands[0]), stem + ended(operands[-1]), after_prefix(stem)
    match operator:
        case "=" | "BETWEEN":
            return KeyRange(lower=first, upper=after_prefix(last))
        case "<":
            return KeyRange(lower=stem, upper=first)
        case "<=":
            return KeyRange(lower=stem, upper=after_prefix(first))
        case ">":
            return KeyRange(lower=after_prefix(first), upper=end)
        case ">=":
            return KeyRange(lower=first, upper=end)
        case "begins_with":
            start = stem + begun(operands[0])
            return KeyRange(lower=start, upper=after_prefix(start))
    raise AssertionError(f"unknown operator {operator}")


def _value(keys: KeyNames, attribute: KeyAttribute, operand: AttributeValue) -> bytes:
    value = sortable_bytes(attribute.type, operand[attribute.type])
    check_key_value(keys, attribute, value)
    return value
