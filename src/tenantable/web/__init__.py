"""The HTTP kit that services share: one shape of errors, request ids, limits, idempotency, entity tags, metrics."""
