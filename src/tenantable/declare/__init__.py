"""Declarations: tables, indexes, entities, key templates, access patterns, components, grants, tenancy."""
