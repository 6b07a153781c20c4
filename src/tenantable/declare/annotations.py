"""What an attribute's annotation means: its type without wrappers, and whether it may be None."""

import types
from enum import Enum
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin

NoneType = type(None)


def plain_type(annotation: Any) -> Any:
    """The annotation without `Annotated`, `NewType`, aliases (`type X = ...`) and an optional None."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif is_union(annotation) and len(present := _without_none(annotation)) == 1:
            annotation = present[0]
        else:
            return annotation


def is_optional(annotation: Any) -> bool:
    """May the value be None?"""
    if hasattr(annotation, "__value__"):
        return is_optional(annotation.__value__)
    if get_origin(annotation) is Annotated:
        return is_optional(get_args(annotation)[0])
    return annotation is Any or annotation is None or (is_union(annotation) and NoneType in get_args(annotation))


def is_union(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, types.UnionType}


def value_types(annotation: Any) -> frozenset[type]:
    """The Python types that values of a scalar annotation have; empty when it is no scalar."""
    plain = plain_type(annotation)
    if get_origin(plain) is Literal:
        return frozenset(type(value) for value in get_args(plain))
    if isinstance(plain, type) and issubclass(plain, Enum):
        return frozenset(type(member.value) for member in plain)
    return frozenset({plain}) if isinstance(plain, type) else frozenset()


def few_values(annotation: Any) -> int | None:
    """How many values a type has, when it lists them; None for all others. None is no value: it stands in no key."""
    plain = plain_type(annotation)
    if get_origin(plain) is Literal:
        return len(get_args(plain))
    if isinstance(plain, type) and issubclass(plain, Enum):
        return len(plain)
    return 2 if plain is bool else None


def _without_none(union: Any) -> tuple[Any, ...]:
    return tuple(member for member in get_args(union) if member is not NoneType)
