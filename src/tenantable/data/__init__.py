"""Typed reads and writes of declared entities over any DynamoDB client."""

from tenantable.data.database import Database, TenantId, TenantScope
from tenantable.data.repositories import Repository, TenantRepository
from tenantable.data.transactions import Transaction

__all__ = ["Database", "Repository", "TenantId", "TenantRepository", "TenantScope", "Transaction"]
