"""Parameters by path, such as `/accounts/a1/cloud-type`: embedded on SQLite, and the parameter store of AWS."""
