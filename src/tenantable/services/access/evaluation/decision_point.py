"""
The answers of the policy decision point: one decision, several at once, and searches.

Source: OpenID AuthZEN Authorization API 1.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenantable.errors import ServiceError
from tenantable.services.access.decisions.snapshot import Snapshot
from tenantable.services.access.errors import Malformed
from tenantable.services.access.evaluation.deciding import decide, is_at_hand
from tenantable.services.access.evaluation.inquiries import Asked, Doorkeeper, Inquiry
from tenantable.services.access.evaluation.metrics import DecisionMetrics
from tenantable.services.access.evaluation.questions import (
    ENTITIES,
    ActionSearch,
    Question,
    ResourceSearch,
    SubjectSearch,
    read,
    read_document,
    with_defaults,
)
from tenantable.services.access.evaluation.searches import Found, Searches
from tenantable.services.access.http.versions import version_text

EVALUATIONS_MAX = 500
"""Evaluations of one request."""
_ENDS_WITH = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
"""With which decision each semantic stops."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is answered. `version` is that of the organisation which it rests on; None where there were several."""

    document: dict[str, Any]
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class DecisionPoint:
    """All of its methods but `evaluation_at_hand` may read the table, and wait for it."""

    doorkeeper: Doorkeeper
    searches: Searches
    metrics: DecisionMetrics
    clock: Callable[[], float]

    def evaluation(self, asked: Asked) -> Answer:
        """
        One decision.

        Raises:
            NotAuthenticated, Malformed, NotFound, Forbidden, Stale, Unprocessable: The request itself fails.
        """
        inquiry = self.doorkeeper.inquiry(asked)
        return self._single(inquiry, read_document(asked.body, asked.content_type))

    def evaluation_at_hand(self, asked: Asked) -> Answer | None:
        """As `evaluation`, when nothing must be read for that; else None. Never waits."""
        inquiry = self.doorkeeper.inquiry_at_hand(asked)
        if inquiry is None:
            return None
        question = read(Question, read_document(asked.body, asked.content_type))
        snapshot = inquiry.snapshot_at_hand(question.context)
        now = self.clock()
        if snapshot is None or not is_at_hand(snapshot, question, now=now):
            return None
        return self._decided(snapshot, question, now)

    def evaluations(self, asked: Asked) -> Answer:
        """
        Several decisions in the order of the request. One that cannot be made is a denial that says why.

        Raises:
            NotAuthenticated, Malformed, NotFound, Forbidden, Stale, Unprocessable: The request as a whole fails.
        """
        inquiry = self.doorkeeper.inquiry(asked)
        document = read_document(asked.body, asked.content_type)
        items = document.get("evaluations", [])
        if not isinstance(items, list):
            raise Malformed("evaluations: it is an array")
        if not items:
            return self._single(inquiry, document)
        if len(items) > EVALUATIONS_MAX:
            raise Malformed(f"evaluations: there are {len(items)}; at most {EVALUATIONS_MAX} are allowed")
        defaults = {name: document[name] for name in ENTITIES if name in document}
        for name, default in defaults.items():
            if not isinstance(default, dict):
                raise Malformed(f"{name}: it is an object")
        ends_with = _ends_with(document)
        answers: list[dict[str, Any]] = []
        for item in items:
            answers.append(self._one_of_several(inquiry, item, defaults))
            if answers[-1]["decision"] is ends_with:
                break
        return Answer(document={"evaluations": answers})

    def search_subjects(self, asked: Asked) -> Answer:
        """Raises: As `evaluation`; InvalidCursor for a token of another search."""
        inquiry, search = self._search(asked, SubjectSearch)
        snapshot = inquiry.snapshot(search.context)
        return _page(snapshot, self.searches.subjects(snapshot, search, now=self.clock()))

    def search_resources(self, asked: Asked) -> Answer:
        """Raises: As `search_subjects`."""
        inquiry, search = self._search(asked, ResourceSearch)
        snapshot = inquiry.snapshot(search.context)
        return _page(snapshot, self.searches.resources(snapshot, search, now=self.clock()))

    def search_actions(self, asked: Asked) -> Answer:
        """Raises: As `search_subjects`."""
        inquiry, search = self._search(asked, ActionSearch)
        snapshot = inquiry.snapshot(search.context)
        return _page(snapshot, self.searches.actions(snapshot, search, now=self.clock()))

    def _search(self, asked: Asked, form: type[Any]) -> tuple[Inquiry, Any]:
        inquiry = self.doorkeeper.inquiry(asked)
        return inquiry, read(form, read_document(asked.body, asked.content_type))

    def _single(self, inquiry: Inquiry, document: dict[str, Any]) -> Answer:
        question = read(Question, document)
        return self._decided(inquiry.snapshot(question.context), question, self.clock())

    def _one_of_several(self, inquiry: Inquiry, item: Any, defaults: dict[str, Any]) -> dict[str, Any]:
        try:
            question = read(Question, with_defaults(item, defaults))
            return self._decided(inquiry.snapshot(question.context), question, self.clock()).document
        except ServiceError as error:
            self.metrics.count_error()
            return {"decision": False, "context": {"error": {"status": error.status, "message": error.message}}}

    def _decided(self, snapshot: Snapshot, question: Question, now: float) -> Answer:
        decision = decide(snapshot, question, now=now)
        self.metrics.count(decision)
        return Answer(document={"decision": decision}, version=version_text(snapshot.organisation_id, snapshot.version))


def _ends_with(document: dict[str, Any]) -> bool | None:
    options = document.get("options", {})
    if not isinstance(options, dict):
        raise Malformed("options: it is an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in _ENDS_WITH:
        known = ", ".join(_ENDS_WITH)
        raise Malformed("options.evaluations_semantic: there is no such semantic", hint=f"use one of {known}")
    return _ENDS_WITH[semantic]


def _page(snapshot: Snapshot, found: Found) -> Answer:
    page = {"next_token": found.next_token, "count": len(found.results)}
    version = version_text(snapshot.organisation_id, snapshot.version)
    return Answer(document={"page": page, "results": found.results}, version=version)
