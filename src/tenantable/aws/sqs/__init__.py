"""SQS: queues with attributes, dead letters, tags and messages."""
