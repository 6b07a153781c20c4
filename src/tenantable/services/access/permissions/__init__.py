"""The permission service: the platform's permissions, and sets of them in organisations and for the platform."""
