"""Who calls: a user by a signed token, a program by a service key, the platform's administrator by its secret."""
