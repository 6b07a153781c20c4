"""What two sets of policies allow, compared: effective permissions that appear or vanish, never text."""
