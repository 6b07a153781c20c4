"""
The use of a customer's key, for components that read or write objects in buckets that are encrypted with it.

Tables need no such grant: DynamoDB holds grants on the key of its own. S3 asks the key with the rights of whoever calls
it. So the policy of each such component has one more statement where `kms_key_arn` is given, for its buckets and
through S3 alone.

Source: AWS KMS Developer Guide, "kms:ViaService" and "kms:EncryptionContext"; Amazon S3 User Guide, "Amazon S3 Bucket
Keys" (the context is the bucket's ARN then, else the object's).
"""

from collections.abc import Collection

from tenantable.declare.grants.components import Component
from tenantable.declare.grants.granted import ResourceGrant
from tenantable.iam.documents import Condition, Statement
from tenantable.wire.arns import Home

KEY = "arn:aws-us-gov:kms:ap-southeast-99:000000000000:key/mrk-00000000000000000000000000000000"
"""Stands for the customer's key, as long as an ARN of a key may be."""
_USES = {
    "GetObject": "kms:Decrypt",
    "GetObjectVersion": "kms:Decrypt",
    "PutObject": "kms:GenerateDataKey",
}
"""What S3 asks of the key for an action on an object."""


def bucket_key_statement(component: Component, buckets: Collection[str], home: Home) -> Statement | None:
    """
    The statement; None for a component that neither reads nor writes objects of these buckets.

    Args:
        buckets: Logical names of those that the module makes.
        home: Of the policies that the statement goes into.
    """
    grants = [each for each in component.grants if isinstance(each, ResourceGrant) and each.service == "s3"]
    using = [each for each in grants if each.resource in buckets and each.actions & _USES.keys()]
    if not using:
        return None
    named = dict.fromkeys(each.resource for each in using)
    contexts = [arn for name in named for arn in (home.bucket(name), home.object(name, "*"))]
    return Statement(
        effect="Allow",
        actions=tuple(sorted({_USES[action] for each in using for action in each.actions & _USES.keys()})),
        resources=(KEY,),
        conditions=(
            Condition(operator="StringLike", key="kms:EncryptionContext:aws:s3:arn", values=tuple(contexts)),
            # In China the name goes on.
            Condition(operator="StringLike", key="kms:ViaService", values=(f"s3.{home.region}.amazonaws.com*",)),
        ),
    )
