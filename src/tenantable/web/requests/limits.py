"""Request bodies have a maximum, which is found out without keeping more than that."""

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenantable.web.problems import problem_response

DISCARDED_BYTES_MAX = 64 * 1024 * 1024
DISCARD_SECONDS_MAX = 10.0


class BodyLimit:
    """
    ASGI middleware: a body of more than `bytes_max` is answered with 413, by its announced length or as it comes.

    The answer is sent at once. Then what is still coming is discarded before the connection is closed, because closing
    it under a caller that is still sending would reset it, and many callers look for an answer only when they have
    sent everything. Whoever sends more than 64 MiB, or longer than `discard_seconds`, is cut off.
    """

    def __init__(self, app: ASGIApp, *, bytes_max: int, discard_seconds: float = DISCARD_SECONDS_MAX) -> None:
        self._app = app
        self._bytes_max = bytes_max
        self._discard_seconds = discard_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self._bytes_max:
            response = problem_response(Request(scope), status=413, code="content-too-large", detail=self._detail)
            await response(scope, receive, self._closing(receive, send))
            return
        read_bytes = 0

        async def receive_counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > self._bytes_max:
                raise HTTPException(413, self._detail)
            return message

        closing = self._closing(receive, send)

        async def send_watched(message: Message) -> None:
            await (closing if read_bytes > self._bytes_max else send)(message)

        await self._app(scope, receive_counted, send_watched)

    def _closing(self, receive: Receive, send: Send) -> Send:
        """Send an answer whole, discard the rest of the request, and only then end both: the server closes then."""

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            elif not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._discard(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        return send_and_close

    async def _discard(self, receive: Receive) -> None:
        discarded_bytes, more = 0, True
        try:
            async with asyncio.timeout(self._discard_seconds):
                while more and discarded_bytes <= DISCARDED_BYTES_MAX:
                    message = await receive()
                    discarded_bytes += len(message.get("body", b""))
                    more = message.get("more_body", False)
        except TimeoutError:
            return

    @property
    def _detail(self) -> str:
        return f"A request body has up to {self._bytes_max} bytes"
