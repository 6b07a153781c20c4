"""STS: who asks, and credentials for a while."""
