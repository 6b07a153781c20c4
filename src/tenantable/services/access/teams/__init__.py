"""The team service: teams, the roles within them, and their members."""
