"""From declarations to infrastructure: modules, templates, documents, and what differs from what runs."""
