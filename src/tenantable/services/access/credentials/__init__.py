"""The credentials that an organisation gives out: service keys, and tokens of the embedded issuer."""
