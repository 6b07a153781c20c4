"""Changes of an organisation: one after the other, each with its audit event, or not at all."""
