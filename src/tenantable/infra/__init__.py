"""What declarations become outside this process: text for tools, plans, documents, costs; and how they compare."""
