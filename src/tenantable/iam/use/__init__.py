"""Which grants are exercised, and so which nobody needs."""
