"""Answers the requests of other services than DynamoDB: who may do what, and in which words it is told."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tenantable.aws.calls import Call, Caller, Principals, Service
from tenantable.aws.catalog import SERVICES
from tenantable.aws.protocols import cbor, json_rpc, query
from tenantable.aws.records import GLOBAL, NO_RECORDS, RecordFile, Records
from tenantable.aws.refusals import UNKNOWN_ACTION, Refusal, unknown_action
from tenantable.engine.accounts.callers import home_of_request
from tenantable.engine.http.answers import Answer
from tenantable.engine.http.requests import Request, content_of
from tenantable.iam.authorizer import denial
from tenantable.iam.callers import caller_of
from tenantable.iam.evaluation import AccessRequest, evaluate
from tenantable.iam.requests.surroundings import SurroundedContext, Surroundings
from tenantable.wire.arns import Home
from tenantable.wire.errors import DynamoError
from tenantable.wire.principals import Principal, Sender

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

HomeChoice = Callable[[Mapping[str, str], Principal | None], Home]

Told = Callable[[str, str, int, str | None], None]
"""Told of a call: the service as signatures call it, the action, the HTTP status, the error (None for a success)."""


class Services:
    """
    The services of one data directory; fits the endpoint's `OtherServices`. Threads may share it.

    Args:
        file: Where everything is kept.
        principals: Whose policies are asked for each call; the administrator's are not.
        home_of: From the headers of a request and who sent it to the account and region that it speaks of.
        clock: Seconds since 1970.
        randomness: Where ids come from.
        told: Is told of each call. It must not fail; None: nobody is.
    """

    def __init__(
        self,
        file: RecordFile,
        principals: Principals,
        *,
        home_of: HomeChoice = home_of_request,
        clock: Callable[[], float],
        randomness: random.Random,
        told: Told | None = None,
    ) -> None:
        self._file = file
        self._principals = principals
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
            self._told(service, spoken.action, answer.status, answer.error)
        return answer

    def _carry_out(self, spoken: "_Spoken", request: Request) -> Mapping[str, Any] | None:
        service, parameters = spoken.service, spoken.read()
        action = service.actions.get(spoken.action)
        if action is None:
            raise unknown_action(f"{service.name}:{spoken.action}" if spoken.action else "")
        home = self._home_of(request.headers, request.principal)

        def call(records: Records) -> Call:
            return Call(
                service=service,
                action=spoken.action,
                parameters=parameters,
                caller=Caller(access_key_id=_access_key_id(request), sender=request.principal),
                home=home,
                records=records,
                principals=self._principals,
                now=self._clock(),
                random=self._random,
                address=f"http://{request.headers.get('host', 'localhost')}",
            )

        if not service.keeps_records:
            return action.run(call(NO_RECORDS))
        place = replace(home, region=GLOBAL) if service.is_global else home
        if request.principal is not None:
            resource = self._file.read(place, lambda records: action.resource(call(records)))
            self._check(call(NO_RECORDS), f"{service.name}:{spoken.action}", resource)
        transact = self._file.read if service.is_read(spoken.action) else self._file.write
        return transact(place, lambda records: action.run(call(records)))

    def _check(self, call: Call, action: str, resource: str) -> None:
        """
        Raises:
            DynamoError: AccessDeniedException, in IAM's words.
        """
        principal = call.caller.principal
        assert principal is not None, "the administrator may do everything"
        caller = caller_of(principal, self._principals.roles)
        sender = call.caller.sender if isinstance(call.caller.sender, Sender) else None
        context = SurroundedContext(
            {
                **caller.context,
                "aws:requestedregion": call.home.region,
                "aws:resourceaccount": call.home.account_id,
                "aws:viaawsservice": "false",
            },
            Surroundings(None, sender, lambda: call.now),
        )
        asked = AccessRequest(action, resource, context)
        decision = evaluate(asked, caller.identity, boundary=caller.boundary, session=caller.session)
        if not decision.allowed:
            raise denial(caller.names.arn, action, resource, decision)


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
