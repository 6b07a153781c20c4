"""How a request gets to a DynamoDB endpoint and its answer back: framing, connections, retries."""
