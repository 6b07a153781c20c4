"""The master key in AWS KMS, which never lets it out."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tenantable.cloud.keys.envelope import CannotDecrypt, Context, DataKey, context_bytes
from tenantable.cloud.refusals import code_of, refusal

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

CACHED_KEYS_MAX = 10_000
CACHE_SECONDS = 300.0

_NOT_OURS = {"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"}


class KmsMasterKey:
    """
    Implements `MasterKey`.

    Unwrapped data keys are remembered for up to five minutes, bound to their context: otherwise each webhook attempt
    would cost a call to KMS. So a key that is disabled in KMS still reads for that long.

    Args:
        key_id: Of a symmetric KMS key: id, ARN or `alias/name`.
    """

    def __init__(self, client: "KMSClient", key_id: str, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._key_id = key_id
        self._clock = clock
        self._cache: OrderedDict[tuple[bytes, bytes], tuple[float, bytes]] = OrderedDict()
        self._cache_lock = threading.Lock()

    def new_data_key(self, context: Context) -> DataKey:
        try:
            answer = self._client.generate_data_key(
                KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=dict(context)
            )
        except (ClientError, BotoCoreError) as error:
            raise refusal("KMS", self._key_id, error) from error
        return DataKey(plain=answer["Plaintext"], wrapped=answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        name = (wrapped, context_bytes(context))
        now = self._clock()
        with self._cache_lock:
            expires_at, plain = self._cache.get(name, (0.0, b""))
        if now < expires_at:
            return plain
        plain = self._ask(wrapped, context)
        with self._cache_lock:
            self._cache[name] = (now + CACHE_SECONDS, plain)
            self._cache.move_to_end(name)
            if len(self._cache) > CACHED_KEYS_MAX:
                self._cache.popitem(last=False)
        return plain

    def _ask(self, wrapped: bytes, context: Context) -> bytes:
        try:
            answer = self._client.decrypt(KeyId=self._key_id, CiphertextBlob=wrapped, EncryptionContext=dict(context))
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) in _NOT_OURS:
                raise CannotDecrypt from error
            raise refusal("KMS", self._key_id, error) from error
        return answer["Plaintext"]
