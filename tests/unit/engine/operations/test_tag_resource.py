"""TagResource, UntagResource and ListTagsOfResource."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.conftest import Call, Create, Refusal


@pytest.fixture
def arn(create: "Create") -> str:
    return str(create("orders")["TableArn"])


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def test_tags_are_added_changed_and_taken_away(call: "Call", arn: str) -> None:
    assert call("TagResource", ResourceArn=arn, Tags=tags(team="red", stage="test")) == {}
    call("TagResource", ResourceArn=arn, Tags=tags(team="blue"))
    assert call("ListTagsOfResource", ResourceArn=arn) == {"Tags": tags(team="blue", stage="test")}
    assert call("UntagResource", ResourceArn=arn, TagKeys=["team", "unknown"]) == {}
    assert call("ListTagsOfResource", ResourceArn=arn) == {"Tags": tags(stage="test")}


def test_fifty_tags_are_the_limit(call: "Call", refusal: "Refusal", arn: str) -> None:
    fifty = tags(**{f"key{number}": "" for number in range(50)})
    call("TagResource", ResourceArn=arn, Tags=fifty)
    call("TagResource", ResourceArn=arn, Tags=fifty)
    assert "at most 50 tags" in refusal("TagResource", ResourceArn=arn, Tags=tags(more="")).message


def test_the_services_own_prefix_is_reserved(refusal: "Refusal", arn: str) -> None:
    error = refusal("TagResource", ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": ""}])
    assert "reserved prefix aws:" in error.message


def test_what_is_no_unicode_text_is_refused(refusal: "Refusal", arn: str) -> None:
    assert refusal("TagResource", ResourceArn=arn, Tags=tags(a="\ud800")).code == "SerializationException"


def test_a_key_is_given_once(refusal: "Refusal", arn: str) -> None:
    assert "Duplicate" in refusal("TagResource", ResourceArn=arn, Tags=tags(a="1") + tags(a="2")).message


@pytest.mark.parametrize(
    ("operation", "members"),
    [("TagResource", {"Tags": tags(a="1")}), ("UntagResource", {"TagKeys": ["a"]}), ("ListTagsOfResource", {})],
)
def test_a_missing_table_is_not_found(
    refusal: "Refusal", arn: str, operation: str, members: dict[str, list[str]]
) -> None:
    error = refusal(operation, ResourceArn=arn.replace("orders", "missing"), **members)
    assert error.code == "ResourceNotFoundException"
