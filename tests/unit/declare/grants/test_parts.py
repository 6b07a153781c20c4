"""Grants taken apart, in the words of a declaration."""

import pytest

from tenantable.data import Repository
from tenantable.declare import Attr, Component, Entity, Grant, Index, Table, allow, allow_resource, writes
from tenantable.declare.grants import ResourceGrant
from tenantable.declare.grants.parts import breadth, grant_parts, grant_words
from tenantable.declare.naming import Naming
from tenantable.services.webhooks.declaration import SYSTEM

by_day = Index("by-day")
diary = Table("diary", by_day)


class Page(Entity, table=diary, stored_names=str.upper):
    day: Attr[str]
    text: Attr[str]


class Pages(Repository[Page]):
    @Page.key(pk="DAY#{day}", sk="PAGE")
    def get(self, *, day: str) -> None:
        """One page."""

    @Page.query(by_day, pk="PAGES", sk="{day}")
    def every(self) -> None:
        """All pages."""


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        (allow(Pages.get), "allow(Pages.get)"),
        (allow(Pages.get, Pages.every, batch=True), "allow(Pages.get, Pages.every, batch=True)"),
        (allow(writes(Page, "create", "put")), 'allow(writes(Page, "create", "put"))'),
        (
            allow(writes(Page, "update"), attributes=[Page.text, "zebra"], in_transaction=True),
            'allow(writes(Page, "update"), attributes=[Page.text, "zebra"], in_transaction=True)',
        ),
    ],
)
def test_a_grant_is_worded_as_it_was_declared(grant: Grant, words: str) -> None:
    assert grant_words(grant) == words


def test_a_grant_on_another_resource_is_worded_too() -> None:
    grant = allow_resource("sqs", "SendMessage", "GetQueueUrl", resource="jobs")
    assert grant_words(grant) == 'allow_resource("sqs", "GetQueueUrl", "SendMessage", resource="jobs")'


def test_each_pattern_each_kind_of_write_and_each_action_is_a_part() -> None:
    granted: list[Grant | ResourceGrant] = [
        allow(Pages.get, Pages.every, writes(Page, "create", "delete")),
        allow(Pages.get),
        allow_resource("sqs", "SendMessage", "GetQueueUrl", resource="jobs"),
    ]
    assert [part.words for part in grant_parts(Component("writer", grants=granted))] == [
        "allow(Pages.get)",
        "allow(Pages.every)",
        'allow(writes(Page, "create"))',
        'allow(writes(Page, "delete"))',
        'allow_resource("sqs", "GetQueueUrl", resource="jobs")',
        'allow_resource("sqs", "SendMessage", resource="jobs")',
    ]


@pytest.mark.parametrize("component", SYSTEM.components, ids=lambda each: each.name)
def test_the_parts_of_a_component_permit_together_what_it_permits(component: Component) -> None:
    def permitted(each: Component) -> set[tuple[object, ...]]:
        return {
            (permission.table, permission.index, action, permission.attributes, permission.transactional, keys)
            for permission in each.permissions(Naming())
            for action in permission.actions
            for keys in permission.leading_keys or [None]
        }

    parts = grant_parts(component)
    assert set().union(*(permitted(part.alone) for part in parts)) == permitted(component)


def test_whole_items_are_broader_than_named_attributes() -> None:
    whole, some = (
        breadth(Component("any", grants=[grant]).permissions(Naming()))
        for grant in (allow(writes(Page, "update")), allow(writes(Page, "update"), attributes=[Page.text]))
    )
    assert some < whole
