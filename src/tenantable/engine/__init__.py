"""
The embedded DynamoDB.

`Engine` answers the API. `operations` holds one file per API operation; `tables` and `items` hold what they share;
`storage` alone touches SQLite. `http` is the endpoint that SDKs talk to.
"""

from tenantable.engine.engine import Engine
from tenantable.engine.insights.contributors import HotKey, HottestKeys

__all__ = ["Engine", "HotKey", "HottestKeys"]
