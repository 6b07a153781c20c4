"""Policy documents: synthesis from grants, evaluation, and the translation of a request to what must be allowed."""
