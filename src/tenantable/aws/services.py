"""Answers the requests of other services than DynamoDB: who may do what, and in which words it is told."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tenantable.aws.calls import Action, Call, Caller, Service
from tenantable.aws.catalog import SERVICES
from tenantable.aws.protocols import cbor, json_rpc, query
from tenantable.aws.records import GLOBAL, RecordFile, Records
from tenantable.aws.refusals import UNKNOWN_ACTION, Refusal, unknown_action
from tenantable.engine.accounts.callers import home_of_request
from tenantable.engine.http.answers import Answer
from tenantable.engine.http.requests import Request, content_of
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError

_log = logging.getLogger(__name__)

BODY_BYTES_MAX = 2 * 1024 * 1024
NAME_MAX = 64
_FORM = "application/x-www-form-urlencoded"
_CBOR_PATH = "/operation/"
_FORBIDDEN = 403
_IN_QUERIES = {
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    UNKNOWN_ACTION: "InvalidAction",
}
"""What a query's answer calls errors that all services have."""
_INTERNAL = Refusal("InternalFailure", "The request could not be carried out", status=500)
_ELSEWHERE = Service(
    name="elsewhere",
    signing_name="",
    actions={},
    protocols=("query", "json"),
)
"""Stands for every service that is not answered here."""

Authorize = Callable[[Caller, str, str, Home], None]
"""Asked with the caller, an action (`iam:CreateRole`) and the ARN of a resource; raises AccessDeniedException."""


class Services:
    """
    The services of one data directory; fits the endpoint's `OtherServices`. Threads may share it.

    Args:
        file: Where everything is kept.
        authorize: Asked for every call of a principal; None allows everything.
        home_of: The account and region that a request speaks of; None: those of its signature.
        clock: Seconds since 1970.
        randomness: Where ids and secrets come from.
        told: Is told of each call: service, action, error (None for a success). It must not fail.
    """

    def __init__(
        self,
        file: RecordFile,
        *,
        authorize: Authorize | None = None,
        home_of: Callable[[Mapping[str, str]], Home] = home_of_request,
        clock: Callable[[], float],
        randomness: random.Random,
        told: Callable[[str, str, str | None], None] | None = None,
    ) -> None:
        self._file = file
        self._authorize = authorize
        self._home_of = home_of
        self._clock = clock
        self._random = randomness
        self._told = told

    def answer(self, request: Request, service: str, refusal: DynamoError | None) -> Answer:
        """See `OtherServices.answer`."""
        spoken = _Spoken(SERVICES.get(service) or replace(_ELSEWHERE, name=service[:NAME_MAX]), request)
        try:
            if refusal is not None:
                raise refusal
            answer = spoken.success(self._carry_out(spoken, request))
        except (DynamoError, Refusal) as refused:
            answer = spoken.failure(refused)
        except Exception:  # noqa: BLE001 - whatever it is, callers get an answer that they can read
            _log.exception("unforeseen error in %s %s", service, spoken.action)
            answer = spoken.failure(_INTERNAL)
        if self._told is not None:
            self._told(service, spoken.action, answer.error)
        return answer

    def _carry_out(self, spoken: "_Spoken", request: Request) -> Mapping[str, Any] | None:
        service, parameters = spoken.service, spoken.read()
        action = service.actions.get(spoken.action)
        if action is None:
            raise unknown_action(f"{service.name}:{spoken.action}" if spoken.action else "")
        home = self._home_of(request.headers)

        def work(records: Records) -> Mapping[str, Any] | None:
            call = Call(
                service=service,
                action=spoken.action,
                parameters=parameters,
                caller=Caller(access_key_id=_access_key_id(request), principal=request.principal),
                home=home,
                records=records,
                now=self._clock(),
                random=self._random,
                address=f"http://{request.headers.get('host', 'localhost')}",
            )
            self._check(action, call)
            return action.run(call)

        place = replace(home, region=GLOBAL) if service.is_global else home
        return (self._file.read if service.is_read(spoken.action) else self._file.write)(place, work)

    def _check(self, action: Action, call: Call) -> None:
        """
        Raises:
            Refusal: AccessDenied, in IAM's words. It undoes this call alone, where others share its transaction.
        """
        if self._authorize is None or call.caller.principal is None or action.is_free:
            return
        try:
            self._authorize(call.caller, f"{call.service.name}:{call.action}", action.resource(call), call.home)
        except DynamoError as error:
            raise Refusal(error.code, error.message, status=_FORBIDDEN) from error


class _Spoken:
    """A request in the words of its protocol, and answers in the same."""

    def __init__(self, service: Service, request: Request) -> None:
        self._request = request
        self.service = service
        self.action = ""
        media_type = request.media_type
        if media_type == _FORM:
            self._protocol = "query"
        elif media_type.startswith(json_rpc.MEDIA_TYPE):
            self._protocol = "json"
            target, _, action = request.headers.get("x-amz-target", "").rpartition(".")
            self.action = action if target == service.target else ""
        elif media_type == cbor.MEDIA_TYPE:
            self._protocol = "cbor"
            self.action = request.path.partition("?")[0].rpartition(_CBOR_PATH)[2]
        else:
            self._protocol = service.protocols[0]

    def read(self) -> Mapping[str, Any]:
        """The parameters; of a query, the action becomes known by the way."""
        body = content_of(self._request)
        if len(body) > BODY_BYTES_MAX:
            raise Refusal("RequestEntityTooLargeException", f"More than {BODY_BYTES_MAX} bytes", status=413)
        if self._protocol not in self.service.protocols:
            raise unknown_action("")
        if self._protocol == "query":
            self.action, parameters = query.read(body)
            return parameters
        if self._protocol == "json":
            return json_rpc.read(body)
        parameters = cbor.loads(body) if body else {}
        if not isinstance(parameters, dict):
            raise Refusal("SerializationException", "The body must be a map")
        return parameters

    def success(self, content: Mapping[str, Any] | None) -> Answer:
        if self._protocol == "query":
            body = query.answer(self.action, self.service.namespace, content, self._request.id)
            return Answer(body, query.MEDIA_TYPE)
        if self._protocol == "json":
            return Answer(json_rpc.answer(content), self._request.media_type)
        return Answer(cbor.dumps(content or {}), cbor.MEDIA_TYPE, headers=_CBOR_HEADER)

    def failure(self, error: DynamoError | Refusal) -> Answer:
        code, status = self.service.named(error.code), error.status
        if self._protocol == "query":
            if isinstance(error, DynamoError):  # of a signature or a policy
                status = _FORBIDDEN
            code = _IN_QUERIES.get(code, code)
            kind = "Sender" if status < 500 else "Receiver"
            body = query.error(code, error.message, self.service.namespace, self._request.id, kind=kind)
            return Answer(body, query.MEDIA_TYPE, status, code)
        old_name = self.service.query_names.get(code)
        headers = f"x-amzn-query-error: {old_name};Sender\r\n" if old_name else ""
        if self._protocol == "json":
            body = json_rpc.error(code, error.message)
            return Answer(body, self._request.media_type, status, code, headers)
        body = cbor.dumps({"__type": code, "message": error.message})
        return Answer(body, cbor.MEDIA_TYPE, status, code, headers + _CBOR_HEADER)


_CBOR_HEADER = "smithy-protocol: rpc-v2-cbor\r\n"


def _access_key_id(request: Request) -> str:
    return request.headers.get("authorization", "").partition("Credential=")[2].partition("/")[0][:128]
