"""Durable queues with delays, visibility time-outs and dead letters: embedded on SQLite, and Amazon SQS."""
