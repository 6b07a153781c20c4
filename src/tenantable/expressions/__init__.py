"""DynamoDB's expression language: one tokenizer, one syntax tree; conditions, key conditions, projections, updates."""
