"""Reads that may be late, on request."""
