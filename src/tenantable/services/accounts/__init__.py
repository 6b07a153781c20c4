"""Accounts: tenants that share a table, tenants with a table of their own, and what they are licensed for."""
