"""The log of requests: a line for each operation, without values, keys and secrets."""

import structlog

from tenantable.engine.metering.observation import Observation
from tenantable.wire.arns import Home

_NAME_CHARACTERS_MAX = 255
"""A caller may send any text for an operation or a table."""

_log = structlog.get_logger("tenantable.dynamodb")


def log_request(home: Home, observation: Observation) -> None:
    """One line: `request` at the level `info`, or `error` when the engine failed."""
    write = _log.error if observation.status >= 500 else _log.info
    write(
        "request",
        operation=observation.operation[:_NAME_CHARACTERS_MAX],
        table=observation.table and observation.table[:_NAME_CHARACTERS_MAX],
        account=home.account_id,
        region=home.region,
        status=observation.status,
        code=observation.code,
        duration_ms=round(observation.seconds * 1000, 3),
        consumed=dict(observation.consumed),
        principal=observation.principal,
        request_id=observation.request_id,
    )


def log_other_request(service: str, action: str, status: int, code: str | None) -> None:
    """One line for a call of another service than DynamoDB."""
    write = _log.error if status >= 500 else _log.info
    write(
        "request",
        service=service[:_NAME_CHARACTERS_MAX],
        operation=action[:_NAME_CHARACTERS_MAX],
        status=status,
        code=code,
    )
