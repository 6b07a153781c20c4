"""The directory: organisations, their members, service keys, and the resources that searches find."""
