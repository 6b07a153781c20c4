"""The systems that ship: each folder stands alone, with the same files."""
