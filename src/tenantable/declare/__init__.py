"""Declarations: tables, indexes, entities, key templates, access patterns, components, grants, tenancy."""

from tenantable.declare.access import AccessPatterns
from tenantable.declare.attributes import Attr, attr, camel_case, snake_case
from tenantable.declare.entities import Entity
from tenantable.declare.grants import (
    Component,
    Grant,
    Permission,
    ResourcePermission,
    allow,
    allow_resource,
    writes,
)
from tenantable.declare.keys.layouts import Key
from tenantable.declare.naming import NameValue, Naming
from tenantable.declare.patterns import KeyPattern, QueryPattern, collection
from tenantable.declare.queries import Page, Query
from tenantable.declare.references import Change, Condition, Reference
from tenantable.declare.resources import Bucket, EncryptionKey, EventBus, Parameter, ParameterTree, Queue
from tenantable.declare.systems import System
from tenantable.declare.tables import Index, LocalIndex, Provisioned, Table, Tenancy, WarmThroughput
from tenantable.wire.keys import KeyAttribute

__all__ = [
    "AccessPatterns",
    "Attr",
    "Bucket",
    "Change",
    "Component",
    "Condition",
    "EncryptionKey",
    "Entity",
    "EventBus",
    "Grant",
    "Index",
    "Key",
    "KeyAttribute",
    "KeyPattern",
    "LocalIndex",
    "NameValue",
    "Naming",
    "Page",
    "Parameter",
    "ParameterTree",
    "Permission",
    "Provisioned",
    "Query",
    "QueryPattern",
    "Queue",
    "Reference",
    "ResourcePermission",
    "System",
    "Table",
    "Tenancy",
    "WarmThroughput",
    "allow",
    "allow_resource",
    "attr",
    "camel_case",
    "collection",
    "snake_case",
    "writes",
]
