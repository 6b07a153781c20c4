"""The rules, by subject: each looks at one statement in its policy and yields what it finds."""
