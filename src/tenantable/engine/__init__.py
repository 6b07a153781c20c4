"""
The embedded DynamoDB.

`engine.Engine` answers the API; `operations` holds one file per API operation; `storage` alone touches SQLite.
"""
