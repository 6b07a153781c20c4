"""The role service: roles of the platform and of organisations, and who has them."""
