"""
boto3 over an engine in the same process: everything is botocore's own but the transport. Needs the extra `aws`.

botocore asks the handlers of `before-send` for an answer before it opens a connection; a handler on each client gives
the engine's. Nothing is patched, so clients of other engines and of AWS may be used beside it.
"""

import io
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from tenantable.engine import Engine
from tenantable.engine.http.answers import CONTENT_TYPE, error_body
from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal

if TYPE_CHECKING:
    import boto3
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource

_REGION = "us-east-1"
_ENDPOINT = "http://dynamodb.invalid"  # a name that nobody can own (RFC 6761): nothing ever leaves the process
_USER_AGENT = "tenantable"  # nobody reads it, and botocore's own is put together twice a request: a sixth of a GetItem

_making = threading.Lock()  # boto3's clients may be shared by threads; its sessions, which make them, may not


def boto3_client(
    engine: Engine, *, principal: Principal | None = None, region_name: str = _REGION, config: "Config | None" = None
) -> "DynamoDBClient":
    """
    As `boto3.client("dynamodb")`, on an engine in this process, without sockets and signatures.

    The first client of a process loads boto3, about 0.3 s; later ones take 2 ms. Neither environment variables nor
    files of AWS are read.

    Args:
        principal: Who asks: an ARN, or a session of a role; None allows everything.
        region_name: What the client believes; tables live where the engine's `home` says.
        config: botocore's, for retries and checks; the signature version is ignored. Most of what a large request
            costs is botocore's own check of its parameters, which `parameter_validation=False` leaves to the engine.
    Raises:
        ModuleNotFoundError: boto3 is not installed.
    """
    with _making:
        client: DynamoDBClient = _session().client("dynamodb", **_options(region_name, config))
    _answer_from(engine, client, principal)
    return client


def boto3_resource(
    engine: Engine, *, principal: Principal | None = None, region_name: str = _REGION, config: "Config | None" = None
) -> "DynamoDBServiceResource":
    """As `boto3.resource("dynamodb")`, else as `boto3_client`."""
    with _making:
        resource: DynamoDBServiceResource = _session().resource("dynamodb", **_options(region_name, config))
    _answer_from(engine, resource.meta.client, principal)
    return resource


@cache
def _session() -> "boto3.Session":
    """One for all clients: most of the time that a client takes is spent on a new session's reading of its data."""
    try:
        import boto3  # noqa: PLC0415 - an optional extra
        from botocore.session import Session  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "tenantable.testing has no boto3 to make clients with: pip install 'tenantable[aws]'", name=error.name
        ) from error
    unset = {name: (None, None, default, cast) for name, (_, _, default, cast) in Session.SESSION_VARIABLES.items()}
    unset["config_file"] = unset["credentials_file"] = (None, None, os.devnull, None)
    return boto3.Session(botocore_session=Session(session_vars=unset))


def _options(region_name: str, config: "Config | None") -> dict[str, Any]:
    from botocore import UNSIGNED  # noqa: PLC0415 - an optional extra
    from botocore.config import Config  # noqa: PLC0415

    own = Config(signature_version=UNSIGNED, user_agent=_USER_AGENT)
    merged = own.merge(config).merge(Config(signature_version=UNSIGNED)) if config else own
    return {"region_name": region_name, "endpoint_url": _ENDPOINT, "config": merged}


def _answer_from(engine: Engine, client: "BaseClient", principal: Principal | None) -> None:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - an optional extra

    request_ids = count(1)

    def answer(request: "AWSPreparedRequest", **_: Any) -> "AWSResponse":
        status, body = _exchange(engine, request, principal)
        headers: Any = {  # AWSResponse takes any mapping; its stubs ask for the class it makes of it
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body)),
            "x-amzn-RequestId": f"{next(request_ids):052}",
            "x-amz-crc32": str(zlib.crc32(body)),
        }
        return AWSResponse(request.url, status, headers, _Body(body))

    handler: Callable[..., Any] = answer  # the stubs do not know that this event takes an answer
    client.meta.events.register_first("before-send.dynamodb", handler)


def _exchange(engine: Engine, request: "AWSPreparedRequest", principal: Principal | None) -> tuple[int, bytes]:
    """HTTP status and body of the answer."""
    target, body = request.headers["X-Amz-Target"], request.body
    assert isinstance(target, bytes)
    assert isinstance(body, bytes)
    try:
        return 200, engine.call_json(target.decode().partition(".")[2], body, principal=principal)
    except DynamoError as error:
        return error.status, error_body(error)


class _Body(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self) -> Iterator[bytes]:
        yield self.getvalue()
