"""Access management in a local installation: its keys, the service put together, and what follows its table."""
