"""Typed reads: single entities, queries page by page, cursors, batches."""
