"""The shape of requests: from the facts of the service model to the check of each request."""
