"""The pages of access management."""
