"""The directory: organisations, their members, and the resources that searches find."""
