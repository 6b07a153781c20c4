"""From what the command line asks for to an endpoint that can be served."""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tenantable.engine import Engine
from tenantable.engine.accounts.callers import ACCOUNT
from tenantable.engine.accounts.homes import Homes
from tenantable.engine.http.endpoint import Endpoint
from tenantable.engine.server import PORT_MAX, listen
from tenantable.engine.signature import AccessKey, AccessKeyLookup
from tenantable.engine.storage.files import Durability
from tenantable.errors import SettingsError
from tenantable.local.endpoint.services import OtherServices
from tenantable.local.secrets import ADMINISTRATOR, profile_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.wire.arns import Home

if TYPE_CHECKING:
    from tenantable.local.observation.observing import Watch


@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """
    What one process serves.

    `data` is None for memory, `objects` the folder of buckets that all accounts share, `credentials` (the folder of the
    access keys) None when signatures are not checked. `accounts` get a key each, beside the default one. `throttle` and
    `eventual_seconds` are those of `Engine`. `metrics_port` is None when nobody asks for metrics. `workers` is how many
    processes serve the same.
    """

    data: Path | None
    objects: Path
    credentials: Path | None
    accounts: tuple[str, ...]
    durability: Durability
    throttle: float
    eventual_seconds: float
    metrics_port: int | None
    metrics_host: str
    logs_requests: bool
    workers: int

    def of_worker(self, number: int) -> "EndpointOptions":
        """What the worker of this number serves, from 0: it enforces its part, and its metrics have their own port."""
        port = self.metrics_port + number if self.metrics_port else self.metrics_port
        return replace(self, throttle=self.throttle / self.workers, metrics_port=port)


@dataclass(frozen=True, kw_only=True)
class RunningEndpoint:
    """An endpoint to be served; `metrics_address` is where its metrics are, None when they are not."""

    endpoint: Endpoint
    metrics_address: str | None


@contextmanager
def run_endpoint(options: EndpointOptions) -> Iterator[RunningEndpoint]:
    """
    Open the data folder, and look after its engines until the end of the block.

    Raises:
        StorageError: The folder cannot be used.
        SettingsError: An account has another form.
        AddressError: Metrics cannot be served there.
    """
    watch = _watch(options)

    services = OtherServices(options.data, options.credentials, told=None if watch is None else watch.other)

    def open_engine(path: Path | str, home: Home) -> Engine:
        return Engine(
            path,
            home=home,
            authorizer=services.authorizer(home),
            durability=options.durability,
            objects=options.objects,
            throttle=options.throttle,
            eventual_seconds=options.eventual_seconds,
            observer=None if watch is None else watch.observer(home),
        )

    with ExitStack() as stack:
        stack.callback(services.close)
        homes = stack.enter_context(Homes(options.data or ":memory:", open_engine, clock=time.time))
        served = dynamo_endpoint(
            homes.default,
            homes=homes,
            access_keys=None if options.credentials is None else _access_keys(options.credentials, options.accounts),
            # Reads must not wait behind the commit of another process, however short it is.
            commits_wait=options.workers > 1 or (options.durability == "power" and options.data is not None),
            refused=None if watch is None else watch.refused,
            temporary_keys=services.temporary_key,
            others=services,
        )
        endpoint = stack.enter_context(served)
        address = None
        if watch is not None and options.metrics_port is not None:
            exposed = watch.exposed(
                homes.engines,
                host=options.metrics_host,
                port=options.metrics_port,
                connections=lambda: len(endpoint.connections),
            )
            address = stack.enter_context(exposed)
        yield RunningEndpoint(endpoint=endpoint, metrics_address=address)


def prepare_for_workers(options: EndpointOptions) -> None:
    """
    Make the data folder with its keys, or say why workers could not use it: they would only die, one after the other.

    Raises:
        TenantableError: As `run_endpoint`, and for the metrics of all workers.
    """
    with run_endpoint(replace(options, metrics_port=None, logs_requests=False)):
        pass
    for number in range(options.workers if options.metrics_port else 0):
        port = options.of_worker(number).metrics_port
        assert port is not None
        if port > PORT_MAX:
            raise SettingsError(
                f"Worker {number} would have its metrics on port {port}", hint="choose a lower --metrics-port"
            )
        listen(options.metrics_host, port).close()


def _watch(options: EndpointOptions) -> "Watch | None":
    """Who watches the engines; None when nobody does, so that it costs nothing, neither time nor the import."""
    if options.metrics_port is None and not options.logs_requests:
        return None
    from tenantable.local.observation.observing import Watch  # noqa: PLC0415
    from tenantable.web.logs import configure_logs  # noqa: PLC0415

    if options.logs_requests:
        configure_logs("info")
    return Watch(counts=options.metrics_port is not None, logs_requests=options.logs_requests)


def _access_keys(folder: Path, accounts: tuple[str, ...]) -> AccessKeyLookup:
    """The keys of this folder, made at the first start: of the default account and others. Each may do everything."""
    wrong = [account for account in accounts if not ACCOUNT.fullmatch(account)]
    if wrong:
        raise SettingsError(f"--account {wrong[0]}: the number of an account has 12 digits")
    keys = profile_keys(folder, [ADMINISTRATOR, *accounts], secrets.token_urlsafe)
    return {key.access_key_id: AccessKey(secret=key.secret_access_key) for key in keys.values()}.get
