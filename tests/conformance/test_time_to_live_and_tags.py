"""Time to live and tags: switched, described and refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import SdkClient, Table

    MakeTable = Callable[..., Table]

Members = dict[str, Any]


def time_to_live(enabled: bool, name: str = "ttl") -> Members:
    return {"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": name}}


def test_time_to_live_is_off_at_first(simple: "Table") -> None:
    assert simple.call("DescribeTimeToLive") == {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}


def test_time_to_live_can_be_switched_on(make_table: "MakeTable") -> None:
    table = make_table("simple")
    assert table.call("UpdateTimeToLive", **time_to_live(enabled=True)) == time_to_live(enabled=True)
    description = table.call("DescribeTimeToLive")["TimeToLiveDescription"]
    assert description["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    assert description["AttributeName"] == "ttl"


def test_time_to_live_is_not_switched_off_when_it_is_off(make_table: "MakeTable") -> None:
    error = make_table("simple").refusal("UpdateTimeToLive", **time_to_live(enabled=False))
    assert (error.code, error.message) == ("ValidationException", "TimeToLive is already disabled")


def test_time_to_live_is_not_switched_on_twice(make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.call("UpdateTimeToLive", **time_to_live(enabled=True))
    error = table.refusal("UpdateTimeToLive", **time_to_live(enabled=True))
    assert error.code == "ValidationException"


@pytest.mark.parametrize("specification", [{}, {"Enabled": True}, {"Enabled": True, "AttributeName": ""}])
def test_half_a_specification_is_refused(simple: "Table", specification: Members) -> None:
    error = simple.refusal("UpdateTimeToLive", TimeToLiveSpecification=specification)
    assert error.code == "ValidationException"
    assert "'timeToLiveSpecification.attributeName'" in error.message


def tags_of(table: "Table") -> dict[str, str]:
    answer = table.client.call("ListTagsOfResource", {"ResourceArn": arn_of(table)})
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def arn_of(table: "Table") -> str:
    arn: str = table.call("DescribeTable")["Table"]["TableArn"]
    return arn


def tags(**pairs: str) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def test_a_table_is_made_with_tags(make_table: "MakeTable") -> None:
    assert tags_of(make_table("simple", Tags=tags(team="blue", stage="dev"))) == {"team": "blue", "stage": "dev"}


def test_tags_are_added_changed_and_removed(make_table: "MakeTable") -> None:
    table = make_table("simple")
    arn = arn_of(table)
    assert table.client.call("TagResource", {"ResourceArn": arn, "Tags": tags(a="1", b="2")}) == {}
    table.client.call("TagResource", {"ResourceArn": arn, "Tags": tags(b="3", c="")})
    assert tags_of(table) == {"a": "1", "b": "3", "c": ""}
    assert table.client.call("UntagResource", {"ResourceArn": arn, "TagKeys": ["a", "missing"]}) == {}
    assert tags_of(table) == {"b": "3", "c": ""}


def test_a_table_without_tags_lists_none(make_table: "MakeTable") -> None:
    table = make_table("simple")
    assert table.client.call("ListTagsOfResource", {"ResourceArn": arn_of(table)}) == {"Tags": []}


@pytest.mark.parametrize(
    ("operation", "members"),
    [("TagResource", {"Tags": tags(a="1")}), ("UntagResource", {"TagKeys": ["a"]}), ("ListTagsOfResource", {})],
)
def test_tags_belong_to_a_table_that_exists(simple: "Table", operation: str, members: Members) -> None:
    arn = arn_of(simple) + "-none"
    error = simple.refusal(operation, ResourceArn=arn, **members)
    assert error.code in {"ResourceNotFoundException", "AccessDeniedException"}


@pytest.mark.parametrize("arn", ["table", "arn:aws:s3:::bucket"])
def test_what_is_no_table_has_no_tags(simple: "Table", arn: str) -> None:
    assert simple.refusal("ListTagsOfResource", ResourceArn=arn).code in {
        "ValidationException",
        "AccessDeniedException",
    }


def test_fifty_tags_are_the_limit(make_table: "MakeTable") -> None:
    table = make_table("simple")
    arn = arn_of(table)
    table.client.call("TagResource", {"ResourceArn": arn, "Tags": tags(**{f"k{n}": "v" for n in range(50)})})
    assert table.refusal("TagResource", ResourceArn=arn, Tags=tags(more="v")).code in {
        "ValidationException",
        "LimitExceededException",
    }
    assert len(tags_of(table)) == 50


@pytest.mark.parametrize(
    "tag",
    [
        {"Key": "", "Value": "v"},
        {"Key": "k" * 129, "Value": "v"},
        {"Key": "k", "Value": "v" * 257},
        {"Key": "aws:k", "Value": "v"},
        {"Key": "k#", "Value": "v"},
        {"Key": "k", "Value": "v*"},
    ],
)
def test_a_tag_that_cannot_be_is_refused(make_table: "MakeTable", tag: Members) -> None:
    table = make_table("simple")
    assert table.refusal("TagResource", ResourceArn=arn_of(table), Tags=[tag]).code == "ValidationException"
    assert tags_of(table) == {}


def test_a_tag_may_be_as_long_and_have_any_letters(make_table: "MakeTable") -> None:
    table = make_table("simple")
    table.client.call("TagResource", {"ResourceArn": arn_of(table), "Tags": tags(**{"k" * 128: "v" * 256})})
    table.client.call("TagResource", {"ResourceArn": arn_of(table), "Tags": tags(**{"größe +-=._:/@": "\t東京 1"})})
    assert tags_of(table) == {"k" * 128: "v" * 256, "größe +-=._:/@": "\t東京 1"}


def test_tags_are_listed_in_pages(make_table: "MakeTable") -> None:
    table = make_table("simple", Tags=tags(**{f"k{n}": "v" for n in range(50)}))
    listed: list[str] = []
    token: Members = {}
    while True:
        page = table.client.call("ListTagsOfResource", {"ResourceArn": arn_of(table), **token})
        listed += [tag["Key"] for tag in page["Tags"]]
        if page.get("NextToken") is None:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(listed) == sorted(f"k{n}" for n in range(50))
    error = table.refusal("ListTagsOfResource", ResourceArn=arn_of(table), NextToken="none")
    assert error.code == "ValidationException"


def test_point_in_time_recovery_is_described(simple: "Table") -> None:
    answer = simple.call("DescribeContinuousBackups")["ContinuousBackupsDescription"]
    assert answer["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


@pytest.mark.parametrize(
    ("operation", "members", "message"),
    [
        ("TagResource", {"Tags": []}, "Atleast one Tag needs to be provided as Input."),
        ("UntagResource", {"TagKeys": []}, "Atleast one Tag Key needs to be provided as Input."),
    ],
)
def test_no_tags_are_refused(simple: "Table", operation: str, members: Members, message: str) -> None:
    error = simple.refusal(operation, ResourceArn=arn_of(simple), **members)
    assert (error.code, error.message) == ("ValidationException", message)


@pytest.mark.needs("http")
def test_tagging_answers_without_a_body(http: "SdkClient", make_table: "MakeTable") -> None:
    request = {"ResourceArn": arn_of(make_table("simple")), "Tags": tags(a="1")}
    answer = http.exchange("TagResource", orjson.dumps(request))
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
