"""Resources beside tables: their ranges, and that a system names each once."""

from typing import Any

import pytest

from tenantable.declare import EncryptionKey, ParameterTree, Queue, System
from tenantable.errors import DeclarationError


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"visibility_seconds": -1}, "visibility_seconds is -1"),
        ({"retention_seconds": 59}, "retention_seconds is 59"),
        ({"receives_max": 5}, "dead_letters and receives_max belong together"),
        ({"dead_letters": Queue(name="dead"), "receives_max": 1001}, "receives_max is 1001"),
    ],
)
def test_a_queue_out_of_range_is_refused(declared: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeclarationError, match=problem):
        Queue(name="work", **declared)


def test_a_path_of_parameters_begins_with_a_slash() -> None:
    with pytest.raises(DeclarationError, match="begins with a slash"):
        ParameterTree(name="accounts")


def test_two_resources_of_one_kind_need_two_names() -> None:
    System(name="shop", tables=(), resources=[Queue(name="seal"), EncryptionKey(name="seal")])
    with pytest.raises(DeclarationError, match="two resources are named 'sqs:seal'"):
        System(name="shop", tables=(), resources=[Queue(name="seal"), Queue(name="seal")])
