"""A process with an echo server: ``python -m benches.echo.serve RUNTIME STYLE WORKERS [CERTIFICATE]``.

STYLE ``json`` answers each request of 1 KiB with ``work.answer`` of it, on streams. WORKERS is mezame's number of
workers; 0: the current-thread runtime. The styles ``tls`` and ``tls protocols`` serve with CERTIFICATE.

Prints the port as one line and serves until it is killed. All servers listen with a long backlog and
send without delay (TCP_NODELAY): asyncio, uvloop, aiofastnet and trio set that on their own.
"""

from __future__ import annotations

import ctypes
import importlib
import resource
import signal
import sys

from benches.echo.certificate import server_context

BACKLOG = 4096
CHUNK = 256 * 1024
PR_SET_PDEATHSIG = 1

MODULES = {
    "mezame": "serve_mezame",
    "asyncio": "serve_asyncio",
    "uvloop": "serve_asyncio",
    "aiofastnet": "serve_asyncio",
    "trio": "serve_trio",
    "floor": "serve_floor",
}


def announce(port: int) -> None:
    """Tells the parent where to connect."""
    print(port, flush=True)


def main() -> None:
    """Serves with what the arguments name. Dies with its parent, so that nothing is left behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    runtime, style, workers = sys.argv[1:4]
    context = server_context(sys.argv[4]) if style.startswith("tls") else None
    importlib.import_module(f"benches.echo.{MODULES[runtime]}").serve(runtime, style, int(workers), context)


if __name__ == "__main__":
    main()
