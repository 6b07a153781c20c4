"""Erasing a person: what is known of a user beside the id, wherever it stands."""
