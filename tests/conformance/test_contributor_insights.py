"""Contributor insights of tables and global indexes: enabled, described, listed and disabled."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.conftest import index

if TYPE_CHECKING:
    from tests.conformance.conftest import Table

    MakeTable = Callable[..., Table]

pytestmark = pytest.mark.needs("contributor insights")
Members = dict[str, Any]
INDEXED: Members = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "x")],
    "GlobalSecondaryIndexes": [index("by-x", "x"), index("by-x-too", "x")],
}


def enable(table: "Table", **members: Any) -> Members:
    return table.call("UpdateContributorInsights", ContributorInsightsAction="ENABLE", **members)


def disable(table: "Table", **members: Any) -> Members:
    return table.call("UpdateContributorInsights", ContributorInsightsAction="DISABLE", **members)


def describe(table: "Table", **members: Any) -> Members:
    """Once nothing is under way any more."""
    while True:
        description = table.call("DescribeContributorInsights", **members)
        if description["ContributorInsightsStatus"] in {"ENABLED", "DISABLED", "FAILED"}:
            return description


def test_insights_are_disabled_at_first(simple: "Table") -> None:
    description = describe(simple)
    assert (description["TableName"], description["ContributorInsightsStatus"]) == (simple.name, "DISABLED")
    assert not description.get("ContributorInsightsRuleList")


def test_insights_are_enabled_and_disabled(make_table: "MakeTable") -> None:
    table = make_table("simple")
    answer = enable(table)
    assert answer["TableName"] == table.name
    assert answer["ContributorInsightsStatus"] in {"ENABLING", "ENABLED"}
    description = describe(table)
    assert description["ContributorInsightsStatus"] == "ENABLED"
    assert isinstance(description["LastUpdateDateTime"], float | int)
    assert disable(table)["ContributorInsightsStatus"] in {"DISABLING", "DISABLED"}
    assert describe(table)["ContributorInsightsStatus"] == "DISABLED"


@pytest.mark.parametrize(
    ("schema", "mode", "kinds"),
    [
        ("simple", None, ["PKC", "PKT"]),
        ("composite", "ACCESSED_AND_THROTTLED_KEYS", ["PKC", "PKT", "SKC", "SKT"]),
        ("composite", "THROTTLED_KEYS", ["PKT", "SKT"]),
    ],
)
def test_the_mode_decides_what_is_counted(
    make_table: "MakeTable", schema: str, mode: str | None, kinds: list[str]
) -> None:
    table = make_table(schema)
    enable(table, **({} if mode is None else {"ContributorInsightsMode": mode}))
    description = describe(table)
    assert description["ContributorInsightsMode"] == (mode or "ACCESSED_AND_THROTTLED_KEYS")
    rules = [name.split("-")[:2] for name in description["ContributorInsightsRuleList"]]
    assert sorted(rules) == [["DynamoDBContributorInsights", kind] for kind in kinds]


def test_an_index_has_a_setting_of_its_own(make_table: "MakeTable") -> None:
    table = make_table("simple", **INDEXED)
    assert enable(table, IndexName="by-x")["IndexName"] == "by-x"
    assert describe(table, IndexName="by-x")["ContributorInsightsStatus"] == "ENABLED"
    assert describe(table, IndexName="by-x-too")["ContributorInsightsStatus"] == "DISABLED"
    assert describe(table)["ContributorInsightsStatus"] == "DISABLED"


def test_a_table_and_its_global_indexes_are_listed_in_pages(make_table: "MakeTable") -> None:
    table = make_table("simple", **INDEXED)
    enable(table, IndexName="by-x")
    describe(table, IndexName="by-x")
    listed: list[Members] = []
    token: Members = {}
    while True:
        page = table.call("ListContributorInsights", MaxResults=1, **token)
        assert len(page["ContributorInsightsSummaries"]) <= 1
        listed += page["ContributorInsightsSummaries"]
        if page.get("NextToken") is None:
            break
        token = {"NextToken": page["NextToken"]}
    assert {each["TableName"] for each in listed} == {table.name}
    statuses = {each.get("IndexName"): each["ContributorInsightsStatus"] for each in listed}
    assert statuses["by-x"] == "ENABLED"


def test_all_tables_are_listed_without_a_name(make_table: "MakeTable") -> None:
    made = [make_table("simple") for _ in range(2)]
    for table in made:
        enable(table)
    listed: list[Members] = []
    token: Members = {}
    while True:
        page = made[0].client.call("ListContributorInsights", token)
        listed += page["ContributorInsightsSummaries"]
        if page.get("NextToken") is None:
            break
        token = {"NextToken": page["NextToken"]}
    assert {table.name for table in made} <= {each["TableName"] for each in listed}


@pytest.mark.parametrize("token", ["?", "bm9uZQ==", "W10="])
def test_a_token_that_nobody_gave_is_refused(simple: "Table", token: str) -> None:
    assert simple.refusal("ListContributorInsights", NextToken=token).code == "ValidationException"


@pytest.mark.parametrize("count", [0, -1, 101])
def test_a_page_has_one_to_a_hundred_entries(simple: "Table", count: int) -> None:
    assert simple.refusal("ListContributorInsights", MaxResults=count).code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("DescribeContributorInsights", {}),
        ("ListContributorInsights", {}),
        ("UpdateContributorInsights", {"ContributorInsightsAction": "ENABLE"}),
    ],
)
def test_what_does_not_exist_has_no_insights(
    indexed: "Table", unused_name: str, operation: str, members: Members
) -> None:
    missing = indexed.refusal(operation, **members | {"TableName": unused_name})
    assert missing.code == "ResourceNotFoundException"
    if operation != "ListContributorInsights":
        for name in ("none", "by-rank"):  # a local index has none of its own
            assert indexed.refusal(operation, IndexName=name, **members).code == "ResourceNotFoundException"
