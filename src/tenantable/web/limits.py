"""Request bodies have a maximum, which is found out without reading more than that."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenantable.web.problems import problem_response


class BodyLimit:
    """
    ASGI middleware: a body of more than `bytes_max` is answered with 413, by its announced length or as it comes.

    The connection stays open and the server discards the rest of the body: closing it would reset the connection
    under a caller that is still sending, who then would not see the answer.
    """

    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self._bytes_max:
            response = problem_response(
                Request(scope),
                status=413,
                code="content-too-large",
                detail=self._detail,
                headers={"connection": "close"},
            )
            await response(scope, receive, send)
            return
        read_bytes = 0

        async def receive_counted() -> Message:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > self._bytes_max:
                raise HTTPException(413, self._detail)
            return message

        await self._app(scope, receive_counted, send)

    @property
    def _detail(self) -> str:
        return f"A request body has up to {self._bytes_max} bytes"
