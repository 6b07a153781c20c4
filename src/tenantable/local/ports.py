"""The ports of all that `up` serves, taken before anything is written, so that a refusal changes nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from socket import socket

from tenantable.engine.server import listen
from tenantable.errors import AddressError, SettingsError
from tenantable.settings import PREFIX, Settings

_WEBHOOKS, _ACCESS, _DYNAMODB, _METRICS = "port", "access_port", "dynamodb_port", "metrics_port"
_NAMES = {
    _WEBHOOKS: "the webhook API",
    _ACCESS: "access management",
    _DYNAMODB: "the DynamoDB endpoint",
    _METRICS: "the metrics",
}


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """
    Where connections wait until somebody answers them. `access` is None where it does not run, `dynamodb` with
    `cloud = aws`.
    """

    webhooks: socket
    access: socket | None
    dynamodb: socket | None


@contextmanager
def listening(settings: Settings) -> Iterator[Listeners]:
    """
    Listen on every port until the end of the block.

    Raises:
        SettingsError: Two services are to have the same port.
        AddressError: A port is taken; says whose it was to be and how to choose another one.
    """
    ports = _ports(settings)
    _refuse_equal({name: port for name, port in ports.items() if _host(name, settings) == settings.host})
    with ExitStack() as stack:
        taken = {name: stack.enter_context(_taken(name, port, settings)) for name, port in ports.items()}
        if _METRICS in taken:  # whoever serves them opens the port, which is known to be free now
            taken[_METRICS].close()
        yield Listeners(webhooks=taken[_WEBHOOKS], access=taken.get(_ACCESS), dynamodb=taken.get(_DYNAMODB))


def _ports(settings: Settings) -> dict[str, int]:
    """By the names of their settings; those that are not served have none."""
    ports = {_WEBHOOKS: settings.port}
    if settings.access:
        ports[_ACCESS] = settings.access_port_used
    if settings.cloud == "local":
        ports[_DYNAMODB] = settings.dynamodb_port
        if settings.metrics_port is not None:
            ports[_METRICS] = settings.metrics_port
    return ports


def _refuse_equal(ports: dict[str, int]) -> None:
    owners: dict[int, str] = {}
    for name, port in ports.items():
        other = owners.setdefault(port, name)
        if port and other != name:
            hint = f"choose another one with {_option(other)} or {_option(name)}"
            raise SettingsError(f"Port {port} is to be that of {_NAMES[other]} and of {_NAMES[name]}", hint=hint)


def _taken(name: str, port: int, settings: Settings) -> socket:
    try:
        return listen(_host(name, settings), port)
    except AddressError as error:
        implied = ", the one after --port" if name == _ACCESS and settings.access_port is None else ""
        hint = f"it was to be that of {_NAMES[name]}{implied}; choose another one with {_option(name)}"
        if error.hint is not None and not error.message.startswith("Port "):  # it is about the address
            hint = error.hint
        raise AddressError(error.message, hint=hint) from error


def _host(name: str, settings: Settings) -> str:
    return settings.metrics_host if name == _METRICS else settings.host


def _option(name: str) -> str:
    return f"{PREFIX}{name.upper()}" if name == _METRICS else f"--{name.replace('_', '-')}"
