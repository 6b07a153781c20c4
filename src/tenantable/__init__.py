"""
One declaration of a DynamoDB table architecture drives typed access, policy, infrastructure and documents.

    tenantable.declare   say it: Table, Index, Entity, attr, Component, allow, System, Naming
    tenantable.data      use it: Database, Repository, TenantRepository, TenantId
    tenantable.engine    the embedded DynamoDB: Engine
    tenantable.iam       policies from grants, and their enforcement: component_policies, PolicyAuthorizer
    tenantable.local     all of it together on one machine: systems.run_embedded
    tenantable.testing   for tests: boto3_client, boto3_resource, ManualClock, the pytest fixture `dynamodb`
    tenantable.errors    what can go wrong

Nothing is imported here, so that the engine alone starts in a tenth of a second.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
