"""Access patterns: a signature with a docstring, a key template, and what comes back."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, get_type_hints, overload

from pydantic import BaseModel

from tenantable.declare.keys.layouts import EntityLayout, Key, KeyLayout
from tenantable.declare.queries import Query
from tenantable.declare.references import EntityT
from tenantable.declare.tables import Index
from tenantable.errors import DeclarationError, Fault

Parameters = ParamSpec("Parameters")
ResultT = TypeVar("ResultT")
Signature = Callable[Concatenate[Any, Parameters], None]
_POSITIONAL = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}


class PatternRunner(Protocol):
    """Whoever can carry patterns out: a repository."""

    def run_key(self, pattern: "KeyPattern[..., Any, Any]", values: Mapping[str, Any]) -> Any: ...

    def run_query(self, pattern: "QueryPattern[..., Any, Any]", values: Mapping[str, Any]) -> "Query[Any, Any]": ...


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What a pattern becomes once its repository class is complete: the layouts of its entities and of its key."""

    layouts: tuple[EntityLayout, ...]
    key: KeyLayout


class Pattern:
    """
    What every access pattern has.

    `place` names it (`Orders.by_status`), `owner` is the class it stands in, `description` its docstring, `parameters`
    and `annotations` are its signature's, by name, without `self`; `takes_self` says whether that was there.
    """

    def __init__(
        self,
        signature: Callable[..., None],
        *,
        entities: tuple[type[Any], ...],
        index: Index | None,
        pk: str | None,
        sk: str | None,
        view: type[BaseModel] | None,
    ) -> None:
        self.name = getattr(signature, "__name__", "pattern")
        self.place = self.name
        self.owner: type | None = None
        self.description = inspect.getdoc(signature) or ""
        self.entities = entities
        self.index = index
        self.pk = pk
        self.sk = sk
        self.view = view
        self.annotations = _annotations(signature)
        parameters = list(inspect.signature(signature).parameters.values())
        self.takes_self = _takes_self(parameters, entities)
        parameters = parameters[self.takes_self :]
        self.parameters = {parameter.name: parameter for parameter in parameters}
        self._defaults = {
            parameter.name: parameter.default
            for parameter in parameters
            if parameter.default is not inspect.Parameter.empty
        }
        self._signature = inspect.Signature(parameters)
        self._names = frozenset(self.parameters)
        self._required = self._names - self._defaults.keys()
        self._resolution: Resolution | None = None

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.owner = owner
        self.place = f"{owner.__name__}.{name}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.place}>"

    @property
    def resolution(self) -> Resolution:
        """
        Raises:
            DeclarationError: The pattern stands in no repository class.
        """
        if self._resolution is None:
            hint = "declare it as a method of a repository class"
            raise DeclarationError([Fault(place=self.place, problem="the pattern belongs to no repository", hint=hint)])
        return self._resolution

    def resolve(self, resolution: Resolution) -> None:
        """Called once, when the repository class that holds the pattern is complete."""
        self._resolution = resolution

    def arguments(self, positional: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
        """Values by parameter; TypeError as Python raises it for a call that does not fit the signature."""
        if not positional and self._required <= named.keys() <= self._names:
            return {**self._defaults, **named} if self._defaults else named
        try:
            bound = self._signature.bind(*positional, **named)
        except TypeError as error:
            unknown = ", ".join(sorted(named.keys() - self._names))
            problem = f"there is no parameter {unknown}" if unknown else str(error)
            raise TypeError(f"{self.place}: {problem}; write {self.name}{self._signature}") from None
        bound.apply_defaults()
        return bound.arguments


class KeyPattern(Pattern, Generic[Parameters, EntityT, ResultT]):
    """Finds one entity by its primary key. At a repository it is callable; at the class it is a value for grants."""

    def __init__(
        self,
        signature: Signature[Parameters],
        *,
        entity: type[EntityT],
        pk: str | None,
        sk: str | None,
        view: type[BaseModel] | None,
    ) -> None:
        super().__init__(signature, entities=(entity,), index=None, pk=pk, sk=sk, view=view)
        self.entity = entity

    @overload
    def __get__(self, repository: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, repository: PatternRunner, owner: Any) -> Callable[Parameters, ResultT | None]: ...
    def __get__(self, repository: PatternRunner | None, owner: Any) -> Any:
        if repository is None:
            return self

        def read(*positional: Parameters.args, **named: Parameters.kwargs) -> Any:
            return repository.run_key(self, self.arguments(positional, named))

        return read

    def key(self, *positional: Parameters.args, **named: Parameters.kwargs) -> Key[EntityT]:
        """The key as a value, for updates, deletes, batches and transactions."""
        return Key(entity=self.entity, values=self.arguments(positional, named))


class QueryPattern(Pattern, Generic[Parameters, EntityT, ResultT]):
    """Finds many entities in one partition; with several `entities` it is a collection."""

    def sort_key_gap(self, given: Collection[str]) -> tuple[str, str] | None:
        """
        The first part of the sort key that these parameters leave open, and one behind it that they give; None where
        they give leading parts alone: what stands behind an open part cannot narrow the search. A part that stands in
        the partition key too narrows it there.
        """
        key = self.resolution.key
        names = [] if key.sort is None else list(key.sort.names)
        open_name = next((name for name in names if name not in given), None)
        if open_name is None:
            return None
        behind = names[names.index(open_name) + 1 :]
        return next(((open_name, name) for name in behind if name in given and name not in key.partition.names), None)

    @overload
    def __get__(self, repository: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, repository: PatternRunner, owner: Any) -> Callable[Parameters, Query[EntityT, ResultT]]: ...
    def __get__(self, repository: PatternRunner | None, owner: Any) -> Any:
        if repository is None:
            return self

        def query(*positional: Parameters.args, **named: Parameters.kwargs) -> Query[EntityT, ResultT]:
            return repository.run_query(self, self.arguments(positional, named))

        return query


def _takes_self(parameters: list[inspect.Parameter], entities: tuple[type[Any], ...]) -> bool:
    """Is the first parameter the repository, rather than a field by which to find something?"""
    if not parameters or parameters[0].kind not in _POSITIONAL:
        return False
    return not any(parameters[0].name in entity.model_fields for entity in entities)


def _annotations(signature: Callable[..., None]) -> dict[str, Any]:
    """The parameters' types; nothing where a name is not known yet, which leaves the check to the type checkers."""
    try:
        return get_type_hints(signature, include_extras=True)
    except NameError:
        return {}


FirstT = TypeVar("FirstT", bound=BaseModel)
SecondT = TypeVar("SecondT", bound=BaseModel)
ThirdT = TypeVar("ThirdT", bound=BaseModel)
FourthT = TypeVar("FourthT", bound=BaseModel)


@overload
def collection(
    first: type[FirstT], second: type[SecondT], /, *, pk: str, index: Index | None = None
) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, Any, FirstT | SecondT]]: ...
@overload
def collection(
    first: type[FirstT], second: type[SecondT], third: type[ThirdT], /, *, pk: str, index: Index | None = None
) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, Any, FirstT | SecondT | ThirdT]]: ...
@overload
def collection(
    first: type[FirstT],
    second: type[SecondT],
    third: type[ThirdT],
    fourth: type[FourthT],
    /,
    *,
    pk: str,
    index: Index | None = None,
) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, Any, FirstT | SecondT | ThirdT | FourthT]]: ...
@overload
def collection(
    first: type[FirstT],
    second: type[SecondT],
    third: type[ThirdT],
    fourth: type[FourthT],
    /,
    *others: type[Any],
    pk: str,
    index: Index | None = None,
) -> Callable[[Signature[Parameters]], QueryPattern[Parameters, Any, Any]]: ...
def collection(*entities: type[Any], pk: str, index: Index | None = None) -> Any:
    """
    Declare an access pattern that finds entities of several kinds in one partition, in the order of their sort keys.

    Args:
        entities: Two kinds or more whose partition templates in the table (or `index`) all are `pk`. The repositories
            of all but the one that holds the pattern must be declared before.
    """
    return lambda signature: QueryPattern(signature, entities=entities, index=index, pk=pk, sk=None, view=None)
