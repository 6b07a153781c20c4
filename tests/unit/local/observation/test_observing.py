"""Who watches, and where the metrics can be read."""

import socket
import urllib.request

import pytest
from structlog.testing import capture_logs

from tenantable.engine import Engine
from tenantable.errors import AddressError
from tenantable.local.observation.observing import Watch
from tenantable.wire.arns import Home


def test_nobody_watches_unless_asked_to() -> None:
    assert Watch(counts=False, logs_requests=False).observer(Home()) is None
    Watch(counts=False, logs_requests=True).refused("InvalidSignatureException")


def test_metrics_and_log_may_go_together() -> None:
    watch = Watch(counts=True, logs_requests=True)
    with Engine(":memory:", observer=watch.observer(Home())) as engine, capture_logs() as lines:
        engine.call("ListTables", {})
    assert [line["operation"] for line in lines] == ["ListTables"]
    assert watch.tallies is not None
    assert watch.tallies.successes().keys() == {"ListTables"}


def test_metrics_are_served_until_the_end_of_the_block() -> None:
    watch = Watch(counts=True, logs_requests=False)
    with Engine(":memory:", observer=watch.observer(Home())) as engine:
        engine.call("ListTables", {})
        exposed = watch.exposed(lambda: [engine], host="127.0.0.1", port=0, connections=lambda: 0)
        with exposed as address, urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own
            text = answer.read().decode()
        assert 'tenantable_dynamodb_operations_total{code="success",operation="ListTables"} 1.0' in text
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(address, timeout=10)  # noqa: S310


def test_a_port_in_use_is_named() -> None:
    watch = Watch(counts=True, logs_requests=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        exposed = watch.exposed(list, host="127.0.0.1", port=port, connections=lambda: 0)
        with pytest.raises(AddressError, match=f"Metrics cannot be served on 127.0.0.1 port {port}"), exposed:
            pass
