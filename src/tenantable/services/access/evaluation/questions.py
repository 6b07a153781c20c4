"""
What callers ask: a subject, an action, a resource and a context, in the words of AuthZEN, checked and bounded.

Source: OpenID AuthZEN Authorization API 1.0. What is not known here is passed over, as it demands.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenantable.services.access.decisions.keys import SEPARATOR, is_key
from tenantable.services.access.errors import Malformed

USER = "user"
"""The type of subjects that are users; there are no others yet."""
DEPTH_MAX = 32
"""Objects and arrays around a value of a request."""
PROPERTIES_MAX = 200
"""Properties of a subject, a resource, an action or a context."""
ENTITIES = ("subject", "action", "resource", "context")
_NEEDED = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}
_JSON = "application/json"

Name = Annotated[str, Field(min_length=1, max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=1024)]
Properties = Annotated[dict[str, Any], Field(max_length=PROPERTIES_MAX)]
QuestionT = TypeVar("QuestionT", bound="Part")


class Part(BaseModel):
    """Strict about what is known, and blind to the rest."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Entity(Part):
    """A subject or a resource; its properties count over those of the directory."""

    type: Name
    id: Id
    properties: Properties = {}


class Kind(Part):
    """A subject or a resource that is searched for."""

    type: Name
    properties: Properties = {}


class Action(Part):
    """What would be done."""

    name: Name
    properties: Properties = {}


class Question(Part):
    """May the subject do this with the resource?"""

    subject: Entity
    action: Action
    resource: Entity
    context: Properties = {}


class SearchPage(Part):
    """Which part of a search's results; `token` is `next_token` of the page before."""

    token: Annotated[str, Field(max_length=16384)] | None = None
    limit: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    properties: Properties = {}


class SubjectSearch(Part):
    """Which subjects may do this with the resource?"""

    subject: Kind
    action: Action
    resource: Entity
    context: Properties = {}
    page: SearchPage = SearchPage()


class ResourceSearch(Part):
    """With which resources may the subject do this?"""

    subject: Entity
    action: Action
    resource: Kind
    context: Properties = {}
    page: SearchPage = SearchPage()


class ActionSearch(Part):
    """What may the subject do with the resource?"""

    subject: Entity
    resource: Entity
    context: Properties = {}
    page: SearchPage = SearchPage()


def read_document(body: bytes, content_type: str | None) -> dict[str, Any]:
    """
    The JSON object that a request has for its body.

    Raises:
        Malformed: There is none.
    """
    if (content_type or "").partition(";")[0].strip().lower() != _JSON:
        raise Malformed(f"The header content-type: {_JSON} is missing")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed("The body is empty" if not body else f"The body is no JSON: {error.msg}") from error
    if not isinstance(document, dict):
        raise Malformed("The body is no JSON object")
    if body.count(b"{") + body.count(b"[") > DEPTH_MAX:
        _check_depth(document)
    return document


def read(form: type[QuestionT], document: Mapping[str, Any]) -> QuestionT:
    """
    A request of this form.

    Raises:
        Malformed: Something is missing or of another type; names the first.
    """
    try:
        return form.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise Malformed(f"{place}: {first['msg']}") from error


def with_defaults(item: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """
    One evaluation of several: what it leaves out is as the request says for all, and so are a missing type, id or name.

    Raises:
        Malformed: It is no object.
    """
    if not isinstance(item, dict):
        raise Malformed("An evaluation is an object")
    merged = {**defaults, **{name: item[name] for name in ENTITIES if name in item}}
    for name, needed in _NEEDED.items():
        own, default = merged.get(name), defaults.get(name)
        if own is not default and isinstance(own, dict) and isinstance(default, dict):
            fallen_back = {part: default[part] for part in needed if part in default and part not in own}
            merged[name] = {**own, **fallen_back}
    return merged


@lru_cache(maxsize=16384)
def key_of(resource_type: str, action_name: str) -> str | None:
    """The permission that is asked for; None where there can be none: then nothing is allowed."""
    key = f"{resource_type}{SEPARATOR}{action_name}"
    # With a separator in the action's name two different requests would ask for the same permission.
    return key if SEPARATOR not in action_name and is_key(key) else None


def _check_depth(document: Any) -> None:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise Malformed(f"The body is nested more than {DEPTH_MAX} deep")
        inside: list[Any] = []
        for each in level:
            values = each.values() if isinstance(each, dict) else each
            inside += [value for value in values if isinstance(value, dict | list)]
        level = inside
