"""SSM: parameters in paths, with versions and tags."""
