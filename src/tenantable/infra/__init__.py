"""A declaration as infrastructure: Terraform, CloudFormation, documents, and what runs compared with it."""
