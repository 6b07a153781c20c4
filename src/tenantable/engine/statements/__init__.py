"""PartiQL statements carried out: reads become pages, writes become the writes of every other operation."""
