"""Bytes that go to a server, and those that come back."""

import socket
import time


def exchanged(address: tuple[str, int], *parts: bytes, pause_seconds: float = 0) -> bytes:
    """What comes back until the server closes, or nothing more comes for two seconds."""
    received = b""
    with socket.create_connection(address, timeout=2) as connected:
        for part in parts:
            connected.sendall(part)
            time.sleep(pause_seconds)
        try:
            while chunk := connected.recv(65536):
                received += chunk
        except TimeoutError:
            return received + b" and stays open"
        except ConnectionResetError:
            return received
    return received
