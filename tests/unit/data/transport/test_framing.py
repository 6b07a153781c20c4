"""HTTP answers: read whole, in any slicing, within bounds, or refused."""

import gzip
import itertools
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenantable.data.transport.framing import HEAD_BYTES_MAX, Answer, BrokenAnswer, decompress, read_answer
from tenantable.errors import Unavailable

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Amzn-RequestId: r1\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;note=x\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"


def arriving(*pieces: bytes) -> Callable[[], bytes]:
    """A receiver that yields the pieces and then says that the other side has closed."""
    rest = iter(pieces)
    return lambda: next(rest, b"")


def read(*pieces: bytes, bytes_max: int = 1000) -> Answer:
    return read_answer(arriving(*pieces), bytes_max=bytes_max)


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED])
@given(cuts=st.lists(st.integers(1, len(CHUNKED) - 1)))
def test_slicing_does_not_matter(whole: bytes, cuts: list[int]) -> None:
    bounds = [0, *sorted(set(cuts)), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(bounds) if whole[start:end]]
    answer = read(*pieces)
    assert (answer.status, answer.body, answer.reusable) == (200, b"hello", True)


def test_header_names_are_lower_case_and_repeated_ones_are_joined() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\nVia: a\r\nVIA: b\r\nContent-Length: 0\r\n\r\n")
    assert answer.headers == {"via": "a, b", "content-length": "0"}


def test_interim_answers_are_skipped() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + PLAIN).body == b"hello"


def test_an_answer_without_a_length_lasts_to_the_end_of_the_connection() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo")
    assert (answer.body, answer.reusable) == (b"hello", False)


@pytest.mark.parametrize(
    "whole",
    [
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"X-Amzn-RequestId: r1", b"Connection: Close"),
        PLAIN + b"more than was asked for",
        CHUNKED.replace(b"Transfer-Encoding", b"Content-Length: 5\r\nTransfer-Encoding"),
    ],
)
def test_a_connection_in_doubt_is_not_reused(whole: bytes) -> None:
    answer = read(whole)
    assert (answer.body, answer.reusable) == (b"hello", False)


@pytest.mark.parametrize(
    ("whole", "complaint"),
    [
        (b"", "closed before"),
        (PLAIN[:-1], "1 bytes short"),
        (CHUNKED[:-2], "closed before"),
        (CHUNKED.replace(b"hel", b"hell"), "wrong length"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not an HTTP answer"),
        (PLAIN.replace(b"200 OK", b"2x0 OK"), "not an HTTP answer"),
        (PLAIN.replace(b"X-Amzn-RequestId:", b"X-Amzn-RequestId"), "not an HTTP header"),
        (PLAIN.replace(b": 5", b": -5"), "not a length"),
        (PLAIN.replace(b": 5", b": 0x5"), "not a length"),
        (PLAIN.replace(b"X-Amzn-RequestId: r1", b"Content-Length: 6"), "two lengths"),
        (CHUNKED.replace(b": chunked", b": gzip"), "unknown transfer coding"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * HEAD_BYTES_MAX, "longer than"),
    ],
)
def test_a_broken_answer_is_refused(whole: bytes, complaint: str) -> None:
    with pytest.raises(BrokenAnswer, match=complaint):
        read(whole)


@pytest.mark.parametrize("whole", [PLAIN, CHUNKED, b"HTTP/1.1 200 OK\r\n\r\nhello"])
def test_a_body_over_the_bound_is_refused(whole: bytes) -> None:
    assert read(whole, bytes_max=5).body == b"hello"
    with pytest.raises(Unavailable, match="larger than the 4 bytes"):
        read(whole, bytes_max=4)


@given(st.binary(max_size=2000))
def test_gzip_is_undone(plain: bytes) -> None:
    assert decompress(gzip.compress(plain), bytes_max=2000) == plain


def test_a_decompressed_body_over_the_bound_is_refused() -> None:
    with pytest.raises(Unavailable, match="larger than the 999 bytes"):
        decompress(gzip.compress(bytes(1000)), bytes_max=999)


@pytest.mark.parametrize("damaged", [zlib.compress(b"x"), gzip.compress(b"hello" * 100, mtime=0)[:-9], b""])
def test_damaged_gzip_is_refused(damaged: bytes) -> None:
    with pytest.raises(BrokenAnswer, match="compressed answer"):
        decompress(damaged, bytes_max=1000)
