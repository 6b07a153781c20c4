"""Resource policies: documents that hang on tables and streams. They are kept and given out, not read."""
