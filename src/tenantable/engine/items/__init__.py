"""Items: reading, writing and paging, shared by the operations."""
