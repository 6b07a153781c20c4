"""Who watches the engines of this process, as the command line or the settings ask for it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from tenantable.engine import Engine
from tenantable.engine.metering.observation import Observation, Observer
from tenantable.engine.operations import OPERATIONS
from tenantable.engine.server import http_address
from tenantable.errors import AddressError
from tenantable.local.observation.metrics import engine_registry
from tenantable.local.observation.requests import log_other_request, log_request
from tenantable.local.observation.tallies import Tallies
from tenantable.wire.arns import Home


class Watch:
    """Counts operations, logs them, or neither."""

    def __init__(self, *, counts: bool, logs_requests: bool) -> None:
        self.tallies = Tallies(OPERATIONS) if counts else None
        self._logs_requests = logs_requests

    def observer(self, home: Home) -> Observer | None:
        """What the engine of an account and region is to call; None when nobody watches."""
        count = None if self.tallies is None else self.tallies.observer(home)
        if not self._logs_requests:
            return count

        def observe(observation: Observation) -> None:
            if count is not None:
                count(observation)
            log_request(home, observation)

        return observe

    def refused(self, code: str) -> None:
        """To be told of every request that came to no engine."""
        if self.tallies is not None:
            self.tallies.refuse(code)

    def other(self, service: str, action: str, status: int, code: str | None) -> None:
        """To be told of every call of another service than DynamoDB."""
        if self._logs_requests:
            log_other_request(service, action, status, code)

    @contextmanager
    def exposed(
        self, engines: Callable[[], Iterable[Engine]], *, host: str, port: int, connections: Callable[[], int]
    ) -> Iterator[str]:
        """
        Serve the metrics until the end of the block.

        Args:
            port: 0 takes any free one.
        Returns:
            The address to scrape.
        Raises:
            AddressError: The port is taken, or the address is not one of this machine.
        """
        assert self.tallies is not None
        registry = engine_registry(self.tallies, engines, connections)
        try:
            server, thread = start_http_server(port, addr=host, registry=registry)
        except OSError as error:
            hint = "choose another one with --metrics-port"
            raise AddressError(
                f"Metrics cannot be served on {host} port {port}: {error.strerror}", hint=hint
            ) from error
        try:
            yield f"{http_address(host, server.server_port)}/metrics"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
