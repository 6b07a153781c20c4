"""Commands about policies and designs: explain, grants, lint, diff."""
