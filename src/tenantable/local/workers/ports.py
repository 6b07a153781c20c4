"""One port for several processes."""

import contextlib
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tenantable.engine.server import BACKLOG


@contextmanager
def shared_port(listener: socket.socket, count: int) -> Iterator[list[socket.socket]]:
    """
    Listeners for so many processes at the port of the first, until the end of the block.

    On Linux each has its own, and the kernel spreads connections over them evenly. Elsewhere all accept from the one
    there is: whoever is idle takes what has come. So would they on Linux, where of eight connections one process often
    took all: docs/decisions/0007-several-processes.md. The first was bound without sharing, so that a port that
    somebody else shares among processes counts as taken.
    """
    with ExitStack() as opened:
        listeners = [listener]
        if sys.platform == "linux":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listeners += [opened.enter_context(_beside(listener)) for _ in range(count - 1)]
        else:
            listeners *= count
        yield listeners


def _beside(listener: socket.socket) -> contextlib.closing[socket.socket]:
    another = socket.socket(listener.family, socket.SOCK_STREAM)
    another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    another.bind(listener.getsockname())
    another.listen(BACKLOG)
    return contextlib.closing(another)
