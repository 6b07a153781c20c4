"""Whatever callers send, a service answers in its protocol and calls nothing its own failure."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from tests.unit.aws.conftest import trust

from tenantable.aws.calls import Principals
from tenantable.aws.catalog import SERVICES
from tenantable.aws.iam.stored_roles import StoredRoles
from tenantable.aws.protocols import cbor
from tenantable.aws.records import RecordFile
from tenantable.aws.services import Services
from tenantable.engine.http.requests import Request
from tenantable.iam.sessions.issuing import SessionIssuer
from tenantable.iam.sessions.tokens import SessionTokens

MODELS = {"monitoring": "cloudwatch"}
NONSENSE: list[Any] = [
    None, 5, -1, 1e300, True, "", "x", "x" * 5000, "/", "arn:aws:iam::000000000000:role/x", "{}", "[]", "\u0000",
    [], [5], ["x"], [{}], [{"Key": 5}], [{"Key": "a", "Value": "b"}], {}, {"a": 5}, {"a": "b"}, [[[]]],
]  # fmt: skip
VALID: dict[str, Any] = {
    "RoleName": "worker",
    "AssumeRolePolicyDocument": trust("arn:aws:iam::000000000000:root"),
    "PolicyName": "queues",
    "PolicyArn": "arn:aws:iam::000000000000:policy/queues",
    "PolicyDocument": '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
    "VersionId": "v1",
    "KeyId": "alias/own",
    "TargetKeyId": "alias/aws/dynamodb",
    "AliasName": "alias/own",
    "Name": "/app/name",
    "Names": ["/app/name"],
    "Value": "v",
    "Type": "String",
    "Path": "/app",
    "Overwrite": True,
    "QueueName": "events",
    "QueueUrl": "http://localhost/000000000000/events",
    "AttributeNames": ["All"],
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    "MinCapacity": 1,
    "MaxCapacity": 2,
    "PolicyType": "StepScaling",
    "StepScalingPolicyConfiguration": {"Cooldown": 60},
    "AlarmName": "throttled",
    "AlarmNames": ["throttled"],
    "MetricName": "ThrottledRequests",
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "StateValue": "OK",
    "StateReason": "set by hand",
    "RoleArn": "arn:aws:iam::000000000000:role/worker",
    "RoleSessionName": "session",
}
"""So that a call with one wrong value gets to where that value is looked at."""

ACTIONS = [(service, action) for service, each in SERVICES.items() for action in each.actions]


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with closing(RecordFile(None)) as file:
        roles = StoredRoles(file)
        tokens = SessionTokens(b"k" * 32, clock=lambda: 1e9, random_bytes=bytes)
        principals = Principals(
            roles=roles,
            issuer=SessionIssuer(roles, tokens, clock=lambda: 1e9),
            managed_policy=roles.managed_policy,
        )
        yield Services(file, principals, clock=lambda: 1e9, randomness=random.Random(7))  # noqa: S311 - not for secrets


def members(service: str, action: str) -> list[str]:
    """The parameters that an action has on AWS."""
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    shape = model.operation_model(action).input_shape
    return [] if shape is None else list(shape.members)


def request(service: str, action: str, parameters: dict[str, Any], *, protocol: str) -> Request:
    headers = {"authorization": f"AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{service}/aws4_request"}
    path, target = "/", SERVICES[service].target
    if protocol == "query":
        headers["content-type"] = "application/x-www-form-urlencoded"
        flat = {"Action": action}
        for name, value in parameters.items():
            flat |= dict(flattened(name, value))
        body = urlencode(flat).encode()
    elif protocol == "json":
        headers |= {"content-type": "application/x-amz-json-1.1", "x-amz-target": f"{target}.{action}"}
        body = json.dumps(parameters).encode()
    else:
        headers["content-type"] = "application/cbor"
        path, body = f"/service/{target}/operation/{action}", cbor.dumps(parameters)
    return Request("POST", path, headers, body)


def flattened(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from flattened(f"{name}.{key}", member)
    elif isinstance(value, list):
        for number, member in enumerate(value, start=1):
            yield from flattened(f"{name}.member.{number}", member)
    elif value is not None:
        yield name, str(value)


@pytest.mark.parametrize(("service", "action"), ACTIONS, ids=lambda text: text)
def test_nonsense_is_no_failure(services: Services, service: str, action: str) -> None:
    """Each parameter with each value, and several at once, in every protocol of the service."""
    draw = random.Random(action)  # noqa: S311 - not for secrets
    names = members(service, action)
    given: list[dict[str, Any]] = [{}, *({name: value} for name in names for value in NONSENSE)]
    valid = {name: VALID[name] for name in names if name in VALID}
    given += [valid, *(valid | {name: value} for name in names for value in NONSENSE)]
    given += [{name: draw.choice(NONSENSE) for name in names} for _ in range(150)]
    for protocol in SERVICES[service].protocols:
        for parameters in given:
            for principal in (None, "arn:aws:iam::000000000000:role/nobody"):
                sent = request(service, action, parameters, protocol=protocol)
                sent.principal = principal
                answer = services.answer(sent, service, None)
                assert answer.status < 500, (protocol, parameters, answer.body)


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[]", b"Action", b"Action=%ff", b"a.b=1&a=2", b"\x9f" * 100])
@pytest.mark.parametrize("service", [*SERVICES, "nothing"])
@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "application/x-amz-json-1.1", "application/cbor", "text/plain"]
)
def test_a_body_that_is_none_is_refused(services: Services, service: str, media_type: str, body: bytes) -> None:
    target = SERVICES[service].target if service in SERVICES else "Nothing"
    headers = {"content-type": media_type, "x-amz-target": f"{target}.Nothing"}
    answer = services.answer(Request("POST", "/", headers, body), service, None)
    assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    "value", [0, 23, 24, 255, 256, 65536, 2**40, -1, -500, 1.5, "é", b"x" * 300, [1, [2]], {"a": {"b": True}}, False]
)
def test_cbor_is_read_as_it_was_written(value: Any) -> None:
    assert cbor.loads(cbor.dumps(value)) == value


def test_cbor_with_lengths_told_at_the_end() -> None:
    """As in RFC 8949, appendix A: a list, a map and a text in pieces."""
    assert cbor.loads(bytes.fromhex("9f018202039f0405ffff")) == [1, [2, 3], [4, 5]]
    assert cbor.loads(bytes.fromhex("bf61610161629f0203ffff")) == {"a": 1, "b": [2, 3]}
    assert cbor.loads(bytes.fromhex("7f657374726561646d696e67ff")) == "streaming"
