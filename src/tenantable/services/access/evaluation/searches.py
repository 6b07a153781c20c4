"""
Searches: subjects, resources and actions for which a decision would be positive.

They are complete, page by page. A page may have fewer results than asked for, and even none, while `next_token` says
that there is more: one page looks at `CANDIDATES_MAX` candidates at most.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from tenantable.data.database import Database
from tenantable.data.reading.cursors import read_cursor, write_cursor
from tenantable.services.access.decisions.definitions import Definitions
from tenantable.services.access.decisions.keys import ANY, SEPARATOR, is_key
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.declaration import (
    Member,
    Members,
    Permission,
    Permissions,
    ProtectedResource,
    ProtectedResources,
)
from tenantable.services.access.errors import Malformed
from tenantable.services.access.evaluation.deciding import decide
from tenantable.services.access.evaluation.questions import (
    USER,
    Action,
    ActionSearch,
    Entity,
    Question,
    ResourceSearch,
    SearchPage,
    SubjectSearch,
)

LIMIT_DEFAULT = 100
LIMIT_MAX = 500
CANDIDATES_MAX = 500

Search = SubjectSearch | ResourceSearch | ActionSearch
Candidates = Callable[[str | None], Iterable[tuple[str, Any]]]
"""Candidates by name, in order, those behind a name alone; None: all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One page; `next_token` is empty on the last."""

    results: list[dict[str, str]]
    next_token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    context: dict[str, str]
    limit: int
    after: str | None


class Searches:
    """
    Args:
        database: As a component that may read members, resources and permissions sees it.
        cursor_key: Signs the tokens.
    """

    def __init__(self, database: Database, *, cursor_key: bytes) -> None:
        self._members = database.repository(Members)
        self._resources = database.repository(ProtectedResources)
        self._permissions = database.repository(Permissions)
        self._cursor_key = cursor_key

    def subjects(self, snapshot: Snapshot, search: SubjectSearch, *, now: float) -> Found:
        """The members who may do this, by user id."""
        page = self._page(snapshot, search, search.page)
        if search.subject.type != USER:
            return Found(results=[], next_token="")

        def candidates(after: str | None) -> Iterator[tuple[str, None]]:
            found = self._members.of_organisation(organisation_id=snapshot.organisation_id)
            found = found if after is None else found.range(Member.user_id > after)
            return ((member.user_id, None) for batch in found.pages(page.limit + 1) for member in batch)

        def fits(user_id: str, _: None) -> bool:
            subject = Entity.model_construct(type=USER, id=user_id, properties=search.subject.properties)
            question = Question.model_construct(
                subject=subject, action=search.action, resource=search.resource, context=search.context
            )
            return decide(snapshot, question, now=now)

        return self._found(page, candidates, fits, lambda user_id: {"type": USER, "id": user_id})

    def resources(self, snapshot: Snapshot, search: ResourceSearch, *, now: float) -> Found:
        """The resources of the directory with which the subject may do this, by id."""
        page, kind = self._page(snapshot, search, search.page), search.resource
        if not is_key(kind.type):
            return Found(results=[], next_token="")

        def candidates(after: str | None) -> Iterator[tuple[str, ProtectedResource]]:
            found = self._resources.of_type(organisation_id=snapshot.organisation_id, resource_type=kind.type)
            found = found if after is None else found.range(ProtectedResource.resource_id > after)
            return ((each.resource_id, each) for batch in found.consistent().pages(page.limit + 1) for each in batch)

        def fits(resource_id: str, found: ProtectedResource) -> bool:
            resource = Entity.model_construct(type=kind.type, id=resource_id, properties=kind.properties)
            question = Question.model_construct(
                subject=search.subject, action=search.action, resource=resource, context=search.context
            )
            return decide(snapshot, question, now=now, resource=found.properties)

        return self._found(page, candidates, fits, lambda resource_id: {"type": kind.type, "id": resource_id})

    def actions(self, snapshot: Snapshot, search: ActionSearch, *, now: float) -> Found:
        """
        What the subject may do with the resource, by name: of the actions that a permission set of the platform or the
        organisation names, or a permission of the catalogue whose category is called as the resource's type.
        """
        page, kind = self._page(snapshot, search, search.page), search.resource.type
        if not is_key(kind):
            return Found(results=[], next_token="")

        def candidates(after: str | None) -> Iterator[tuple[str, None]]:
            return ((name, None) for name in self._actions(snapshot, kind) if after is None or name > after)

        def fits(name: str, _: None) -> bool:
            question = Question.model_construct(
                subject=search.subject,
                action=Action.model_construct(name=name, properties={}),
                resource=search.resource,
                context=search.context,
            )
            return decide(snapshot, question, now=now)

        return self._found(page, candidates, fits, lambda name: {"name": name})

    def _actions(self, snapshot: Snapshot, resource_type: str) -> list[str]:
        """The names of the actions that are known for a type of resources, in order."""
        prefix = resource_type + SEPARATOR
        keys = named_keys(snapshot)
        # The catalogue is found by category alone: those that are called as the type is, or as its first segment.
        for category in {resource_type, resource_type.partition(SEPARATOR)[0]}:
            found = self._permissions.by_category(category=category)
            keys |= {each.permission_id for each in found.range(Permission.permission_id.begins_with(prefix))}
        names = {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
        return sorted(name for name in names if SEPARATOR not in name and name != ANY)

    def _page(
        self, snapshot: Snapshot, search: SubjectSearch | ResourceSearch | ActionSearch, asked: SearchPage
    ) -> _Page:
        """
        Where to go on, and how far.

        Raises:
            InvalidCursor, Malformed: The token is none, or the request is not the one that it was given for.
        """
        entities = search.model_dump(exclude={"page"}) | {"page": asked.properties}
        digest = hashlib.sha256(orjson.dumps(entities, option=orjson.OPT_SORT_KEYS)).hexdigest()
        context = {"search": type(search).__name__, "organisation": snapshot.organisation_id, "digest": digest}
        limit = LIMIT_DEFAULT if asked.limit is None else min(asked.limit, LIMIT_MAX)
        if not asked.token:
            return _Page(context=context, limit=limit, after=None)
        position: dict[str, Any] = read_cursor(self._cursor_key, context, asked.token)
        if position["limit"] == 0:  # a page that was asked to be empty; with its limit no page would ever come further
            return _Page(context=context, limit=limit, after=position["after"])
        if asked.limit is not None and limit != position["limit"]:
            raise Malformed("page.limit: it differs from that of the page before")
        return _Page(context=context, limit=position["limit"], after=position["after"])

    def _found(
        self,
        page: _Page,
        candidates: Candidates,
        fits: Callable[[str, Any], bool],
        show: Callable[[str], dict[str, str]],
    ) -> Found:
        results: list[dict[str, str]] = []
        last = page.after
        waiting = iter(candidates(page.after))
        for name, found in islice(waiting, CANDIDATES_MAX):
            if len(results) >= page.limit:
                return Found(results=results, next_token=self._token(page, last))
            last = name
            if fits(name, found):
                results.append(show(name))
        if next(waiting, None) is None:
            return Found(results=results, next_token="")
        return Found(results=results, next_token=self._token(page, last))

    def _token(self, page: _Page, last: str | None) -> str:
        position: dict[str, Any] = {"after": last, "limit": page.limit}
        return write_cursor(self._cursor_key, page.context, position)


def named_keys(snapshot: Snapshot) -> set[str]:
    """The keys, without wildcards, that permission sets of the organisation and the platform name."""
    keys: set[str] = set()
    definitions: Definitions | None = snapshot.definitions
    while definitions is not None:
        keys |= {entry.key for each in definitions.permission_sets.values() for entry in each.entries}
        definitions = definitions.above
    return {key for key in keys if not key.endswith(ANY)}
