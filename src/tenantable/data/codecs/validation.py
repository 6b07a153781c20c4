"""Single values, validated as the entity validates whole instances: by Pydantic, with every validator of the field."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NewType, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import SchemaValidator

from tenantable.data.codecs.values import element_annotation
from tenantable.declare.annotations import is_union
from tenantable.declare.references import PathStep

BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
"""Pydantic's names of what limits a number, and the comparators they stand for."""


class FieldValidation:
    """Validates the fields of one entity one by one; all methods raise Pydantic's ValidationError."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._validator = _fields_validator(model)
        self._adapters: dict[tuple[Any, ...], TypeAdapter[Any]] = {}

    def field(self, name: str, value: Any, others: Mapping[str, Any]) -> Any:
        """A field's value; `others` are the values that its validators may look at."""
        given = {other: content for other, content in others.items() if other in self._model.model_fields}
        assigned: Any = self._validator.validate_assignment(given, name, value)
        return assigned[0][name]

    def below(self, name: str, steps: tuple[PathStep, ...], value: Any) -> Any:
        """A value that stands below a field (`steps` empty: the field's own), by its type alone."""
        place = (name, *map(type, steps))
        adapter = self._adapters.get(place)
        if adapter is None:
            adapter = self._adapters[place] = TypeAdapter(self.annotation(name, steps))
        return adapter.validate_python(value)

    def annotation(self, name: str, steps: tuple[PathStep, ...] = ()) -> Any:
        """The type of a field, or of what lies below it; Any where it is not declared."""
        annotation: Any = self._model.model_fields[name].annotation
        for step in steps:
            annotation = element_annotation(annotation, step)
        return annotation

    def bounds(self, name: str, steps: tuple[PathStep, ...] = ()) -> dict[str, Any]:
        """What limits a number, by Pydantic's word: `{"le": 10}`."""
        marks = list(_marks(self.annotation(name, steps)))
        if not steps:
            marks += _unpacked(self._model.model_fields[name].metadata)
        return {word: getattr(mark, word) for mark in marks for word in BOUNDS if getattr(mark, word, None) is not None}


def _fields_validator(model: type[BaseModel]) -> SchemaValidator:
    """The part of the model's validator that knows the fields: the model itself is frozen and refuses assignments."""
    schema: Any = model.__pydantic_core_schema__
    definitions: list[Any] = []
    config = None
    while schema["type"] != "model-fields":
        definitions = schema.get("definitions", definitions)
        config = schema.get("config", config)
        if schema["type"] == "definition-ref":
            schema = next(defined for defined in definitions if defined["ref"] == schema["schema_ref"])
        else:
            schema = schema["schema"]
    if definitions:
        schema = {"type": "definitions", "schema": schema, "definitions": definitions}
    return SchemaValidator(schema, config)


def _marks(annotation: Any) -> Iterator[Any]:
    """Everything that `Annotated` says of a type, under aliases and beside None too."""
    if isinstance(annotation, NewType):
        yield from _marks(annotation.__supertype__)
    elif hasattr(annotation, "__value__"):
        yield from _marks(annotation.__value__)
    elif get_origin(annotation) is Annotated:
        plain, *marks = get_args(annotation)
        yield from _marks(plain)
        yield from _unpacked(marks)
    elif is_union(annotation):
        for member in get_args(annotation):
            yield from _marks(member)


def _unpacked(marks: list[Any]) -> Iterator[Any]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)
