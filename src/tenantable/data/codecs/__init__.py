"""Python values to DynamoDB values and back, compiled once per attribute and entity."""
