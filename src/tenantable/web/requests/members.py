"""What is told of a body's members that are not known, or of something else in the place of an object."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from tenantable.errors import near_names

_SHOWN_MAX = 12
_NAME_CHARACTERS_MAX = 60
_NO_OBJECT = frozenset({"model_type", "model_attributes_type"})
_IN_BODY = ("body", "document")
"""With what the place of something in a body may begin."""


def told(fault: Mapping[str, Any], body: type[BaseModel] | None) -> str:
    """
    What is wrong, with what may have been meant.

    Args:
        fault: As Pydantic's `errors()` gives it.
        body: What the whole body, or document, is to be; None: it is not known, and Pydantic's own words are told.
    """
    message, kind = str(fault["msg"]), fault["type"]
    if body is None or kind not in {"extra_forbidden", *_NO_OBJECT}:
        return message
    place = list(fault["loc"])
    if place and place[0] in _IN_BODY:
        place = place[1:]
    if kind == "extra_forbidden":
        known = _members(_models(body, place[:-1]))
        return _unknown(str(place[-1])[:_NAME_CHARACTERS_MAX], known) if known else message
    known = _members(_models(body, place))
    return f"An object is expected here, with {_listed(known)}" if known else message


def body_of(endpoint: Any) -> type[BaseModel] | None:
    """What the body of requests to an endpoint is to be; None where it takes none, or is no plain function."""
    try:
        parameters = signature(endpoint, eval_str=True).parameters.values()
    except (TypeError, ValueError, NameError):
        return None
    for each in parameters:
        if isinstance(each.annotation, type) and issubclass(each.annotation, BaseModel):
            return each.annotation
    return None


def _unknown(name: str, known: Sequence[str]) -> str:
    near = near_names(name, known)
    return f"{name} is not known here; " + (
        f"did you mean {' or '.join(near)}?" if near else f"known: {_listed(known)}"
    )


def _listed(known: Sequence[str]) -> str:
    return ", ".join(known[:_SHOWN_MAX]) + (", ..." if len(known) > _SHOWN_MAX else "")


def _members(models: Iterator[type[BaseModel]]) -> list[str]:
    """As they are written in a body, in the order in which they are declared."""
    names = (field.alias or name for model in models for name, field in model.model_fields.items())
    return list(dict.fromkeys(names))


def _models(kind: Any, place: Sequence[Any]) -> Iterator[type[BaseModel]]:
    """The models that may be meant at a place within something of this type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if not place:
            yield kind
        for name, field in kind.model_fields.items():
            if place and place[0] in (field.alias, name):
                yield from _models(field.annotation, place[1:])
        return
    arguments = get_args(kind)
    if get_origin(kind) is Annotated:
        yield from _models(arguments[0], place)
    elif get_origin(kind) in (list, tuple, dict):
        # A step into a collection; of a dict the values, of which the last argument is the type.
        yield from _models(arguments[-1], place[1:]) if place else ()
    else:  # a union, or something without members
        for each in arguments:
            yield from _models(each, place)
