"""Keys: how they are named, described and deleted."""

from collections.abc import Mapping
from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.refusals import Refusal
from tenantable.aws.tags import add_tags, read_tags, remove_tags, shown_tags

KEY = "kms/key"
ALIAS = "kms/alias"
ALIAS_NAME = r"alias/[a-zA-Z0-9/_-]{1,250}"
OF_AWS = "alias/aws/"
"""How the aliases of keys begin that AWS manages: one for each service, there when it is first asked for."""
DESCRIPTION_MAX = 8192
WAITING_DAYS = (7, 30)
_DAY_SECONDS = 86_400


def create_key(call: Call) -> Answer:
    usage = call.choice("KeyUsage", ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"), "")
    key: dict[str, Any] = {
        "KeyId": call.uuid(),
        "CreationDate": call.now,
        "Description": call.optional_text("Description", limit=DESCRIPTION_MAX) or "",
        "KeyUsage": usage or "ENCRYPT_DECRYPT",
        "KeySpec": call.optional_text("KeySpec") or call.optional_text("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "MultiRegion": call.flag("MultiRegion", False),
        "Policy": call.optional_text("Policy", limit=32_768) or default_policy(call),
        "Rotates": False,
        "RotationDays": 365,
    }
    key["Arn"] = call.home.kms_key(f"key/{key['KeyId']}")
    add_tags(key, read_tags(call, key="TagKey", value="TagValue"))
    save(call, key)
    return {"KeyMetadata": metadata(call, key)}


def describe_key(call: Call) -> Answer:
    return {"KeyMetadata": metadata(call, key_of(call, usable_only=False))}


def list_keys(call: Call) -> Answer:
    return {"Keys": [{"KeyId": key["KeyId"], "KeyArn": key["Arn"]} for _, key in call.records.all(KEY)],
            "Truncated": False}  # fmt: skip


def update_description(call: Call) -> Answer:
    key = key_of(call)
    key["Description"] = call.optional_text("Description", limit=DESCRIPTION_MAX) or ""
    save(call, key)
    return None


def enable_key(call: Call) -> Answer:
    key = key_of(call)
    key["KeyState"] = "Enabled" if call.action == "EnableKey" else "Disabled"
    save(call, key)
    return None


def schedule_deletion(call: Call) -> Answer:
    key = key_of(call)
    days = call.count("PendingWindowInDays", WAITING_DAYS[1], least=WAITING_DAYS[0], most=WAITING_DAYS[1])
    key["KeyState"], key["DeletionDate"] = "PendingDeletion", call.now + days * _DAY_SECONDS
    save(call, key)
    return {
        "KeyId": key["Arn"],
        "DeletionDate": Moment(key["DeletionDate"]),
        "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    }


def cancel_deletion(call: Call) -> Answer:
    key = key_of(call, usable_only=False)
    if key["KeyState"] != "PendingDeletion":
        raise Refusal("KMSInvalidStateException", f"{key['Arn']} is not pending deletion.")
    key["KeyState"] = "Disabled"
    del key["DeletionDate"]
    save(call, key)
    return {"KeyId": key["Arn"]}


def get_policy(call: Call) -> Answer:
    return {"Policy": key_of(call, usable_only=False)["Policy"], "PolicyName": "default"}


def put_policy(call: Call) -> Answer:
    key = key_of(call)
    key["Policy"] = call.text("Policy", limit=32_768)
    save(call, key)
    return None


def list_policies(call: Call) -> Answer:
    key_of(call, usable_only=False)
    return {"PolicyNames": ["default"], "Truncated": False}


def set_rotation(call: Call) -> Answer:
    key = key_of(call)
    key["Rotates"] = call.action == "EnableKeyRotation"
    key["RotationDays"] = call.count("RotationPeriodInDays", key["RotationDays"], least=90, most=2560)
    save(call, key)
    return None


def rotation_status(call: Call) -> Answer:
    key = key_of(call, usable_only=False)
    period = {"RotationPeriodInDays": key["RotationDays"]} if key["Rotates"] else {}
    return {"KeyRotationEnabled": key["Rotates"], "KeyId": key["Arn"], **period}


def tag_key(call: Call) -> Answer:
    key = key_of(call)
    add_tags(key, read_tags(call, key="TagKey", value="TagValue"))
    save(call, key)
    return None


def untag_key(call: Call) -> Answer:
    key = key_of(call)
    remove_tags(key, call.texts("TagKeys"))
    save(call, key)
    return None


def list_tags(call: Call) -> Answer:
    key = key_of(call, usable_only=False)
    return {"Tags": shown_tags(key, key="TagKey", value="TagValue"), "Truncated": False}


def key_of(call: Call, *, member: str = "KeyId", usable_only: bool = True) -> dict[str, Any]:
    """
    The key that a call names by id, alias, or the ARN of either.

    Args:
        usable_only: Refuse one that is pending deletion.
    Raises:
        Refusal: NotFoundException or KMSInvalidStateException.
    """
    given = call.text(member, limit=2048)
    name = given.split(":", 5)[5] if given.startswith("arn:") and given.count(":") >= 5 else given
    if name.startswith(OF_AWS) or is_managed(call, name):
        return managed_key(call, name)
    if name.startswith("alias/"):
        alias = call.records.find(ALIAS, name)
        if alias is None:
            raise Refusal("NotFoundException", f"Alias {call.home.kms_key(name)} is not found.")
        name = alias["TargetKeyId"]
    key = call.records.find(KEY, name.removeprefix("key/"))
    if key is None or (given.startswith("arn:") and not given.startswith(call.home.kms_key(""))):
        raise Refusal("NotFoundException", f"Key '{call.home.kms_key(name)}' does not exist")
    if usable_only and key["KeyState"] == "PendingDeletion":
        raise Refusal("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
    return key


def key_arn(call: Call) -> str:
    """For policies: the key's ARN, be it named by an alias; that of no key where there is none."""
    try:
        return str(key_of(call, usable_only=False)["Arn"])
    except Refusal:
        return call.home.kms_key("key/" + (call.optional_text("KeyId") or ""))


def is_managed(call: Call, name: str) -> bool:
    return name.removeprefix("key/") == call.home.managed_key("dynamodb").rpartition("/")[2]


def managed_key(call: Call, name: str) -> dict[str, Any]:
    """The key that AWS manages for a service. It is in no record: it follows from account, region and service."""
    service = name.removeprefix(OF_AWS) if name.startswith(OF_AWS) else "dynamodb"
    arn = call.home.managed_key(service)
    return {
        "KeyId": arn.rpartition("/")[2],
        "Arn": arn,
        "CreationDate": 0.0,
        "Description": f"Default key that protects my {service} data when no other key is defined",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyState": "Enabled",
        "MultiRegion": False,
        "Policy": default_policy(call),
        "Rotates": True,
        "RotationDays": 365,
        "Manager": "AWS",
    }


def save(call: Call, key: Mapping[str, Any]) -> None:
    if key.get("Manager") == "AWS":
        raise Refusal("AccessDeniedException", f"{key['Arn']} is managed by AWS and cannot be changed")
    call.records.put(KEY, key["KeyId"], key)


def metadata(call: Call, key: Mapping[str, Any]) -> dict[str, Any]:
    encrypts = key["KeyUsage"] == "ENCRYPT_DECRYPT"
    return {
        "AWSAccountId": call.home.account_id,
        "KeyId": key["KeyId"],
        "Arn": key["Arn"],
        "CreationDate": Moment(key["CreationDate"]),
        "Enabled": key["KeyState"] == "Enabled",
        "Description": key["Description"],
        "KeyUsage": key["KeyUsage"],
        "KeyState": key["KeyState"],
        "DeletionDate": Moment(key["DeletionDate"]) if "DeletionDate" in key else None,
        "Origin": "AWS_KMS",
        "KeyManager": key.get("Manager", "CUSTOMER"),
        "CustomerMasterKeySpec": key["KeySpec"],
        "KeySpec": key["KeySpec"],
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"] if encrypts else None,
        "MultiRegion": key["MultiRegion"],
    }


def default_policy(call: Call) -> str:
    """What KMS gives a key whose maker gives it none: the account decides by IAM."""
    return (
        '{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",'
        f'"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{call.home.account_id}:root"}},'
        '"Action":"kms:*","Resource":"*"}]}'
    )
