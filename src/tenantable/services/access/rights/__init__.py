"""What callers hold, and what they may therefore hand out."""
