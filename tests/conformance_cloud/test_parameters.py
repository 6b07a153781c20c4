"""One suite for every kind of parameter store. Requirement: M-03."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tenantable.cloud.keys.embedded import FileMasterKey
from tenantable.cloud.keys.envelope import EnvelopeKeys
from tenantable.cloud.parameters.embedded import EmbeddedParameters
from tenantable.cloud.parameters.parameter import (
    ADVANCED_VALUE_BYTES_MAX,
    NAME_CHARACTERS_MAX,
    VALUE_BYTES_MAX,
    InvalidParameter,
    NewValue,
    ParameterExists,
    ParameterNotFound,
    Parameters,
    ParameterType,
    below,
)
from tenantable.cloud.parameters.ssm import SsmParameters

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_trees = count()


@pytest.fixture(params=["embedded", "ssm"])
def parameters(request: pytest.FixtureRequest) -> Parameters:
    found: Parameters = request.getfixturevalue(f"{request.param}_parameters")
    return found


@pytest.fixture
def embedded_parameters(tmp_path: Path) -> Iterator[EmbeddedParameters]:
    keys = EnvelopeKeys(FileMasterKey(tmp_path / "key"))
    parameters = EmbeddedParameters(tmp_path / "parameters.db", keys)
    yield parameters
    parameters.close()


@pytest.fixture(scope="module")
def ssm(aws_client_arguments: dict[str, str]) -> Iterator["SSMClient"]:
    client: SSMClient = boto3.client("ssm", **aws_client_arguments)  # type: ignore[call-overload]
    yield client
    client.close()


@pytest.fixture
def ssm_parameters(ssm: "SSMClient") -> Parameters:
    return SsmParameters(ssm)


@pytest.fixture
def tree() -> str:
    """A path that no other test uses."""
    return f"/tree-{next(_trees)}"


def put(parameters: Parameters, *names: str) -> None:
    for name in names:
        parameters.put(name, NewValue(value=f"value of {name}"))


def names_of(parameters: Parameters, path: str, *, recursive: bool = False) -> set[str]:
    return {found.name for found in parameters.page(path, recursive=recursive).parameters}


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_reads_what_was_put(parameters: Parameters, tree: str, kind: ParameterType) -> None:
    before = time.time()
    assert parameters.put(f"{tree}/cloud-type", NewValue(value="private ☃\n", type=kind)) == 1
    found = parameters.get(f"{tree}/cloud-type")
    assert (found.name, found.value, found.type, found.version) == (f"{tree}/cloud-type", "private ☃\n", kind, 1)
    assert before - 2 < found.modified_at < time.time() + 2


def test_a_list_is_text_with_commas(parameters: Parameters, tree: str) -> None:
    parameters.put(tree, NewValue(value="a,b", type="StringList"))
    assert (parameters.get(tree).value, parameters.get(tree).type) == ("a,b", "StringList")


def test_a_parameter_that_is_not_there_is_told(parameters: Parameters, tree: str) -> None:
    with pytest.raises(ParameterNotFound, match=f"no parameter {tree}"):
        parameters.get(tree)


def test_nothing_is_replaced_unasked(parameters: Parameters, tree: str) -> None:
    put(parameters, tree)
    with pytest.raises(ParameterExists):
        parameters.put(tree, NewValue(value="other"))
    assert parameters.get(tree).value == f"value of {tree}"


def test_versions_count_up(parameters: Parameters, tree: str) -> None:
    versions = [parameters.put(tree, NewValue(value=value), overwrite=True) for value in "abc"]
    assert (versions, parameters.get(tree).version, parameters.get(tree).value) == ([1, 2, 3], 3, "c")


def test_a_deleted_parameter_is_gone_and_may_begin_anew(parameters: Parameters, tree: str) -> None:
    put(parameters, tree)
    parameters.delete(tree)
    with pytest.raises(ParameterNotFound):
        parameters.get(tree)
    with pytest.raises(ParameterNotFound):
        parameters.delete(tree)
    assert parameters.put(tree, NewValue(value="a")) == 1


def test_a_path_gives_what_is_right_below_it(parameters: Parameters, tree: str) -> None:
    put(parameters, f"{tree}/a1/cloud-type", f"{tree}/a1/dynamodb/table-name", f"{tree}/a10/cloud-type", f"{tree}/a1")
    assert names_of(parameters, f"{tree}/a1") == {f"{tree}/a1/cloud-type"}
    assert names_of(parameters, f"{tree}/a1/") == {f"{tree}/a1/cloud-type"}


def test_a_path_gives_everything_below_it_when_asked(parameters: Parameters, tree: str) -> None:
    put(parameters, f"{tree}/a1/cloud-type", f"{tree}/a1/dynamodb/table-name", f"{tree}/a10/cloud-type")
    expected = {f"{tree}/a1/cloud-type", f"{tree}/a1/dynamodb/table-name"}
    assert names_of(parameters, f"{tree}/a1", recursive=True) == expected


def test_nothing_is_below_an_unknown_path(parameters: Parameters, tree: str) -> None:
    assert parameters.page(tree, recursive=True).parameters == ()


def test_pages_end_and_miss_nothing(parameters: Parameters, tree: str) -> None:
    names = {f"{tree}/{number:02}" for number in range(23)}
    put(parameters, *names)
    assert {found.name for found in below(parameters, tree)} == names
    first = parameters.page(tree, limit=5)
    assert (len(first.parameters), first.next is None) == (5, False)


def test_values_have_a_limit(parameters: Parameters, tree: str) -> None:
    parameters.put(tree, NewValue(value="x" * VALUE_BYTES_MAX))
    with pytest.raises(InvalidParameter, match="takes up to 8192"):
        NewValue(value="x" * (VALUE_BYTES_MAX + 1))
    parameters.put(f"{tree}/large", NewValue(value="x" * ADVANCED_VALUE_BYTES_MAX, advanced=True))
    assert len(parameters.get(f"{tree}/large").value) == ADVANCED_VALUE_BYTES_MAX
    with pytest.raises(InvalidParameter):
        NewValue(value="x" * (ADVANCED_VALUE_BYTES_MAX + 1), advanced=True)


@pytest.mark.parametrize("value", ["", "{{ssm:/other}}", "\ud800"])
def test_refuses_values_that_no_store_takes(value: str) -> None:
    with pytest.raises(InvalidParameter):
        NewValue(value=value)


@pytest.mark.parametrize(
    "name",
    ["", "cloud-type", "/", "//a", "/a/", "/a b", "/a/*", "/ä", "/aws/x", "/SSM-x", "/a" * 16, "/" + "a" * 950],
)
def test_refuses_names_that_no_store_takes(parameters: Parameters, name: str) -> None:
    with pytest.raises(InvalidParameter):
        parameters.put(name, NewValue(value="a"))


def test_takes_the_deepest_and_the_longest_name(parameters: Parameters, tree: str) -> None:
    deepest = tree + "/a" * 14
    longest = f"{tree}/".ljust(NAME_CHARACTERS_MAX, "a")
    put(parameters, deepest, longest)
    assert parameters.get(deepest).version == parameters.get(longest).version == 1


@pytest.mark.parametrize("limit", [0, 11])
def test_refuses_a_page_out_of_range(parameters: Parameters, limit: int) -> None:
    with pytest.raises(InvalidParameter, match="1 to 10"):
        parameters.page("/accounts", limit=limit)


@pytest.mark.parametrize("path", ["", "accounts", "/accounts//", "/*"])
def test_refuses_a_path_that_is_none(parameters: Parameters, path: str) -> None:
    with pytest.raises(InvalidParameter, match="no path"):
        parameters.page(path)
