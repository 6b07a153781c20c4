"""Aliases: names of keys that can be pointed at others."""

from typing import Any

from tenantable.aws.calls import Answer, Call, Moment
from tenantable.aws.kms.keys import ALIAS, ALIAS_NAME, OF_AWS, key_of
from tenantable.aws.refusals import Refusal


def create_alias(call: Call) -> Answer:
    name = _own_name(call)
    if call.records.find(ALIAS, name) is not None:
        raise Refusal("AlreadyExistsException", f"An alias with the name {call.home.kms_key(name)} already exists")
    target = key_of(call, member="TargetKeyId")["KeyId"]
    call.records.put(ALIAS, name, {"TargetKeyId": target, "CreationDate": call.now, "LastUpdatedDate": call.now})
    return None


def update_alias(call: Call) -> Answer:
    name = _own_name(call)
    alias = _found(call, name)
    alias |= {"TargetKeyId": key_of(call, member="TargetKeyId")["KeyId"], "LastUpdatedDate": call.now}
    call.records.put(ALIAS, name, alias)
    return None


def delete_alias(call: Call) -> Answer:
    name = _own_name(call)
    _found(call, name)
    call.records.remove(ALIAS, name)
    return None


def list_aliases(call: Call) -> Answer:
    wanted = key_of(call, usable_only=False)["KeyId"] if call.optional_text("KeyId") else None
    shown = [
        {
            "AliasName": name,
            "AliasArn": call.home.kms_key(name),
            "TargetKeyId": alias["TargetKeyId"],
            "CreationDate": Moment(alias["CreationDate"]),
            "LastUpdatedDate": Moment(alias["LastUpdatedDate"]),
        }
        for name, alias in call.records.all(ALIAS)
        if wanted in {None, alias["TargetKeyId"]}
    ]
    return {"Aliases": shown, "Truncated": False}


def alias_arn(call: Call) -> str:
    return call.home.kms_key(call.text("AliasName", limit=256))


def _own_name(call: Call) -> str:
    name = call.text("AliasName", limit=256, pattern=ALIAS_NAME)
    if name.startswith(OF_AWS):
        raise Refusal("NotAuthorizedException", f"Aliases that begin with {OF_AWS} belong to AWS")
    return name


def _found(call: Call, name: str) -> dict[str, Any]:
    alias = call.records.find(ALIAS, name)
    if alias is None:
        raise Refusal("NotFoundException", f"Alias {call.home.kms_key(name)} is not found.")
    return alias
