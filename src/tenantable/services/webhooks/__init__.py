"""Webhook delivery: signed, retried, isolated by tenant, by components that may touch only what they were granted."""
