"""Time to live: when items expire (`times`), keeping them in that order (`switch`), deleting them (`sweep`)."""
