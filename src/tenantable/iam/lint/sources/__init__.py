"""Where policies are found: in files of their own, in Terraform's plans, in templates of CloudFormation."""
