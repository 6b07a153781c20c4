"""A master key in the hands of one identity: sealing and opening are asked for one by one."""

from uuid import NAMESPACE_URL, uuid5

from tenantable.cloud.authorization import Authorizer
from tenantable.cloud.authorization import Context as Conditions
from tenantable.cloud.keys.envelope import Context, DataKey, MasterKey
from tenantable.wire.arns import Home


class AuthorizedMasterKey:
    """
    Implements `MasterKey`: making a data key needs `kms:GenerateDataKey`, unwrapping one `kms:Decrypt`.

    Args:
        alias: Of the key, `webhook-secrets` or `alias/webhook-secrets`. Policies find the key by it
            (`kms:ResourceAliases`), as they do on AWS, where nobody knows the key's id beforehand.

    Policies also see the encryption context: `kms:EncryptionContext:NAME` and `kms:EncryptionContextKeys`.
    Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Key Management Service".
    """

    def __init__(self, master_key: MasterKey, *, authorizer: Authorizer, home: Home, alias: str) -> None:
        self._master_key = master_key
        self._authorizer = authorizer
        self._alias = f"alias/{alias.removeprefix('alias/')}"
        self._resource = home.kms_key(f"key/{uuid5(NAMESPACE_URL, home.kms_key(self._alias))}")

    def new_data_key(self, context: Context) -> DataKey:
        self._authorizer.authorize("kms:GenerateDataKey", self._resource, self._conditions(context))
        return self._master_key.new_data_key(context)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        self._authorizer.authorize("kms:Decrypt", self._resource, self._conditions(context))
        return self._master_key.unwrap(wrapped, context)

    def _conditions(self, context: Context) -> Conditions:
        return {
            "kms:ResourceAliases": (self._alias,),
            "kms:EncryptionContextKeys": tuple(context),
            **{f"kms:EncryptionContext:{name}": value for name, value in context.items()},
        }
