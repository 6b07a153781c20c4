"""Role sessions: what sts:AssumeRole gives, the credentials that prove it, and who may have them."""
