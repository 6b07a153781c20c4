"""What was done, as one record for each operation, for whoever keeps metrics or a log."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from tenantable.engine.capacity import CONSUMED, DETAIL, OBSERVED
from tenantable.engine.session import Session
from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal, arn_of


class Observation(NamedTuple):
    """
    One operation that was carried out, or refused. It holds no values, no keys and no secrets.

    A tuple, as it is made with every request: a frozen dataclass takes three times as long to make.
    """

    operation: str
    """The API's name for it, or any text that a caller took for one."""
    table: str | None
    """The table that the request names, by name or ARN, whether it exists or not; None for none or several."""
    code: str | None
    """The name of DynamoDB's error; None for a success."""
    status: int
    """The HTTP status, also where there was no HTTP."""
    seconds: float
    """From when the engine was asked to its answer, with the wait for the commit."""
    consumed: tuple[tuple[str, float], ...]
    """Capacity units by name of table, with those of its indexes; none for what was refused."""
    principal: str | None
    """The ARN of who asked; None when everything is allowed."""
    request_id: str
    """The id of the HTTP answer; empty where there was no HTTP."""


Observer = Callable[[Observation], None]
"""Is called after each operation, by the thread that asked for it or made its commit: quickly, and without failing."""

Operation = Callable[[Session, Mapping[str, Any]], dict[str, Any]]
CarryOut = Callable[..., dict[str, Any]]
"""As `Engine._carry_out`: session, operation, request and, by name, the principal."""

_METERED = frozenset(
    "BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem PutItem "
    "Query Scan TransactGetItems TransactWriteItems UpdateItem".split()
)
_UNFORESEEN = ("InternalServerError", 500)
_new = tuple.__new__


class Telling:
    """Tells an observer of operations when they are done: those of a group that shares a commit, when that is made."""

    def __init__(self, observer: Observer, monotonic: Callable[[], float], *, is_held: Callable[[], bool]) -> None:
        """
        Args:
            monotonic: Seconds that only grow.
            is_held: Whether what this thread has just done waits for the commit of a group.
        """
        self._observer = observer
        self._monotonic = monotonic
        self._is_held = is_held
        self._held: list[tuple[float, Observation]] = []

    def tell(self, observation: Observation) -> None:
        if self._is_held():
            self._held.append((self._monotonic() - observation.seconds, observation))
        else:
            self._observer(observation)

    @contextmanager
    def until_durable(self) -> Iterator[None]:
        """Commit a group in this block. When it fails, nothing of the group was done, whatever it looked like."""
        held, self._held = self._held, []
        failure: dict[str, Any] = {}
        try:
            yield
        except BaseException:
            failure = {"code": _UNFORESEEN[0], "status": _UNFORESEEN[1], "consumed": ()}
            raise
        finally:
            for begun, observation in held:
                self._observer(observation._replace(seconds=self._monotonic() - begun, **failure))


def metered(operations: Mapping[str, Operation]) -> Mapping[str, Operation]:
    """Operations whose answers tell `observed` what they consumed, whether the request asks for it or not."""
    return {name: _metered(operation) if name in _METERED else operation for name, operation in operations.items()}


def _metered(operation: Operation) -> Operation:
    def carry_out(session: Session, request: Mapping[str, Any]) -> dict[str, Any]:
        detail = request.get(DETAIL)
        if detail is None or detail == "NONE":
            return operation(session, {**request, DETAIL: OBSERVED})
        response = operation(session, request)
        shown = response["ConsumedCapacity"]
        parts = [shown] if isinstance(shown, dict) else shown
        response[CONSUMED] = tuple([(part["TableName"], part["CapacityUnits"]) for part in parts])
        return response

    return carry_out


def observed(carry_out: CarryOut, observer: Observer, monotonic: Callable[[], float]) -> CarryOut:
    """
    As `carry_out`, and the observer is told.

    Args:
        carry_out: With the operations that `metered` gives.
        monotonic: Seconds that only grow.
    """

    def perform(
        session: Session,
        operation: str,
        request: Mapping[str, Any],
        *,
        principal: Principal | None,
        request_id: str = "",
    ) -> dict[str, Any]:
        begun = monotonic()
        table = request.get("TableName")
        if type(table) is not str:  # of a wrong form, or where nobody has to look at it
            table = None
        try:
            response = carry_out(session, operation, request, principal=principal)
        except BaseException as error:
            code, status = (error.code, error.status) if isinstance(error, DynamoError) else _UNFORESEEN
            seconds = monotonic() - begun
            observer(Observation(operation, table, code, status, seconds, (), _arn(principal), request_id))
            raise
        consumed = response.pop(CONSUMED, ())
        seconds = monotonic() - begun
        # As `Observation(...)`, at half the time, and this is done with every request.
        observer(_new(Observation, (operation, table, None, 200, seconds, consumed, _arn(principal), request_id)))
        return response

    return perform


def _arn(principal: Principal | None) -> str | None:
    return principal if principal is None else arn_of(principal)
