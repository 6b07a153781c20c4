"""What only the KMS master key promises: few calls, and not for ever."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from tenantable.cloud.keys.kms import CACHE_SECONDS, KmsMasterKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class CountingKms:
    """Stands for KMS; it unwraps everything to the same key and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def decrypt(self, **_arguments: Any) -> dict[str, bytes]:
        self.calls += 1
        return {"Plaintext": b"k" * 32}


@pytest.fixture
def kms() -> CountingKms:
    return CountingKms()


def master_key(kms: CountingKms, times: list[float]) -> KmsMasterKey:
    return KmsMasterKey(cast("KMSClient", kms), "alias/test", clock=iter(times).__next__)


def test_asks_once_for_the_same_key(kms: CountingKms) -> None:
    key = master_key(kms, [0.0, 1.0])
    assert key.unwrap(b"w", {"tenant": "a"}) == key.unwrap(b"w", {"tenant": "a"})
    assert kms.calls == 1


def test_asks_again_for_another_context(kms: CountingKms) -> None:
    """A remembered key must not open what belongs to another tenant."""
    key = master_key(kms, [0.0, 1.0])
    key.unwrap(b"w", {"tenant": "a"})
    key.unwrap(b"w", {"tenant": "b"})
    assert kms.calls == 2


def test_asks_again_when_the_time_is_over(kms: CountingKms) -> None:
    key = master_key(kms, [0.0, CACHE_SECONDS])
    key.unwrap(b"w", {"tenant": "a"})
    key.unwrap(b"w", {"tenant": "a"})
    assert kms.calls == 2
