"""SSESpecification: which key a table is encrypted with. It is kept and described; nothing here is encrypted by it."""

from collections.abc import Mapping
from typing import Any

from tenantable.wire.arns import Home
from tenantable.wire.errors import invalid_parameter_values

_DEFAULT_KEY = "alias/aws/dynamodb"


def read_encryption(request: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """
    The description of the encryption that a request asks for; none for the key that the service owns.

    Raises:
        DynamoError: ValidationException for another kind than KMS, or for a key without encryption by it.
    """
    specification = request.get("SSESpecification") or {}
    if not specification.get("Enabled"):
        for member in ("SSEType", "KMSMasterKeyId"):
            if specification.get(member) is not None:
                raise invalid_parameter_values(f"{member} cannot be specified when SSESpecification is not enabled")
        return {}
    if specification.get("SSEType") not in {None, "KMS"}:
        raise invalid_parameter_values("The only valid SSEType is KMS")
    key = _key_arn(specification.get("KMSMasterKeyId") or _DEFAULT_KEY, home)
    return {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}}


def change_encryption(request: Mapping[str, Any], options: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """
    The options of a table after an UpdateTable request.

    Raises:
        DynamoError: ValidationException when the encryption would stay as it is.
    """
    if request.get("SSESpecification") is None:
        return dict(options)
    before, after = options.get("SSEDescription"), read_encryption(request, home)
    if before == after.get("SSEDescription"):
        by = "by default" if before is None else "by given KMSMasterKeyId"
        raise invalid_parameter_values(f"Table is already encrypted {by}")
    return {name: value for name, value in options.items() if name != "SSEDescription"} | after


def has_own_key(options: Mapping[str, Any], home: Home) -> bool:
    """Whether a table is encrypted with a key of the account's own."""
    description = options.get("SSEDescription")
    own = {home.managed_key("dynamodb"), home.kms_key(_DEFAULT_KEY)}  # the latter was described by earlier versions
    return description is not None and description["KMSMasterKeyArn"] not in own


def _key_arn(key: str, home: Home) -> str:
    """A key is named by its id, its alias or the ARN of either; the description has an ARN."""
    if key in {_DEFAULT_KEY, home.kms_key(_DEFAULT_KEY)}:
        return home.managed_key("dynamodb")
    if key.startswith("arn:"):
        return key
    return home.kms_key(key if key.startswith("alias/") else f"key/{key}")
