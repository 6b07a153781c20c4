"""CloudFormation templates of a system and of the tables that single tenants have for themselves."""
