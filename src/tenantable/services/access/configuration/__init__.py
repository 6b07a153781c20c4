"""An organisation's whole configuration as one YAML document: written out, compared, and brought about."""
