"""CloudWatch: alarms. They are kept and described, and their state changes only when somebody sets it."""
