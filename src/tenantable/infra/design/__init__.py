"""Design lint: what a declaration's keys, indexes, items and grants will lead to when there is traffic."""
