"""What the components may do, as roles and policies of the module."""
