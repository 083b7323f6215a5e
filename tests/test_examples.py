"""Every program of examples/ runs as a user runs it, and prints what it should."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

# What each prints, whole. A program that is not here fails ``test_every_example_is_known``.
OUTPUT = {
    "asyncio_interop": """\
        asyncio received ['one', 'two', 'three']
        asyncio awaited a mezame task: sent
        mezame awaited an asyncio.Future: from an asyncio loop
        mezame awaited a concurrent.futures.Future: 6""",
    "blocking_work": """\
        request-7 50 %
        request-7 100 %
        sha256 begins with 6bb94245
        the runtime's thread was free meanwhile: True""",
    "chat": """\
        aki heard ['ben: hi', 'chie: おはよう']
        ben heard ['aki: good morning', 'chie: おはよう']
        chie heard ['aki: good morning', 'ben: hi']""",
    "echo": """\
        hello from client 0
        hello from client 1
        hello from client 2""",
    "graceful_shutdown": """\
        no new connections
        the request in progress was finished
        the client got 'done'
        bye""",
    "http_server": r"""
        b'GET / HTTP/1.1\r\nHo' -> HTTP/1.1 200 OK
        b'GET /nothing HTTP/' -> HTTP/1.1 404 Not Found
        b'GET /slow HTTP/1.1' -> HTTP/1.1 503 Service Unavailable
        b'POST / HTTP/1.1\r\nH' -> HTTP/1.1 405 Method Not Allowed
        b'GET / HTTP/1.1\r\nX:' -> HTTP/1.1 431 Request Header Fields Too Large
        b'GET / HTTP' -> HTTP/1.1 408 Request Timeout""",
    "leaf_future": """\
        set by another thread
        polls: 2
        timed out; a waker is kept: False""",
    "nine_steps": """\
         Executor         Future        I/O driver
            |               *               |   1  greet() was called: there is a coroutine
            |<--------------|               |   2  spawn: it is a task now, and queued
            |-------------->|               |   3  the task is taken from the queue: poll(cx)
            |               *               |   4  the coroutine runs as far as it can
            |               |-------------->|   5  nothing to read: the driver gets the waker
            |<--------------|               |   5  Poll.Pending
            *               |               |   5  ... another task is polled ...
            |               |               *   6  the driver sees that bytes have come
            |<------------------------------|   6-7  wake(): the task is queued again, once
            |-------------->|               |   8  poll(cx) again
            |<--------------|               |   9  Poll.Ready(value): the task is complete""",
    "port_scanner": """\
        open: 2 as expected: True
        connected to the one that listens: True""",
    "rate_limiter": """\
        call 0 at 0.0 s
        call 1 at 0.0 s
        call 2 at 0.5 s
        call 3 at 1.0 s
        call 4 at 1.5 s
        call 5 at 2.0 s""",
    "ticker": """\
        BURST [0.0, 1.0, 3.5, 3.5, 4.0]
        DELAY [0.0, 1.0, 3.5, 4.5, 5.5]
        SKIP  [0.0, 1.0, 3.5, 4.0, 5.0]""",
    "worker_pool": """\
        20 results, the last 361
        the producer had to wait for room: True""",
}
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # -X dev: what is never awaited or never closed is printed, and fails the comparison of stderr below.
    command = [sys.executable, "-X", "dev", "-X", "utf8", str(EXAMPLES / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=50)


def test_every_example_is_known():
    assert sorted(OUTPUT) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_example_runs_and_prints_what_it_should(name):
    done = run(name)
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == lines(OUTPUT[name])
    # asyncio's debug mode tells of callbacks that took 0.1 s, which says something about the machine only.
    assert [line for line in lines(done.stderr) if not re.fullmatch(r"Executing .* took [\d.]+ seconds", line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_example_says_what_it_shows_and_how_to_run_it(name):
    docstring = ast.get_docstring(ast.parse((EXAMPLES / f"{name}.py").read_text(encoding="utf-8")))
    assert docstring and "Shows:" in docstring and f"Run it:   python examples/{name}.py" in docstring


def test_nine_steps_in_the_other_forms():
    assert "進めるところまで処理を進める" in run("nine_steps", "--ja").stdout
    assert run("nine_steps", "--mermaid").stdout.startswith("sequenceDiagram\n    participant E as Executor")
