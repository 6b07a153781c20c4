"""Real clients, over real sockets, of an endpoint in this process."""

from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tenantable.engine.server import Server, http_address, listen
from tenantable.local.endpoint.endpoint import EndpointOptions, run_endpoint

REGION = "us-east-1"
MakeClient = Callable[..., Any]
"""From the name of a service, and credentials in AssumeRole's words if not the administrator's, to its client."""

_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=60, read_timeout=60)


@dataclass(frozen=True, kw_only=True)
class Account:
    """An endpoint with everything in memory, or in `data`; `client` makes clients of it."""

    address: str
    client: MakeClient


@contextmanager
def served_account(folder: Path, *, data: Path | None = None, accounts: tuple[str, ...] = ()) -> Iterator[Account]:
    options = EndpointOptions(
        data=data,
        objects=folder / "objects",
        credentials=folder,
        accounts=accounts,
        durability="process",
        throttle=0.0,
        eventual_seconds=0.0,
        metrics_port=None,
        metrics_host="127.0.0.1",
        logs_requests=False,
        workers=1,
    )
    with ExitStack() as stack:
        running = stack.enter_context(run_endpoint(options))
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server = Server(running.endpoint, listener)
        server.start()
        stack.callback(server.stop)
        keys = ConfigParser(interpolation=None)
        keys.read(folder / "credentials")
        session = boto3.session.Session()  # one for all, because each reads the models of services anew
        address = http_address("127.0.0.1", listener.getsockname()[1])

        def client(service: str, given: Any = None, *, region: str = REGION, profile: str = "default") -> Any:
            credentials = {
                "aws_access_key_id": keys[profile]["aws_access_key_id"] if given is None else given["AccessKeyId"],
                "aws_secret_access_key": keys[profile]["aws_secret_access_key"]
                if given is None
                else given["SecretAccessKey"],
                "aws_session_token": None if given is None else given["SessionToken"],
            }
            made = session.client(  # type: ignore[call-overload]
                service, endpoint_url=address, region_name=region, config=_CONFIG, **credentials
            )
            stack.callback(made.close)
            return made

        yield Account(address=address, client=client)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with served_account(tmp_path_factory.mktemp("account"), accounts=("111122223333",)) as running:
        yield running


@pytest.fixture(scope="module")
def make_client(account: Account) -> MakeClient:
    return account.client


def trust(*principals: str) -> str:
    """A trust policy for these ARNs."""
    named = ", ".join(f'"{principal}"' for principal in principals)
    return (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [' + named + "]}, "
        '"Action": ["sts:AssumeRole", "sts:TagSession"]}]}'
    )
