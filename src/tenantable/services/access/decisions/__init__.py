"""Decisions: may this user do that here? Made from a snapshot of the organisation, compiled once."""
