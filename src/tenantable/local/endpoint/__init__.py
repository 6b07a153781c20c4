"""The DynamoDB endpoint alone, as the command `dynamodb` runs it."""
