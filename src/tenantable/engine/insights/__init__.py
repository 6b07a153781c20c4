"""Contributor insights: which keys of a table or index are asked for most. They count nothing where disabled."""
