"""What operators see of engines: Prometheus metrics, on a port of their own, and a log line for each request."""
