"""The other services at the endpoint, in the data folder that its tables are in, and the sessions that STS gives."""

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenantable.engine.accounts.callers import home_of_request
from tenantable.engine.authorization import Authorizer
from tenantable.engine.http.answers import Answer
from tenantable.engine.http.requests import Request
from tenantable.engine.signature import AccessKey, TemporaryKeyLookup
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.keys import TableKeysLookup
from tenantable.wire.principals import Principal

if TYPE_CHECKING:
    from tenantable.aws.records import RecordFile
    from tenantable.aws.services import Services, Told
    from tenantable.iam.sessions.roles import Roles

SERVICES_FILE = "services.db"
HomeChoice = Callable[[Mapping[str, str], Principal | None], Home]


@dataclass(frozen=True, kw_only=True)
class _Opened:
    services: "Services"
    file: "RecordFile"
    roles: "Roles"
    temporary_keys: TemporaryKeyLookup


class OtherServices:
    """
    STS, IAM, KMS and the others, from the first request to one of them or with a session's credentials: most endpoints
    serve tables alone, and start without the time that it takes to import and open these.

    Args:
        folder: The data folder; None for memory.
        keys: The folder of the key that session tokens are signed with; None: the key ends with the process.
        declared: The roles of components; None where there are none.
        home_of: The account and region of a request, by its headers and who sent it.
        told: See `Services`.
    """

    def __init__(
        self,
        folder: Path | None,
        keys: Path | None,
        *,
        declared: "Roles | None" = None,
        home_of: HomeChoice = home_of_request,
        told: "Told | None" = None,
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._declared = declared
        self._home_of = home_of
        self._told = told
        self._lock = threading.Lock()
        self._opened: _Opened | None = None

    def answer(self, request: Request, service: str, refusal: DynamoError | None) -> Answer:
        """See the endpoint's protocol of this name."""
        return self._open().services.answer(request, service, refusal)

    def temporary_key(self, access_key_id: str, token: str) -> AccessKey:
        """
        The access key that a session token stands for: a `TemporaryKeyLookup`.

        Raises:
            DynamoError: UnrecognizedClientException or ExpiredTokenException.
        """
        return self._open().temporary_keys(access_key_id, token)

    @property
    def roles(self) -> "Roles":
        """The declared roles and those that were created here."""
        return self._open().roles

    def authorizer(self, home: Home) -> Authorizer:
        """Decides for the engine of an account and region by the policies of these roles."""
        return _LateAuthorizer(self, home)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.file.close()

    def _open(self) -> _Opened:
        opened = self._opened
        if opened is None:
            with self._lock:
                opened = self._opened = self._opened or self._made()
        return opened

    def _made(self) -> _Opened:
        from tenantable.aws.calls import Principals  # noqa: PLC0415 - see the class
        from tenantable.aws.iam.stored_roles import StoredRoles  # noqa: PLC0415
        from tenantable.aws.records import RecordFile  # noqa: PLC0415
        from tenantable.aws.services import Services  # noqa: PLC0415
        from tenantable.iam.sessions.issuing import SessionIssuer  # noqa: PLC0415
        from tenantable.iam.sessions.roles import JoinedRoles  # noqa: PLC0415
        from tenantable.iam.sessions.tokens import KEY_BYTES_MIN, SessionTokens  # noqa: PLC0415
        from tenantable.local.principals.session_keys import session_key, temporary_keys  # noqa: PLC0415

        file = RecordFile(None if self._folder is None else self._folder / SERVICES_FILE)
        stored = StoredRoles(file)
        roles = stored if self._declared is None else JoinedRoles(self._declared, stored)
        key = os.urandom(KEY_BYTES_MIN) if self._keys is None else session_key(self._keys)
        tokens = SessionTokens(key, clock=time.time, random_bytes=os.urandom)
        principals = Principals(
            roles=roles, issuer=SessionIssuer(roles, tokens, clock=time.time), managed_policy=stored.managed_policy
        )
        services = Services(
            file,
            principals,
            home_of=self._home_of,
            clock=time.time,
            randomness=random.SystemRandom(),
            told=self._told,
        )
        return _Opened(services=services, file=file, roles=roles, temporary_keys=temporary_keys(tokens))


class _LateAuthorizer:
    """The authorizer of one engine, from its first question on."""

    def __init__(self, services: OtherServices, home: Home) -> None:
        self._services = services
        self._home = home

    @cached_property
    def _authorizer(self) -> Authorizer:
        from tenantable.iam.authorizer import PolicyAuthorizer  # noqa: PLC0415 - see `OtherServices`

        return PolicyAuthorizer(self._services.roles, self._home)

    def authorize(
        self, principal: Principal, operation: str, request: Mapping[str, Any], tables: TableKeysLookup
    ) -> None:
        self._authorizer.authorize(principal, operation, request, tables)

    def check_policy(self, document: str) -> None:
        self._authorizer.check_policy(document)
