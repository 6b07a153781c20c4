"""Connections: addresses, certificates, pools and forks."""

import datetime as dt
import ipaddress
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tenantable.data.http_client import HttpClient
from tenantable.data.transport.connections import ConnectionPool, Endpoint, Limits
from tenantable.errors import Unavailable
from tenantable.wire.signatures import Credentials

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LIMITS = Limits(connections_max=2, connect_timeout_seconds=0.3, answer_timeout_seconds=2)


class EchoServer:
    """Answers every request alike; with `tls`, encrypted. `gate` holds answers back while it is cleared."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self.gate = threading.Event()
        self.gate.set()
        self.connections = 0
        scheme = "http" if tls is None else "https"
        self.endpoint = Endpoint.parse(f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}")
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=[connection]))
            self._threads[-1].start()

    def _serve(self, plain: socket.socket) -> None:
        with plain:
            try:
                connection = self._tls.wrap_socket(plain, server_side=True) if self._tls else plain
                with connection:
                    while connection.recv(4096):
                        self.gate.wait(5)
                        connection.sendall(ANSWER)
            except OSError:
                return


@pytest.fixture
def server() -> Iterator[EchoServer]:
    started = EchoServer()
    yield started
    started.close()


@pytest.fixture
def pool(server: EchoServer) -> Iterator[ConnectionPool]:
    opened = ConnectionPool(server.endpoint, limits=LIMITS, tls=None, clock=time.monotonic)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("url", "authority", "port"),
    [
        ("https://dynamodb.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com", 443),
        ("http://localhost:8000/", "localhost:8000", 8000),
        ("http://[::1]:8000", "[::1]:8000", 8000),
        ("http://example.test:80", "example.test", 80),
    ],
)
def test_the_host_header_omits_the_usual_port(url: str, authority: str, port: int) -> None:
    endpoint = Endpoint.parse(url)
    assert (endpoint.authority, endpoint.port) == (authority, port)


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://x/path", "http://x?q", "http://a:b@x"])
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not an endpoint"):
        Endpoint.parse(url)


def test_a_full_pool_makes_threads_wait_and_then_gives_up(server: EchoServer, pool: ConnectionPool) -> None:
    server.gate.clear()
    busy = [threading.Thread(target=pool.exchange, args=[REQUEST]) for _ in range(2)]
    for thread in busy:
        thread.start()
    while server.connections < 2:
        time.sleep(0.01)
    with pytest.raises(TimeoutError, match="all 2 connections were busy"):
        pool.exchange(REQUEST)
    server.gate.set()
    for thread in busy:
        thread.join()
    assert pool.exchange(REQUEST).body == b"{}"
    assert server.connections == 2


def test_a_failed_connection_gives_its_place_back(server: EchoServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = Endpoint.parse(f"http://127.0.0.1:{listener.getsockname()[1]}")
    pool = ConnectionPool(nobody, limits=LIMITS, tls=None, clock=time.monotonic)
    for _ in range(5):
        with pytest.raises(ConnectionRefusedError):
            pool.exchange(REQUEST)
    pool.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_share_connections(server: EchoServer, pool: ConnectionPool) -> None:
    pool.exchange(REQUEST)
    child = os.fork()
    if child == 0:
        os._exit(0 if pool.exchange(REQUEST).body == b"{}" else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pool.exchange(REQUEST).body == b"{}"
    assert server.connections == 2


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a self-signed certificate for 127.0.0.1, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    today = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "both.pem").write_bytes(private + public)
    (folder / "public.pem").write_bytes(public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context, folder / "public.pem"


def test_tls_connections_are_kept_alive(tmp_path: Path) -> None:
    context, public = certificate(tmp_path)
    server = EchoServer(context)
    trusting = ssl.create_default_context(cafile=str(public))
    pool = ConnectionPool(server.endpoint, limits=LIMITS, tls=trusting, clock=time.monotonic)
    assert [pool.exchange(REQUEST).body for _ in range(5)] == [b"{}"] * 5
    assert server.connections == 1
    pool.close()
    server.close()


def test_an_unknown_certificate_is_refused_at_once(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    server = EchoServer(context)
    identity = Credentials(access_key_id="AKID", secret_access_key="secret")
    with (
        HttpClient(str(server.endpoint), region="us-east-1", credentials=lambda: identity) as client,
        pytest.raises(Unavailable, match="certificate that cannot be trusted"),
    ):
        client.call("ListTables", {})
    assert server.connections == 1
    server.close()


def test_an_idle_pool_can_be_closed_twice(pool: ConnectionPool) -> None:
    pool.exchange(REQUEST)
    pool.close()
    pool.close()
    with pytest.raises(ValueError, match="closed"):
        pool.exchange(REQUEST)
