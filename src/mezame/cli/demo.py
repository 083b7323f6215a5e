"""``demo``: a real TCP service, a thousand real connections from another process, and the nine steps of one.

The service has what services have: an accept loop, a task per connection, a timer, a blocking call, a ticker in
the background. What is printed is counted and recorded from the run itself.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mezame

from ..core.hooks import Hooks
from ..core.report import report_exception
from ..net.tcp import TcpListener, TcpStream

WATCHED = "connection-0"


class Recorder(Hooks):
    """Keeps the events of one connection's task, and how many other tasks were polled between them."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.others = 0
        self.source: Any = None

    def _mine(self, task: Any) -> bool:
        if getattr(task, "_name", None) == WATCHED or getattr(task, "name", "") == WATCHED:
            return True
        self.others += 1
        return False

    def _note(self, kind: str, text: str) -> None:
        if len(self.steps) < 14:
            self.steps.append((kind, text))

    def on_spawn(self, task: Any) -> None:
        if self._mine(task):
            self._note("spawn", "1-2 the async def is a task now, and queued")

    def on_poll(self, task: Any) -> None:
        if self._mine(task):
            if self.others and any(kind == "pending" for kind, _ in self.steps):
                self._note("others", f"... other tasks were polled meanwhile ({self.others} events) ...")
            self._note("poll", "3 poll(cx)" if not any(k == "poll" for k, _ in self.steps) else "8 poll(cx) again")

    def on_register(self, task: Any, source: Any, interest: str) -> None:
        if self._mine(task):
            self.source = source
            self._note("register", f"4-5 nothing to {interest} yet: the waker is left with the driver")

    def on_pending(self, task: Any) -> None:
        if self._mine(task):
            self._note("pending", "5 Poll.Pending: on to another task")
            self.others = 0

    def on_event(self, source: Any, interest: str) -> None:
        if source is self.source:
            self._note("event", f"6 the driver sees that the socket is ready ({interest})")

    def on_wake(self, task: Any) -> None:
        if self._mine(task):
            self._note("wake", "6-7 waker.wake(): queued again, once")

    def on_complete(self, task: Any) -> None:
        if self._mine(task):
            self.steps.append(("ready", "9 Poll.Ready(v): the task is complete, whoever awaits it is woken"))


async def handle(stream: TcpStream, counts: dict[str, int]) -> None:
    """One connection: answers each line in upper case, after a short timer now and then."""
    async with stream:
        while request := await stream.read():
            counts["requests"] += 1
            if counts["requests"] % 100 == 0:
                await mezame.sleep(0.001)
            await stream.write_all(request.upper())


async def serve(connections: int, requests: int, counts: dict[str, int]) -> mezame.runtime.RuntimeMetrics:
    """The service, until its clients have gone."""
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        numbers = map(str, (listener.local_addr()[1], connections, requests))
        command = [sys.executable, "-m", "mezame.cli.demo", *numbers]
        client = mezame.spawn_blocking(subprocess.run, command, check=True, name="the client process")

        async def accept_all() -> None:
            number = 0
            async for stream, _ in listener.incoming():
                mezame.spawn(handle(stream, counts), name=f"connection-{number}")
                number += 1
                counts["connections"] = number

        async def tick() -> None:
            async for _ in mezame.time.interval(0.25):
                print(f"  ... {counts['connections']} connections, {counts['requests']} requests", file=sys.stderr)

        accepting = mezame.spawn(accept_all(), name="accept")
        ticker = mezame.spawn(tick(), name="ticker")
        await client
        metrics = mezame.Handle.current().metrics()
        accepting.abort()
        ticker.abort()
        return metrics


LANES = {"spawn": (0, 1), "poll": (0, 1), "register": (1, 2), "pending": (1, 0), "event": (2, 2),
         "wake": (2, 0), "ready": (1, 0), "others": (0, 0)}  # fmt: skip
NAMES = ("Executor", "Future", "I/O driver")


def text_diagram(steps: list[tuple[str, str]]) -> str:
    """The steps as a sequence diagram for the terminal."""
    at = (6, 30, 54)
    lines = ["".join(f"{name:^24}" for name in NAMES)]
    for kind, text in steps:
        start, end = LANES[kind]
        row = [" "] * 62
        for column in at:
            row[column + 5] = "|"
        low, high = sorted((at[start] + 5, at[end] + 5))
        for column in range(low + 1, high):
            row[column] = "-"
        if end > start:
            row[high - 1] = ">"
        elif end < start:
            row[low + 1] = "<"
        elif kind == "event":
            row[high] = "*"
        lines.append("".join(row) + "  " + text)
    return "\n".join(lines)


def mermaid(steps: list[tuple[str, str]]) -> str:
    """The steps as a Mermaid sequence diagram."""
    who = ("E", "F", "D")
    lines = ["sequenceDiagram"] + [f"    participant {w} as {name}" for w, name in zip(who, NAMES, strict=True)]
    for kind, text in steps:
        start, end = LANES[kind]
        text = text.replace(";", ",").replace(":", " -")
        arrow = f"Note over {who[start]}" if start == end else f"{who[start]}->>{who[end]}"
        lines.append(f"    {arrow}: {text}")
    return "\n".join(lines) + "\n"


def svg(steps: list[tuple[str, str]]) -> str:
    """The steps as an SVG picture."""
    x, height = (90, 330, 570), 70 + 40 * len(steps)
    font = 'font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="680" height="{height}" {font}>']
    for column, name in zip(x, NAMES, strict=True):
        parts.append(f'<text x="{column}" y="20" text-anchor="middle" font-weight="bold">{name}</text>')
        parts.append(f'<line x1="{column}" y1="28" x2="{column}" y2="{height - 10}" stroke="#999"/>')
    for index, (kind, text) in enumerate(steps):
        start, end = LANES[kind]
        y = 62 + 40 * index
        if start != end:
            tip = -7 if end > start else 7
            parts.append(f'<line x1="{x[start]}" y1="{y}" x2="{x[end]}" y2="{y}" stroke="#136"/>')
            parts.append(f'<path d="M{x[end]} {y} l{tip} -4 v8 z" fill="#136"/>')
        middle = min(max((x[start] + x[end]) // 2, 200), 480)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        parts.append(f'<text x="{middle}" y="{y - 6}" text-anchor="middle">{escaped}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def run_demo(connections: int, requests: int, out: str) -> int:
    """Runs it and prints what happened; the exit status."""
    if connections < 1 or requests < 1:
        print("demo: --connections and --requests must be at least 1", file=sys.stderr)
        return 2
    recorder = Recorder()
    counts = {"requests": 0, "connections": 0}
    began = time.perf_counter()
    metrics = mezame.run(serve(connections, requests, counts), hooks=recorder)
    took = time.perf_counter() - began
    print(f"{counts['connections']} connections, {counts['requests']} requests in {took:.2f} s")
    print(
        f"tasks spawned {metrics.spawned_tasks_count}, polls {metrics.polls_count}, wakes {metrics.wakes_count}, "
        f"parks {metrics.worker_park_count}, busy {metrics.worker_total_busy_duration:.2f} s"
    )
    print(f"\nThe life of {WATCHED}, as recorded:\n")
    print(text_diagram(recorder.steps))
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nine-steps.mmd").write_text(mermaid(recorder.steps))
    (folder / "nine-steps.svg").write_text(svg(recorder.steps))
    print(f"\nThe same as pictures: {folder / 'nine-steps.svg'}, {folder / 'nine-steps.mmd'}")
    return 0


async def client(port: int, connections: int, requests: int) -> list[float]:
    """The other process: asyncio on purpose, so that the service is met by a stranger. Latencies in seconds."""
    latencies: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number * 0.0005)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests):
            began = time.perf_counter()
            writer.write(b"hello\n")
            if await reader.readexactly(6) != b"HELLO\n":
                raise RuntimeError("a wrong answer")
            latencies.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
        writer.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    return latencies


if __name__ == "__main__":
    try:
        seen = sorted(asyncio.run(client(*map(int, sys.argv[1:4]))))
        print(
            f"latency seen by the client: p50 {seen[len(seen) // 2] * 1e3:.2f} ms, "
            f"p99 {seen[len(seen) * 99 // 100] * 1e3:.2f} ms"
        )
    except Exception as error:
        report_exception("the demo's client failed", error)
        sys.exit(1)
