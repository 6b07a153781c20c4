"""KMS as the endpoint has it."""

from tenantable.aws.calls import Action, Service
from tenantable.aws.kms import aliases, keys

_ON_KEYS = {
    "DescribeKey": keys.describe_key,
    "UpdateKeyDescription": keys.update_description,
    "EnableKey": keys.enable_key,
    "DisableKey": keys.enable_key,
    "ScheduleKeyDeletion": keys.schedule_deletion,
    "CancelKeyDeletion": keys.cancel_deletion,
    "GetKeyPolicy": keys.get_policy,
    "PutKeyPolicy": keys.put_policy,
    "ListKeyPolicies": keys.list_policies,
    "EnableKeyRotation": keys.set_rotation,
    "DisableKeyRotation": keys.set_rotation,
    "GetKeyRotationStatus": keys.rotation_status,
    "TagResource": keys.tag_key,
    "UntagResource": keys.untag_key,
    "ListResourceTags": keys.list_tags,
}

KMS = Service(
    name="kms",
    signing_name="kms",
    protocols=("json",),
    target="TrentService",
    actions={
        **{name: Action(run=run, resource=keys.key_arn) for name, run in _ON_KEYS.items()},
        "CreateKey": Action(run=keys.create_key),
        "ListKeys": Action(run=keys.list_keys),
        "ListAliases": Action(run=aliases.list_aliases),
        "CreateAlias": Action(run=aliases.create_alias, resource=aliases.alias_arn),
        "UpdateAlias": Action(run=aliases.update_alias, resource=aliases.alias_arn),
        "DeleteAlias": Action(run=aliases.delete_alias, resource=aliases.alias_arn),
    },
)
