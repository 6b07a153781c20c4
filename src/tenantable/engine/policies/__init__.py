"""Resource policies: documents that hang on tables and streams, kept and given out for an authorizer to evaluate."""
