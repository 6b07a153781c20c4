"""Envelope encryption of small secrets: a master key in a file, and AWS KMS."""
