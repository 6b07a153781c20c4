"""From declarations to infrastructure: text for tools, plans, documents, and what a design costs."""
