"""The normal form of a table, whatever it was read from, and the one comparison of two such forms."""
