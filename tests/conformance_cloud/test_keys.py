"""One suite for every kind of master key."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import PLAINTEXT_BYTES_MAX, CannotDecrypt, EnvelopeKeys, Keys
from tenantable.cloud.keys.kms import KmsMasterKey
from tenantable.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

CONTEXT = {"tenant": "t1", "purpose": "webhook-secret"}


@pytest.fixture(params=["embedded", "kms"])
def keys(request: pytest.FixtureRequest) -> Keys:
    found: Keys = request.getfixturevalue(f"{request.param}_keys")
    return found


@pytest.fixture
def embedded_keys(tmp_path: Path) -> Keys:
    return EnvelopeKeys(FileMasterKey(tmp_path / "master.key"))


@pytest.fixture(scope="module")
def kms(aws_client_arguments: dict[str, str]) -> Iterator["KMSClient"]:
    client: KMSClient = boto3.client("kms", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


@pytest.fixture(scope="module")
def kms_keys(kms: "KMSClient") -> Keys:
    return EnvelopeKeys(KmsMasterKey(kms, kms.create_key()["KeyMetadata"]["KeyId"]))


@pytest.mark.parametrize("plaintext", [b"", b"whsec_secret", bytes(range(256)), b"x" * PLAINTEXT_BYTES_MAX])
def test_round_trip(keys: Keys, plaintext: bytes) -> None:
    assert keys.decrypt(keys.encrypt(plaintext, CONTEXT), CONTEXT) == plaintext


def test_the_plaintext_does_not_show(keys: Keys) -> None:
    assert b"whsec_secret" not in keys.encrypt(b"whsec_secret", CONTEXT)


def test_equal_plaintexts_look_different(keys: Keys) -> None:
    assert keys.encrypt(b"a", CONTEXT) != keys.encrypt(b"a", CONTEXT)


@pytest.mark.parametrize(
    "other", [{"tenant": "t2", "purpose": "webhook-secret"}, {"tenant": "t1"}, CONTEXT | {"more": "x"}]
)
def test_another_context_does_not_open(keys: Keys, other: dict[str, str]) -> None:
    with pytest.raises(CannotDecrypt):
        keys.decrypt(keys.encrypt(b"a", CONTEXT), other)


def test_the_order_of_a_context_does_not_matter(keys: Keys) -> None:
    assert keys.decrypt(keys.encrypt(b"a", CONTEXT), dict(reversed(CONTEXT.items()))) == b"a"


def test_contexts_cannot_be_shifted_into_each_other(keys: Keys) -> None:
    """A boundary inside names and values is part of the context."""
    with pytest.raises(CannotDecrypt):
        keys.decrypt(keys.encrypt(b"a", {"ab": "c"}), {"a": "bc"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_altered_byte_is_noticed(keys: Keys, data: st.DataObject) -> None:
    """Mostly CannotDecrypt; KMS refuses a wrapped key that names a master key of somebody else."""
    ciphertext = bytearray(keys.encrypt(b"whsec_secret", CONTEXT))
    position = data.draw(st.integers(0, len(ciphertext) - 1))
    ciphertext[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CloudError):
        keys.decrypt(bytes(ciphertext), CONTEXT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ciphertext=st.binary(max_size=200))
def test_anything_else_is_refused(keys: Keys, ciphertext: bytes) -> None:
    with pytest.raises(CannotDecrypt):
        keys.decrypt(ciphertext, CONTEXT)


def test_a_cut_ciphertext_is_refused(keys: Keys) -> None:
    ciphertext = keys.encrypt(b"whsec_secret", CONTEXT)
    for length in range(0, len(ciphertext), 7):
        with pytest.raises(CannotDecrypt):
            keys.decrypt(ciphertext[:length], CONTEXT)


def test_refuses_more_than_a_secret(keys: Keys) -> None:
    with pytest.raises(CloudError, match="up to"):
        keys.encrypt(b"x" * (PLAINTEXT_BYTES_MAX + 1), CONTEXT)


@pytest.mark.parametrize("context", [{}, {"a": ""}, {"": "a"}, {str(n): "x" for n in range(17)}, {"a": "x" * 9000}])
def test_refuses_a_context_out_of_range(keys: Keys, context: dict[str, str]) -> None:
    with pytest.raises(CloudError, match="context"):
        keys.encrypt(b"a", context)
