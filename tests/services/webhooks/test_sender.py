"""One attempt over real sockets: exact bytes out, few bytes in, one deadline, public addresses alone."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tenantable.services.webhooks.model import RESPONSE_BODY_BYTES_MAX
from tenantable.services.webhooks.sender import HttpSender

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Conversation = Callable[[socket.socket], None]


class Endpoint:
    """A server on a free port that holds one `conversation` with each connection and keeps what it received."""

    def __init__(self, conversation: Conversation, *, reads_first: bool) -> None:
        self.received = b""
        self.connections = 0
        self._conversation = conversation
        self._reads_first = reads_first
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/hook?x=1"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                try:
                    self.received = read_request(connection) if self._reads_first else b""
                    self._conversation(connection)
                except OSError:
                    continue

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


def read_request(connection: socket.socket) -> bytes:
    """Head and body; what came until then when the other side hangs up."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        head, found, body = received.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            break
    return received


def answering(answer: bytes) -> Conversation:
    return lambda connection: connection.sendall(answer)


@contextmanager
def endpoint(conversation: Conversation, *, reads_first: bool = True) -> Iterator[Endpoint]:
    opened = Endpoint(conversation, reads_first=reads_first)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def sender() -> Iterator[HttpSender]:
    opened = HttpSender(allow_private=True, monotonic=time.monotonic, timeout_seconds=1)
    yield opened
    opened.close()


def test_sends_exactly_the_bytes_and_headers(sender: HttpSender) -> None:
    body = b'{"a":1}\n\x00\xff'
    with endpoint(answering(OK)) as target:
        answer = sender.send(target.url, {"webhook-id": "evt_1"}, body).result(60)
    head, _, sent = target.received.partition(b"\r\n\r\n")
    assert (answer.status, answer.body, sent) == (200, b"ok", body)
    assert head.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    names = {line.split(b": ")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {b"host", b"user-agent", b"accept", b"content-type", b"content-length", b"webhook-id"}


def test_keeps_a_connection_for_the_next_attempt(sender: HttpSender) -> None:
    def twice(connection: socket.socket) -> None:
        connection.sendall(OK)
        read_request(connection)
        connection.sendall(OK)

    with endpoint(twice) as target:
        assert [sender.send(target.url, {}, b"{}").result(60).status for _ in range(2)] == [200, 200]
        assert target.connections == 1


def test_does_not_follow_redirects(sender: HttpSender) -> None:
    with endpoint(answering(OK)) as elsewhere:
        redirect = f"HTTP/1.1 307 X\r\nlocation: {elsewhere.url}\r\ncontent-length: 0\r\n\r\n".encode()
        with endpoint(answering(redirect)) as target:
            assert sender.send(target.url, {}, b"{}").result(60).status == 307
        assert elsewhere.connections == 0


def test_keeps_the_headers_that_steer_retries(sender: HttpSender) -> None:
    head = b"HTTP/1.1 503 X\r\nRetry-After: 120\r\nWebhook-Delivery: disable\r\nset-cookie: a=b\r\n"
    with endpoint(answering(head + b"content-length: 0\r\n\r\n")) as target:
        answer = sender.send(target.url, {}, b"{}").result(60)
    assert answer.headers == {"retry-after": "120", "webhook-delivery": "disable"}


def test_reads_only_the_beginning_of_an_endless_body(sender: HttpSender) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with endpoint(endless) as target:
        answer = sender.send(target.url, {}, b"{}").result(60)
    assert (answer.status, answer.body) == (200, b"x" * RESPONSE_BODY_BYTES_MAX)


def test_a_compressed_body_is_not_unfolded(sender: HttpSender) -> None:
    answer_bytes = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00"
    with endpoint(answering(answer_bytes)) as target:
        assert sender.send(target.url, {}, b"{}").result(60).body == b"\x1f\x8b\x08\x00"


def test_a_body_that_drips_is_cut_at_the_deadline(sender: HttpSender) -> None:
    """One deadline over connection, head and body; the status that came in time counts."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)

    with endpoint(drip) as target:
        answer = sender.send(target.url, {}, b"{}").result(60)
    assert answer.status == 200
    assert 1 <= len(answer.body) < 20
    assert 0.9 < answer.duration_seconds < 5


def test_a_head_that_drips_is_a_timeout(sender: HttpSender) -> None:
    def drip(connection: socket.socket) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    with endpoint(drip) as target:
        answer = sender.send(target.url, {}, b"{}").result(60)
    assert (answer.status, answer.failure) == (None, "timeout")
    assert answer.duration_seconds < 5


@pytest.mark.parametrize(
    ("answer_bytes", "detail"),
    [
        (b"", "the connection ended before an answer came"),
        (b"HTTP/1.1 200 OK\r\nx: y", "the connection ended before an answer came"),
        (b"nonsense\r\n\r\n", "the answer is not HTTP, or a header of it is longer than 16 KiB"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000, "the answer is not HTTP, or a header of it is longer than 16 KiB"),
    ],
)
def test_what_is_not_http_is_unreachable(sender: HttpSender, answer_bytes: bytes, detail: str) -> None:
    """And the tenant reads a phrase of ours, not the words of the client that we happen to use."""
    with endpoint(answering(answer_bytes)) as target:
        answer = sender.send(target.url, {}, b"{}").result(60)
    assert (answer.status, answer.failure, answer.detail) == (None, "unreachable", detail)


def test_a_long_header_does_not_hide_a_success(sender: HttpSender) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-security-policy: " + b"x" * 16_000
    with endpoint(answering(head + b"\r\n\r\n")) as target:
        assert sender.send(target.url, {}, b"{}").result(60).status == 200


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://" + "name." * 60 + "invalid/", "the name of the host was not found"),
        ("http://127.0.0.1:{closed}/", "no connection could be made"),
        ("https://127.0.0.1:{closed}/", "no connection could be made"),
        ("http://[::1/", "the target is not a valid URL"),
    ],
)
def test_where_nobody_answers_is_unreachable(sender: HttpSender, url: str, detail: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    answer = sender.send(url.replace("{closed}", str(closed)), {}, b"{}").result(60)
    assert (answer.failure, answer.detail) == ("unreachable", detail)


def test_an_endpoint_without_tls_is_unreachable(sender: HttpSender) -> None:
    with endpoint(answering(OK), reads_first=False) as target:
        answer = sender.send(target.url.replace("http:", "https:"), {}, b"{}").result(60)
    assert (answer.failure, answer.detail) == ("unreachable", "no TLS connection could be made")


def test_an_untrusted_certificate_is_unreachable(sender: HttpSender, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed_certificate(tmp_path))

    def shake_hands(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True).close()

    with endpoint(shake_hands, reads_first=False) as target:
        answer = sender.send(target.url.replace("http:", "https:"), {}, b"{}").result(60)
    assert answer.failure == "unreachable"
    assert answer.detail == "the TLS certificate is not valid for this host, or not trusted"


def self_signed_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=start,
        not_valid_after=start.replace(year=2120),
    ).sign(key, hashes.SHA256())
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(encoding))
    return path


@pytest.fixture
def strict_sender() -> Iterator[HttpSender]:
    opened = HttpSender(allow_private=False, monotonic=time.monotonic, timeout_seconds=1)
    yield opened
    opened.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_without_the_switch_private_addresses_are_blocked(strict_sender: HttpSender, host: str) -> None:
    """Checked on the address that is connected to, so no name gets around it; the answer does not repeat it."""
    with endpoint(answering(OK)) as target:
        answer = strict_sender.send(target.url.replace("127.0.0.1", host), {}, b"{}").result(60)
        assert target.connections == 0
    assert answer.failure == "blocked"
    assert "127.0.0.1" not in answer.detail


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "017700000001"])
def test_no_other_notation_reaches_a_private_address(strict_sender: HttpSender, host: str) -> None:
    with endpoint(answering(OK)) as target:
        answer = strict_sender.send(target.url.replace("127.0.0.1", host), {}, b"{}").result(60)
        assert target.connections == 0
    assert answer.status is None


def test_closing_gives_up_what_is_under_way(sender: HttpSender) -> None:
    patient = HttpSender(allow_private=True, monotonic=time.monotonic, timeout_seconds=60)
    with endpoint(lambda _connection: time.sleep(0.5)) as target:
        attempt = patient.send(target.url, {}, b"{}")
        time.sleep(0.1)
        patient.close()
        assert attempt.cancelled()
        assert patient.send(target.url, {}, b"{}").cancelled()
