"""The admin service: invitations of coaches, the audit trail, analytics, and reference data."""
