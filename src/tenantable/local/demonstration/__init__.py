"""What `up --demo` shows, each through the public API of a running service, as any client would."""
