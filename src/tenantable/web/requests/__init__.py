"""What every request must be before a route sees it."""
