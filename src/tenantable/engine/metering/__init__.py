"""A metered service on request: throughput that is enforced, and what was done as records for who watches."""
