"""A Terraform module from a declaration: a resource per table, roles and policies of the components, and the rest."""
