"""What every generated bucket has, whichever language it is written in."""

from collections.abc import Sequence
from typing import Any

LIFECYCLE_RULE = "unfinished-uploads"
UPLOAD_DAYS = 7
"""After so many days an upload that nobody completed is given up."""

UNCHECKED = {
    "CKV_AWS_18": "access logs need a bucket of the account's, which is yours to name",
    "CKV_AWS_144": "a copy in another region needs a bucket and a role there, which are yours to add",
    "CKV2_AWS_62": "nothing listens to this bucket",
}
"""checkov's rules that a bucket does not follow, by id, each with the reason."""


def tls_only(resources: Sequence[Any]) -> dict[str, Any]:
    """The bucket policy that refuses plain HTTP. `resources` are the ARNs of the bucket and of what is in it."""
    statement = {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
