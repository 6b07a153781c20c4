"""
What tests of users need: boto3 without sockets, a clock to move, an engine for each test.

`plugin` is the pytest plugin; `local.systems.run_embedded` runs a declared system.
"""

from tenantable.testing.boto3_clients import boto3_client, boto3_resource
from tenantable.testing.clocks import ManualClock

__all__ = ["ManualClock", "boto3_client", "boto3_resource"]
