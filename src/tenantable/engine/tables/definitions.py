"""What CreateTable and UpdateTable ask for, checked as a whole: keys, indexes, projections, throughput."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenantable.engine.tables.ceilings import change_capacities
from tenantable.engine.tables.table import INCLUDE, Throughput
from tenantable.wire.errors import DynamoError, invalid_parameter_values, validation_error
from tenantable.wire.keys import KeyAttribute, KeyNames, KeyType
from tenantable.wire.limits import (
    GLOBAL_INDEXES_MAX,
    INDEX_KEY_ATTRIBUTES_MAX,
    LOCAL_INDEXES_MAX,
    PROJECTED_ATTRIBUTES_MAX,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexDefinition:
    """An index as the request describes it."""

    name: str
    is_global: bool
    keys: KeyNames
    projection: str
    non_key_attributes: tuple[str, ...]
    throughput: Throughput
    capacities: Mapping[str, Any] = field(default_factory=dict)


def read_attribute_types(request: Mapping[str, Any]) -> dict[str, KeyType]:
    """AttributeDefinitions: the type of every key attribute by its name."""
    definitions = request.get("AttributeDefinitions") or []
    types: dict[str, KeyType] = {}
    for definition in definitions:
        name = definition["AttributeName"]
        if name in types:  # in these words: https://github.com/scylladb/scylladb/issues/13870
            raise validation_error(f"Attribute Name is duplicated: {name}")
        types[name] = definition["AttributeType"]
    return types


def refuse_long_key(schema: Sequence[Mapping[str, str]]) -> None:
    """A table's key has two elements at most; said as a fault of shape. https://github.com/ExtendDB/extenddb/pull/16."""
    if len(schema) > 2:
        shown = ", ".join(
            f"KeySchemaElement(attributeName={element['AttributeName']}, keyType={element['KeyType']})"
            for element in schema
        )
        raise validation_error(
            f"1 validation error detected: Value '[{shown}]' at 'keySchema' failed to satisfy constraint: "
            "Member must have length less than or equal to 2"
        )


def read_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, KeyType]) -> KeyNames:
    """
    A KeySchema, of a table or an index.

    Raises:
        DynamoError: ValidationException when it is not one HASH key, or a HASH and a RANGE key, of defined attributes.
    """
    if schema[0]["KeyType"] != "HASH":
        raise validation_error("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) > 2:
        raise validation_error("Invalid KeySchema: a key has one HASH and at most one RANGE element")
    if len(schema) == 2:
        if schema[1]["KeyType"] != "RANGE":
            raise validation_error("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
        if schema[0]["AttributeName"] == schema[1]["AttributeName"]:
            raise validation_error("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    names = [element["AttributeName"] for element in schema]
    if names[0] not in types:
        raise _undefined_key(names, types)
    if names[-1] not in types:
        raise validation_error("Invalid KeySchema: Some index key attribute have no definition")
    attributes = [KeyAttribute(name=name, type=types[name]) for name in names]
    return KeyNames(partition=attributes[0], sort=attributes[1] if len(attributes) == 2 else None)


def read_index_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, KeyType]) -> KeyNames:
    """
    The KeySchema of a global index, which may have several attributes of each kind.

    Raises:
        DynamoError: ValidationException when it is not one to four HASH keys and then none to four RANGE keys, all of
            them different and defined.
    Source of the wording: what users quote of the service, alchemy-run/alchemy, pull request 1216.
    """
    kinds = [element["KeyType"] for element in schema]
    partition_count, sort_count = kinds.count("HASH"), kinds.count("RANGE")
    if partition_count <= 1 and sort_count <= 1:
        return read_keys(schema, types)
    if kinds[0] != "HASH":
        raise validation_error("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if "HASH" in kinds[partition_count:]:
        raise validation_error(
            "Invalid KeySchema: All HASH key attributes must precede RANGE key attributes in the KeySchema"
        )
    for kind, count in (("HASH", partition_count), ("RANGE", sort_count)):
        if count > INDEX_KEY_ATTRIBUTES_MAX:
            raise validation_error(
                f"Invalid KeySchema: The KeySchema exceeds the maximum allowed number of {kind} key attributes"
            )
    names = [element["AttributeName"] for element in schema]
    if len(set(names)) != len(names):
        raise validation_error("Invalid KeySchema: Two elements in the KeySchema have the same name")
    if any(name not in types for name in names):
        raise _undefined_key(names, types)
    attributes = [KeyAttribute(name=name, type=types[name]) for name in names]
    partitions, sorts = attributes[:partition_count], attributes[partition_count:]
    return KeyNames(
        partition=partitions[0],
        sort=sorts[0] if sorts else None,
        other_partitions=tuple(partitions[1:]),
        other_sorts=tuple(sorts[1:]),
    )


def _undefined_key(names: Sequence[str], types: Mapping[str, KeyType]) -> DynamoError:
    return invalid_parameter_values(
        "Some index key attributes are not defined in AttributeDefinitions. "
        f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
    )


def check_attributes_used(
    types: Mapping[str, KeyType], table_keys: KeyNames, indexes: Iterable[KeyNames], *, has_indexes: bool
) -> None:
    """Refuse attribute definitions that no key uses."""
    used = {name for keys in (table_keys, *indexes) for name in keys.names}
    if used == types.keys():
        return
    if not has_indexes:
        raise invalid_parameter_values(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    raise invalid_parameter_values(
        "Some AttributeDefinitions are not used. "
        f"AttributeDefinitions: [{', '.join(types)}], keys used: [{', '.join(sorted(used))}]"
    )


def read_local_indexes(
    request: Mapping[str, Any], table_keys: KeyNames, types: Mapping[str, KeyType]
) -> list[IndexDefinition]:
    given = request.get("LocalSecondaryIndexes")
    if given is None:
        return []
    if not given:
        raise invalid_parameter_values("List of LocalSecondaryIndexes is empty")
    if table_keys.sort is None:
        raise invalid_parameter_values(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if len(given) > LOCAL_INDEXES_MAX:
        raise invalid_parameter_values(
            f"Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES_MAX}"
        )
    return [_read_local_index(index, table_keys, types) for index in given]


def read_global_indexes(
    request: Mapping[str, Any], types: Mapping[str, KeyType], *, on_demand: bool
) -> list[IndexDefinition]:
    given = request.get("GlobalSecondaryIndexes")
    if given is None:
        return []
    if not given:
        raise invalid_parameter_values("List of GlobalSecondaryIndexes is empty")
    if len(given) > GLOBAL_INDEXES_MAX:
        raise too_many_global_indexes()
    return [read_global_index(index, types, on_demand=on_demand) for index in given]


def read_global_index(index: Mapping[str, Any], types: Mapping[str, KeyType], *, on_demand: bool) -> IndexDefinition:
    projection, non_key_attributes = _read_projection(index)
    name, throughput = index["IndexName"], read_index_throughput(index, on_demand=on_demand)
    return IndexDefinition(
        name=name,
        is_global=True,
        keys=read_index_keys(index["KeySchema"], types),
        projection=projection,
        non_key_attributes=non_key_attributes,
        throughput=throughput,
        capacities=change_capacities(index, None, throughput, on_demand=on_demand, subject=f"index {name}"),
    )


def check_index_names(indexes: Iterable[IndexDefinition]) -> None:
    """Refuse two indexes of one name, and more projected attributes than a table may have over all its indexes."""
    names: set[str] = set()
    projected_attributes = 0
    for index in indexes:
        if index.name in names:
            raise invalid_parameter_values(f"Duplicate index name: {index.name}")
        names.add(index.name)
        projected_attributes += len(index.non_key_attributes)
    if projected_attributes > PROJECTED_ATTRIBUTES_MAX:
        raise invalid_parameter_values(
            f"Number of NonKeyAttributes over all indexes exceeds the limit of {PROJECTED_ATTRIBUTES_MAX}"
        )


def read_table_throughput(request: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    given = request.get("ProvisionedThroughput")
    if on_demand:
        if given is not None:
            raise invalid_parameter_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        raise invalid_parameter_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return _throughput(given)


def read_index_throughput(index: Mapping[str, Any], *, on_demand: bool) -> Throughput:
    given = index.get("ProvisionedThroughput")
    if on_demand:
        if given is not None:
            raise invalid_parameter_values(
                f"ProvisionedThroughput should not be specified for index: {index['IndexName']} "
                "when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        # https://github.com/awsdocs/amazon-dynamodb-developer-guide/issues/246
        raise invalid_parameter_values(f"ProvisionedThroughput is not specified for index: {index['IndexName']}")
    return _throughput(given)


def too_many_global_indexes() -> DynamoError:
    return invalid_parameter_values(f"GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES_MAX}")


def _throughput(given: Mapping[str, int]) -> Throughput:
    return Throughput(read_units=given["ReadCapacityUnits"], write_units=given["WriteCapacityUnits"])


def _read_local_index(index: Mapping[str, Any], table_keys: KeyNames, types: Mapping[str, KeyType]) -> IndexDefinition:
    name = index["IndexName"]
    keys = read_keys(index["KeySchema"], types)
    if keys.sort is None:
        raise invalid_parameter_values(f"Index KeySchema does not have a range key for index: {name}")
    if keys.partition != table_keys.partition:
        raise invalid_parameter_values(
            f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
            f"index hash key: {keys.partition.name}, table hash key: {table_keys.partition.name}"
        )
    projection, non_key_attributes = _read_projection(index)
    return IndexDefinition(
        name=name,
        is_global=False,
        keys=keys,
        projection=projection,
        non_key_attributes=non_key_attributes,
        throughput=Throughput(),
    )


def _read_projection(index: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """ProjectionType and NonKeyAttributes."""
    given = index["Projection"]
    projection, non_key_attributes = given.get("ProjectionType"), given.get("NonKeyAttributes")
    if projection is None:
        raise invalid_parameter_values("Unknown ProjectionType: null")
    if projection == INCLUDE and non_key_attributes is None:
        raise invalid_parameter_values(f"ProjectionType is {INCLUDE}, but NonKeyAttributes is not specified")
    if projection != INCLUDE and non_key_attributes is not None:
        raise invalid_parameter_values(f"ProjectionType is {projection}, but NonKeyAttributes is specified")
    return projection, tuple(non_key_attributes or ())
