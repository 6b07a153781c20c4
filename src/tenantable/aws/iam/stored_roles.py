"""The roles that were created at the endpoint, as policy evaluation looks them up."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tenantable.aws.iam.entities import OF_AWS, POLICY, ROLE
from tenantable.aws.records import GLOBAL, RecordFile, Records
from tenantable.iam.documents import DocumentKind, Policy, parse_policy
from tenantable.iam.patterns import ARN_SEGMENTS, split_arn
from tenantable.iam.sessions.roles import Role
from tenantable.wire.arns import Home

ROLES_MAX = 10_000
"""How many answers are remembered; then all roles are read again."""

DOCUMENTS_MAX = 4096
_NOTHING = Policy(statements=())
_BY_AWS: dict[str, dict[str, Any]] = {
    "AdministratorAccess": {"Action": "*"},
    "AmazonDynamoDBFullAccess": {"Action": "dynamodb:*"},
    "AmazonDynamoDBReadOnlyAccess": {
        "Action": ["dynamodb:BatchGetItem", "dynamodb:Describe*", "dynamodb:Get*", "dynamodb:List*",
                   "dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan"]
    },
}  # fmt: skip
"""What is known of the policies that AWS provides, as far as tables go. All others allow nothing here."""


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A role, None where there is none, and the record that it was made of with the documents of its policies."""

    role: Role | None
    source: tuple[Any, ...] | None


class StoredRoles:
    """
    Fits `Roles`. Answers come from memory until somebody changes the file, in whichever process; what did not change
    then is the same object again.
    """

    def __init__(self, file: RecordFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._version = -1
        self._fresh: dict[str, Role | None] = {}
        self._remembered: dict[str, _Remembered] = {}

    def find(self, arn: str) -> Role | None:
        """See `Roles.find`."""
        with self._lock:
            version = self._file.version
            if version != self._version or len(self._fresh) >= ROLES_MAX:
                self._fresh, self._version = {}, version
            if arn in self._fresh:
                return self._fresh[arn]
            role = self._fresh[arn] = self._read(arn)
            return role

    def managed_policy(self, arn: str) -> Policy | None:
        """The default version of a managed policy; None when there is none of this ARN."""
        account_id = _account_of(arn)
        if arn.startswith(OF_AWS):
            return _policy_by_aws(arn)
        if account_id is None:
            return None
        text = self._file.read(Home(account_id=account_id, region=GLOBAL), lambda records: _document(records, arn))
        return None if text is None else _parsed(text)

    def _read(self, arn: str) -> Role | None:
        account_id = _account_of(arn)
        source = None
        if account_id is not None:
            source = self._file.read(Home(account_id=account_id, region=GLOBAL), lambda records: _source(records, arn))
        before = self._remembered.get(arn)
        if before is not None and before.source == source:
            return before.role
        if len(self._remembered) >= ROLES_MAX:
            self._remembered.clear()
        role = None if source is None else _made(*source)
        self._remembered[arn] = _Remembered(role, source)
        return role


def _account_of(arn: str) -> str | None:
    segments = split_arn(arn)
    return segments[4] if len(segments) == ARN_SEGMENTS and segments[2] == "iam" else None


def _source(records: Records, arn: str) -> tuple[Any, ...] | None:
    """The record of a role, and the documents of its managed policies and its boundary."""
    record = records.find(ROLE, arn.rpartition("/")[2].lower())
    if record is None or record["Arn"] != arn:
        return None
    boundary = record["PermissionsBoundary"]
    attached = [(each, _document(records, each)) for each in record["Attached"]]
    return record, attached, (boundary, boundary and _document(records, boundary))


def _document(records: Records, arn: str) -> str | None:
    policy = records.find(POLICY, arn.rpartition("/")[2].lower())
    if policy is None or policy["Arn"] != arn:
        return None
    return str(policy["Versions"][policy["Default"]]["Document"])


def _made(record: Mapping[str, Any], attached: list[tuple[str, str | None]], boundary: tuple[str | None, Any]) -> Role:
    policies = [_parsed(text) for text in record["Inline"].values()]
    policies += [_policy(arn, text) for arn, text in attached]
    return Role(
        arn=record["Arn"],
        policies=tuple(policies),
        boundary=None if boundary[0] is None else _policy(boundary[0], boundary[1]),
        trust=_parsed(record["AssumeRolePolicyDocument"], "trust"),
        tags=record["Tags"],
        session_seconds_max=record["MaxSessionDuration"],
        id=record["RoleId"],
    )


def _policy(arn: str, text: str | None) -> Policy:
    """A policy that allows nothing stands for one that is not known, so that an unknown boundary is no open one."""
    if text is not None:
        return _parsed(text)
    return _policy_by_aws(arn) or _NOTHING


def _policy_by_aws(arn: str) -> Policy | None:
    known = _BY_AWS.get(arn.removeprefix(OF_AWS).rpartition("/")[2])
    if known is None or not arn.startswith(OF_AWS):
        return None
    statement = {"Effect": "Allow", **known, "Resource": "*"}
    return parse_policy({"Version": "2012-10-17", "Statement": [statement]})


@lru_cache(maxsize=DOCUMENTS_MAX)
def _parsed(text: str, kind: DocumentKind = "identity") -> Policy:
    return parse_policy(text, kind=kind)
