"""Everything at once, from the settings: the engine and its endpoint, the services and what works behind them."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from tenantable.engine import Engine
from tenantable.engine.server import Server, http_address
from tenantable.iam.use.counting import GrantUses
from tenantable.local.access.assembly import access_installation, assemble_access, trail_key_id
from tenantable.local.access.keys import access_secrets
from tenantable.local.components import ComponentClient, Installation, access_keys, profiles
from tenantable.local.decisions.denials import DenialLog
from tenantable.local.decisions.uses import kept_uses
from tenantable.local.decisions.watch import PolicyWatch, declared_components
from tenantable.local.endpoint.services import OtherServices
from tenantable.local.loops import Loop
from tenantable.local.observation.observing import Watch
from tenantable.local.ports import listening
from tenantable.local.primitives.embedded import embedded_primitives
from tenantable.local.primitives.held import Primitives
from tenantable.local.primitives.identities import ComponentPrimitives, component_primitives
from tenantable.local.secrets import CREDENTIALS_FILE, installation_secrets, prepare_folder, profile_keys
from tenantable.local.serving import dynamo_endpoint
from tenantable.local.systems import engine_clients, installed_roles, open_engine
from tenantable.local.tables import create_missing_tables
from tenantable.local.webhooks import WebhookSecrets, assemble_webhooks, webhooks_installation
from tenantable.settings import Settings
from tenantable.web.serving import BackgroundServer
from tenantable.wire.arns import Home


@dataclass(frozen=True, kw_only=True)
class World:
    """
    Where things are while they run. `dynamodb_address` and `credentials` are None with `cloud = aws`,
    `metrics_address` when no metrics are wanted, `access` when access management does not run.
    """

    address: str
    operator_token: str
    access: "AccessPlace | None"
    dynamodb_address: str | None
    metrics_address: str | None
    credentials: Path | None


@dataclass(frozen=True, kw_only=True)
class AccessPlace:
    """
    Where access management is, and its administrator's secret, which is new at the first start alone. `signs_tokens` is
    whether users come with tokens that are signed here.
    """

    address: str
    signs_tokens: bool
    platform_secret: str
    platform_secret_is_new: bool


@dataclass(frozen=True, kw_only=True)
class _Cloud:
    """What the services stand on: clients and primitives for the components of each system; `engine` None on AWS."""

    client: Callable[[Installation], ComponentClient]
    primitives: Callable[[Installation], ComponentPrimitives]
    engine: Engine | None = None
    dynamodb_address: str | None = None
    metrics_address: str | None = None


@contextmanager
def run_world(settings: Settings) -> Iterator[World]:
    """
    Start everything; at the end of the block stop it in order: requests, then loops, then storage.

    Raises:
        AddressError: A port is taken.
        StorageError: The data folder is in use, of a newer format, damaged, or cannot be written.
        CloudError: A queue or key cannot be reached.
        SettingsError: With `cloud = aws` there are no credentials; or what is set does not fit together.
    """
    home = Home(account_id=settings.account_id, region=settings.region)
    webhooks, access = webhooks_installation(settings.prefix, home), access_installation(settings, home)
    with ExitStack() as stack:
        listeners = stack.enter_context(listening(settings))
        prepare_folder(settings.data)
        installations = [webhooks, access] if settings.access else [webhooks]
        if listeners.dynamodb is None:
            cloud = _amazon(stack, installations, settings)
        else:
            cloud = _embedded(stack, installations, settings, listener=listeners.dynamodb)
        operator_token = _start_webhooks(stack, webhooks, cloud, settings, listener=listeners.webhooks)
        place = None
        if listeners.access is not None:
            place = _start_access(stack, access, cloud, settings, listener=listeners.access)
        yield World(
            address=http_address(settings.host, listeners.webhooks.getsockname()[1]),
            operator_token=operator_token,
            access=place,
            dynamodb_address=cloud.dynamodb_address,
            metrics_address=cloud.metrics_address,
            credentials=settings.data / CREDENTIALS_FILE if cloud.dynamodb_address else None,
        )


def _start_webhooks(
    stack: ExitStack, installation: Installation, cloud: _Cloud, settings: Settings, *, listener: socket
) -> str:
    """Gives the operator's token."""
    webhook_secrets = _webhook_secrets(settings)
    webhooks = assemble_webhooks(
        installation,
        cloud.client(installation),
        cloud.primitives(installation),
        secrets=webhook_secrets,
        allow_private_targets=settings.allow_private_targets,
    )
    stack.callback(webhooks.close)
    webhooks.start()
    server = BackgroundServer("the webhook API", webhooks.app, listener)
    stack.callback(server.stop)
    server.start()
    return webhook_secrets.operator_token


def _start_access(
    stack: ExitStack, installation: Installation, cloud: _Cloud, settings: Settings, *, listener: socket
) -> AccessPlace:
    client, primitives = cloud.client(installation), cloud.primitives(installation)
    key_id = trail_key_id(installation, client, primitives)
    found = access_secrets(settings, secrets.token_urlsafe, trail_key_id=key_id)
    address = http_address(settings.host, listener.getsockname()[1])
    access = assemble_access(
        installation,
        client,
        primitives,
        secrets=found,
        settings=settings,
        address=address,
        engine=cloud.engine,
    )
    stack.callback(access.close)
    access.start()
    server = BackgroundServer("the access management API", access.app, listener)
    stack.callback(server.stop)
    server.start()
    return AccessPlace(
        address=address,
        signs_tokens=settings.oidc_issuer is None,
        platform_secret=found.platform_secret,
        platform_secret_is_new=found.platform_secret_is_new,
    )


def _embedded(
    stack: ExitStack, installations: Sequence[Installation], settings: Settings, *, listener: socket
) -> _Cloud:
    home = installations[0].home
    watch = Watch(counts=settings.metrics_port is not None, logs_requests=settings.log_requests)
    services = OtherServices(
        settings.data,
        settings.data,
        declared=installed_roles(installations),
        home_of=lambda _headers, _principal: home,
        told=watch.other,
    )
    stack.callback(services.close)
    engine = stack.enter_context(
        open_engine(
            settings.data,
            installations,
            home=home,
            durability=settings.durability,
            observer=watch.observer(home),
            roles=services.roles,
            watch=_policy_watch(stack, installations, settings),
        )
    )
    dynamodb_address, metrics_address = _serve_dynamodb(
        stack, engine, installations, settings, watch=watch, services=services, listener=listener
    )
    for each in installations:
        create_missing_tables(engine, each.system.physical_tables(each.naming))
    primitives = _primitives(stack, settings.data, home)
    return _Cloud(
        client=lambda installation: engine_clients(installation, engine),
        primitives=lambda installation: component_primitives(installation, primitives),
        engine=engine,
        dynamodb_address=dynamodb_address,
        metrics_address=metrics_address,
    )


def _primitives(stack: ExitStack, data: Path, home: Home) -> Primitives:
    primitives = embedded_primitives(data, home)
    stack.callback(primitives.close)
    assert primitives.delivery is not None, "nobody else delivers events"
    delivery = Loop("event-delivery", primitives.delivery)
    stack.callback(delivery.stop)
    delivery.start()
    return primitives


def _policy_watch(stack: ExitStack, installations: Sequence[Installation], settings: Settings) -> PolicyWatch:
    """Count which grants are exercised, in the data folder; and log denials where that is wanted."""
    components = declared_components(installations)
    uses = GrantUses(components)
    stack.enter_context(kept_uses(uses, settings.data, clock=time.time))
    return PolicyWatch(uses, DenialLog(components, monotonic=time.monotonic) if settings.explain_denials else None)


def _serve_dynamodb(
    stack: ExitStack,
    engine: Engine,
    installations: Sequence[Installation],
    settings: Settings,
    *,
    watch: Watch,
    services: OtherServices,
    listener: socket,
) -> tuple[str, str | None]:
    """Let SDKs and tools in as the components, or as the administrator; gives the addresses of endpoint and metrics."""
    keys = profile_keys(settings.data, profiles(installations), secrets.token_urlsafe)
    lookup = access_keys(installations, keys).get
    commits_wait = settings.durability == "power"
    endpoint = stack.enter_context(
        dynamo_endpoint(
            engine,
            access_keys=lookup,
            temporary_keys=services.temporary_key,
            others=services,
            commits_wait=commits_wait,
            refused=watch.refused,
        )
    )
    server = Server(endpoint, listener)
    stack.callback(server.stop)
    server.start()
    address = http_address(settings.host, listener.getsockname()[1])
    if settings.metrics_port is None:
        return address, None
    exposed = watch.exposed(
        lambda: [engine],
        host=settings.metrics_host,
        port=settings.metrics_port,
        connections=lambda: len(endpoint.connections),
    )
    return address, stack.enter_context(exposed)


def _amazon(stack: ExitStack, installations: Sequence[Installation], settings: Settings) -> _Cloud:
    """On AWS the role of the process decides what it may do: run each component under its own."""
    from tenantable.local.amazon import amazon_dynamodb, amazon_primitives  # noqa: PLC0415 - needs the extra `aws`

    client = amazon_dynamodb(settings)
    if settings.creates_resources:
        for each in installations:
            create_missing_tables(client, each.system.physical_tables(each.naming))
    primitives = amazon_primitives(settings)
    stack.callback(primitives.close)
    return _Cloud(
        client=lambda _installation: lambda _component: client,
        primitives=lambda _installation: lambda _component: primitives,
    )


def _webhook_secrets(settings: Settings) -> WebhookSecrets:
    """What is set counts; what is not comes from the data folder, made at the first start."""
    token, key = settings.operator_token, settings.cursor_key
    if token is None or key is None:
        made = installation_secrets(settings.data, secrets.token_urlsafe)
        return WebhookSecrets(
            operator_token=made.operator_token if token is None else token.get_secret_value(),
            cursor_key=(made.cursor_key if key is None else key.get_secret_value()).encode(),
        )
    return WebhookSecrets(operator_token=token.get_secret_value(), cursor_key=key.get_secret_value().encode())
