"""Event buses whose rules send events on to queues: embedded on SQLite, and Amazon EventBridge."""
