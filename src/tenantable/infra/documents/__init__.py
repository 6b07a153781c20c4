"""A system's design as documents: its tables, keys, indexes, access patterns and who may do what."""
