"""``demo``: a real TCP service, a thousand real connections from another process, and the nine steps of one.

The service has what services have: an accept loop, a task per connection, a timer, a blocking call, a ticker in
the background. What is printed is counted and recorded from the run itself.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import mezame

from ..net.tcp import TcpListener, TcpStream
from .recording import Recorder, mermaid, svg, text_diagram
from .style import BOLD, styled

WATCHED = "connection-0"
SPARE_FILES = 64  # descriptors beside those of the connections
MOST = 20_000  # connections: one address of loopback has about 28,000 ports to come from


async def handle(stream: TcpStream, counts: dict[str, int]) -> None:
    """One connection: answers each line in upper case, after a short timer now and then."""
    async with stream:
        while request := await stream.read():
            counts["requests"] += 1
            if counts["requests"] % 100 == 0:
                await mezame.sleep(0.001)
            await stream.write_all(request.upper())


class Progress:
    """How far it is, on stderr: on a terminal one line that is written again and again, elsewhere one now and then."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.period = 0.1 if self.terminal else 1.0

    def show(self, counts: dict[str, int]) -> None:
        """The numbers as they are now."""
        text = f"  ... {counts['connections']} connections, {counts['requests']} requests"
        if self.terminal:
            print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Takes the line away."""
        if self.terminal:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


async def serve(connections: int, requests: int, counts: dict[str, int]) -> mezame.runtime.RuntimeMetrics:
    """The service, until its clients have gone. ``CalledProcessError`` if they failed."""
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        numbers = map(str, (listener.local_addr()[1], connections, requests))
        command = [sys.executable, "-m", "mezame.cli.demo_client", *numbers]
        progress = Progress()

        async def accept_all() -> None:
            number = 0
            async for stream, _ in listener.incoming():
                mezame.spawn(handle(stream, counts), name=f"connection-{number}")
                number += 1
                counts["connections"] = number

        async def tick() -> None:
            async for _ in mezame.time.interval(progress.period):
                progress.show(counts)

        accepting = mezame.spawn(accept_all(), name="accept")
        ticker = mezame.spawn(tick(), name="ticker")
        try:
            await mezame.spawn_blocking(subprocess.run, command, check=True, name="the client process")
        finally:
            ticker.abort()
            progress.clear()
        metrics = mezame.Handle.current().metrics()
        accepting.abort()
        return metrics


def why_not(connections: int, requests: int) -> str | None:
    """What is wrong with the numbers; None if nothing is. Asks for as many descriptors as it takes."""
    if connections < 1 or requests < 1:
        return "--connections and --requests must be at least 1"
    if connections > MOST:
        return f"--connections can be {MOST:,} at most: a client has no more ports"
    try:
        import resource
    except ImportError:  # no POSIX: no such limit
        return None
    needed = connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and needed > hard:
        return f"{connections:,} connections take {needed:,} open files, and the limit is {hard:,} (ulimit -n)"
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))  # the client inherits it
    return None


def run_demo(connections: int, requests: int, out: str) -> int:
    """Runs it and prints what happened; the exit status."""
    problem = why_not(connections, requests)
    if problem is not None:
        print(f"demo: {problem}", file=sys.stderr)
        return 2
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"demo: --out {out}: {error.strerror}", file=sys.stderr)
        return 2
    recorder = Recorder(WATCHED)
    counts = {"requests": 0, "connections": 0}
    began = time.perf_counter()
    try:
        metrics = mezame.run(serve(connections, requests, counts), hooks=recorder)
    except subprocess.CalledProcessError:
        return 1  # the client has said why
    took = time.perf_counter() - began
    count = f"{counts['connections']} connections, {counts['requests']} requests in {took:.2f} s"
    print(styled(count, BOLD, sys.stdout))
    print(
        f"tasks spawned {metrics.spawned_tasks_count}, polls {metrics.polls_count}, wakes {metrics.wakes_count}, "
        f"parks {metrics.worker_park_count}, busy {metrics.worker_total_busy_duration:.2f} s"
    )
    print(f"\nThe life of {WATCHED}, as recorded:\n")
    print(text_diagram(recorder.steps, sys.stdout))
    (folder / "nine-steps.mmd").write_text(mermaid(recorder.steps))
    (folder / "nine-steps.svg").write_text(svg(recorder.steps))
    print(f"\nThe same as pictures: {folder / 'nine-steps.svg'}, {folder / 'nine-steps.mmd'}")
    return 0
