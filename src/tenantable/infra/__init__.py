"""What declarations become outside this process: Terraform, CloudFormation, tables that run; and how they compare."""
