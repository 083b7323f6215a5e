"""The echo server on a loop in C that does nothing but resume coroutines: what no runtime for them can be below."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from benches.echo.serve import BACKLOG, announce
from benches.echo.serve_mezame import echo
from benches.extension import load

SOURCE = Path(__file__).with_name("floor.c")


def serve(runtime: str, style: str, workers: int, context: ssl.SSLContext | None) -> None:
    """Serves until the process is killed: mezame's own coroutine, on none of its runtime."""
    floor = load(SOURCE, "echo_floor")
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listener.setblocking(False)
    announce(listener.getsockname()[1])
    floor.serve(echo, listener.fileno())
