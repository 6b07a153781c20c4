"""DynamoDB's HTTP protocol, written straight on the event loop."""
