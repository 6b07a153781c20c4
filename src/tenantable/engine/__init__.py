"""The embedded DynamoDB: one file per API operation; `storage` alone touches SQLite."""
