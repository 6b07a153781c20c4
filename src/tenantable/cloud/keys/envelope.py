"""
Envelope encryption: each plaintext under a data key of its own, the data key wrapped by a master key.

A ciphertext is `version | length of the wrapped key (2 bytes) | wrapped key | nonce (12) | AES-256-GCM`. The context
and everything before the nonce are authenticated, so a ciphertext opens only in the context it was made for.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenantable.errors import CloudError

PLAINTEXT_BYTES_MAX = 64 * 1024
CONTEXT_ENTRIES_MAX = 16
CONTEXT_BYTES_MAX = 8192  # KMS's limit for an encryption context
NONCE_BYTES = 12
DATA_KEY_BYTES = 32

_VERSION = b"\x01"
_HEADER_BYTES = 3

Context = Mapping[str, str]


class CannotDecrypt(CloudError):
    """The ciphertext was altered, belongs to another context or needs a master key that is not here."""


class Keys(Protocol):
    """Encrypts small secrets at rest."""

    def encrypt(self, plaintext: bytes, context: Context) -> bytes:
        """
        Encrypt up to 64 KiB.

        Args:
            context: What the secret belongs to, such as tenant and purpose: 1 to 16 names with values. Not secret, not
                stored; decrypting needs the same.
        Raises:
            CloudError: A limit is exceeded, or the master key cannot be reached.
        """
        ...

    def decrypt(self, ciphertext: bytes, context: Context) -> bytes:
        """
        The plaintext.

        Raises:
            CannotDecrypt: Altered, or another context, or an unknown master key; which of these is not told.
            CloudError: The master key cannot be reached.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DataKey:
    """A fresh key of 32 bytes, in clear (never stored) and wrapped by the master key (stored)."""

    plain: bytes
    wrapped: bytes


class MasterKey(Protocol):
    """Makes and unwraps data keys; the master key itself never leaves it."""

    def new_data_key(self, context: Context) -> DataKey: ...

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """The data key in clear; CannotDecrypt when it was wrapped by another master key or in another context."""
        ...


class EnvelopeKeys:
    """Implements `Keys` over a master key; `entropy` gives so many random bytes."""

    def __init__(self, master_key: MasterKey, *, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._master_key = master_key
        self._entropy = entropy

    def encrypt(self, plaintext: bytes, context: Context) -> bytes:
        if len(plaintext) > PLAINTEXT_BYTES_MAX:
            raise CloudError(f"A secret has up to {PLAINTEXT_BYTES_MAX} bytes; this one has {len(plaintext)}")
        bound_to = context_bytes(context)
        data_key = self._master_key.new_data_key(context)
        header = _VERSION + len(data_key.wrapped).to_bytes(2, "big") + data_key.wrapped
        nonce = self._entropy(NONCE_BYTES)
        return header + nonce + AESGCM(data_key.plain).encrypt(nonce, plaintext, header + bound_to)

    def decrypt(self, ciphertext: bytes, context: Context) -> bytes:
        bound_to = context_bytes(context)
        header_end = _HEADER_BYTES + int.from_bytes(ciphertext[1:_HEADER_BYTES], "big")
        body_start = header_end + NONCE_BYTES
        if ciphertext[:1] != _VERSION or len(ciphertext) < body_start:
            raise CannotDecrypt
        header, nonce = ciphertext[:header_end], ciphertext[header_end:body_start]
        data_key = self._master_key.unwrap(header[_HEADER_BYTES:], context)
        return open_sealed(data_key, nonce, ciphertext[body_start:], header + bound_to)


def open_sealed(key: bytes, nonce: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM's plaintext; CannotDecrypt when anything was altered."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound_to)
    except (InvalidTag, ValueError) as error:  # ValueError: shorter than a tag
        raise CannotDecrypt from error


def context_bytes(context: Context) -> bytes:
    """One byte string for each context: every name and value with its length before it, ordered by name."""
    if not 1 <= len(context) <= CONTEXT_ENTRIES_MAX or not all(context) or not all(context.values()):
        raise CloudError(f"An encryption context has 1 to {CONTEXT_ENTRIES_MAX} names, each with a value")
    parts = [part.encode() for name in sorted(context) for part in (name, context[name])]
    encoded = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    if len(encoded) > CONTEXT_BYTES_MAX:
        raise CloudError(f"An encryption context has up to {CONTEXT_BYTES_MAX} bytes; this one has {len(encoded)}")
    return encoded
