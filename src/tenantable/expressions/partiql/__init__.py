"""PartiQL for DynamoDB: statements as trees of the conditions and updates that every other expression becomes."""
