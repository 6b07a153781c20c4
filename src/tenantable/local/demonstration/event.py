"""One real event, sent through the public API of the running service to its own receiver, as any tenant would."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from tenantable.errors import ServiceError, StorageError
from tenantable.local.demonstration.calls import Step, call, steps
from tenantable.local.secrets import write_private

TENANT_FILE = "demo-tenant.json"
API_KEY_FILE = "demo-api-key"
DELIVERY_SECONDS_MAX = 20.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoTenant:
    """The tenant that the demonstration made; its API key stands in a file of its own, for curl."""

    tenant_id: str
    api_key: str
    webhook_secret: str


def demonstrate(address: str, folder: Path, operator_token: str) -> Iterator[Step]:
    """
    Create the demo tenant (or find the one of an earlier start), send an event, and follow it until it is verified.

    Raises:
        ServiceError: A request was refused, or the event was not delivered within 20 seconds; says what was seen.
        StorageError: The tenant's file cannot be read or written.
    """
    step = steps(time.monotonic)
    tenant, is_new = _tenant(address, folder, operator_token)
    target = f"{address}/v1/receive/{tenant.tenant_id}"
    call("PATCH", f"{address}/v1/tenants/me/config", tenant.api_key, {"targetUrl": target})
    yield step("tenant created" if is_new else "tenant found", f"{tenant.tenant_id}, events go to {target}")

    content = {"type": "demo.greeting", "data": {"message": "Hello from tenantable"}}
    event_id = call("POST", f"{address}/v1/events", tenant.api_key, content)["id"]
    yield step("event accepted", f"{event_id}, stored and queued", subject=event_id)

    shown = _delivered(f"{address}/v1/events/{event_id}", tenant.api_key)
    attempt = shown["attempts"][-1]
    yield step("event signed", f"webhook-id {event_id}, HMAC-SHA256 as Standard Webhooks says", subject=event_id)
    took = f"{attempt['durationMilliseconds']} ms"
    yield step(
        "event delivered", f"attempt {attempt['number']}, answer {attempt['statusCode']} in {took}", subject=event_id
    )
    answer = orjson.loads(attempt["responseExcerpt"])
    if not answer.get("verified"):
        raise ServiceError(f"The receiver did not verify event {event_id}: {attempt['responseExcerpt']}")
    yield step("signature verified", f"by the receiver component, message {answer['messageId']}", subject=event_id)


def _tenant(address: str, folder: Path, operator_token: str) -> tuple[DemoTenant, bool]:
    path = folder / TENANT_FILE
    if path.exists():
        try:
            return DemoTenant(**orjson.loads(path.read_bytes())), False
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(f"{path} cannot be used: {error}", hint="remove it; a new tenant is made") from error
    created = call("POST", f"{address}/v1/tenants", operator_token, {"targetUrl": f"{address}/v1/receive/unknown"})
    tenant = DemoTenant(
        tenant_id=created["tenantId"], api_key=created["apiKey"], webhook_secret=created["webhookSecret"]
    )
    write_private(path, orjson.dumps(asdict(tenant), option=orjson.OPT_INDENT_2))
    write_private(folder / API_KEY_FILE, tenant.api_key.encode())
    return tenant, True


def _delivered(url: str, api_key: str) -> dict[str, Any]:
    deadline = time.monotonic() + DELIVERY_SECONDS_MAX
    shown = call("GET", url, api_key)
    while shown["status"] != "delivered":
        if time.monotonic() > deadline:
            attempts = [f"{each['outcome']} {each['statusCode'] or each['detail']}" for each in shown["attempts"]]
            seen = ", ".join(attempts) or "no attempt yet"
            raise ServiceError(f"The event was not delivered within {DELIVERY_SECONDS_MAX:.0f} seconds: {seen}")
        time.sleep(_POLL_SECONDS)
        shown = call("GET", url, api_key)
    return shown


def event_requests(address: str, folder: Path, event_id: str | None) -> list[str]:
    """Requests that can be tried with the demo tenant."""
    key = f'"authorization: Bearer $(cat {folder / API_KEY_FILE})"'
    json_type = '"content-type: application/json"'
    return [
        f"curl -s {address}/v1/tenants/me/config -H {key}",
        f"curl -s {address}/v1/events -H {key} -H {json_type} "
        '-d \'{"type": "order.created", "data": {"orderId": "o-1"}}\'',
        f"curl -s {address}/v1/events/{event_id} -H {key}",
    ]
