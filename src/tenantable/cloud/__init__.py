"""The primitives beside tables: each a Protocol, an embedded implementation that survives a crash, and an AWS one."""
