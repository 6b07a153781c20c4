"""Typed reads and writes of declared entities over any DynamoDB client."""
