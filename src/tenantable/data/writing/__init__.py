"""Typed writes: what they ask of DynamoDB, under which conditions, and what it means when one fails."""
