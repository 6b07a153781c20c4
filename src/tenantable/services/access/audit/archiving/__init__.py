"""The archive of audit events: what is in it, who fills it, and the signed copies of heads beside it."""
