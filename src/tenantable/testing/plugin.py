"""The pytest plugin. pytest finds it where tenantable is installed; else `-p tenantable.testing.plugin`."""

from collections.abc import Iterator

import pytest

from tenantable.engine import Engine


@pytest.fixture
def dynamodb() -> Iterator[Engine]:
    """An engine in memory, this test's own: empty, everything allowed. For boto3: `boto3_client(dynamodb)`."""
    with Engine(":memory:") as engine:
        yield engine
