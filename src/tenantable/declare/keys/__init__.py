"""Keys: how values are written in them, templates, and where an entity stands in a table and its indexes."""
