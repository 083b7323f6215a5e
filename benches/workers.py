"""The benches of the multi-thread runtime: with 1, 2, 4 ... workers, against itself on one thread and the others.

They are about parallel Python code, so they run by default where there is no GIL, and only there.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from benches.model import Bench, Cell, Job, Metric

CURRENT = "mezame, current thread"
COLLECTOR_OFF = "spawn storm, garbage collector off"
COLLECTOR = (
    "The garbage collector of this interpreter starts by a count of young objects that each thread keeps for itself, "
    "so that the same program collects more or less often on another thread. The second table has it switched off: "
    "what is left there is mezame's own difference."
)
HERE = (
    "The jobs of mezame run as tasks of a task; the future that `block_on` is given does nothing but wait for it.",
    "All rows run on this interpreter. Without a GIL it is slower on one thread than the usual build: compare with the "
    "rows here, not with those of other runs.",
)


def counts() -> list[int]:
    """How many workers: 1, 2 and then doubled up to what the machine has, at least 2."""
    cpus = len(os.sched_getaffinity(0))
    return [1, 2, *(count for count in (4, 8, 16, 32, 64) if count <= cpus)]


def label(workers: int) -> str:
    """The name of a row."""
    return f"mezame, {workers} worker{'' if workers == 1 else 's'}"


def _rows(program: str, params: dict[str, Any]) -> dict[str, Job]:
    """mezame on one thread and on workers."""
    rows = {CURRENT: Job("mezame", program, params | {"workers": 0})}
    for workers in counts():
        rows[label(workers)] = Job("mezame", program, params | {"workers": workers})
    return rows


def _rivals(program: str, params: dict[str, Any]) -> dict[str, Job]:
    return {"asyncio": Job("asyncio", program, params), "trio": Job("trio", program, params)}


def _compute(quick: bool) -> Bench:
    sizes = {"tasks": 100 if quick else 400, "n": 18 if quick else 20}
    jobs = _rows("compute", sizes) | _rivals("compute", sizes)
    cpus = len(os.sched_getaffinity(0))
    jobs[f"ThreadPoolExecutor({cpus})"] = Job("threads", "compute", sizes | {"workers": cpus})
    return Bench(
        "workers_compute",
        "Several workers: tasks that compute",
        f"{sizes['tasks']} tasks, each computing `fib({sizes['n']})` in Python, spawned by one task and joined.",
        (Metric("wall_ns", "per task", "ns"), Metric("cpu_ns", "CPU per task", "ns")),
        (Cell(f"fib({sizes['n']})", jobs, base=label(1)),),
        HERE,
    )


def _small(name: str, title: str, what: str, unit: str, program: str, sizes: dict[str, Any]) -> Bench:
    return Bench(
        name,
        f"Several workers: {title}",
        what,
        (Metric("wall_ns", unit, "ns"), Metric("cpu_ns", f"CPU {unit}", "ns")),
        (Cell(title, _rows(program, sizes) | _rivals(program, sizes), base=CURRENT),),
        HERE,
    )


def _switch(quick: bool) -> Bench:
    sizes = {"tasks": 100, "yields": 500} if quick else {"tasks": 1_000, "yields": 500}
    what = f"{sizes['tasks']:,} tasks that each give way {sizes['yields']} times."
    return _small("workers_switch", "task switch", what, "per switch", "switch", sizes)


def _spawn(quick: bool) -> Bench:
    sizes = {"count": 10_000 if quick else 200_000}
    what = f"{sizes['count']:,} tasks that end at once, spawned by one task, which then joins them in order."
    bench = _small("workers_spawn", "spawn storm from one worker", what, "per task", "spawn_join", sizes)
    quiet = sizes | {"collector": False}
    cell = Cell(COLLECTOR_OFF, _rows("spawn_join", quiet) | _rivals("spawn_join", quiet), base=CURRENT)
    return replace(bench, cells=(*bench.cells, cell), notes=(*bench.notes, COLLECTOR))


def _ping_pong(quick: bool) -> Bench:
    sizes = {"pairs": 8, "trips": 500 if quick else 10_000}
    trips = f"{sizes['trips']:,}"
    what = f"8 pairs of tasks at the same time, each with two channels of capacity 1; {trips} round trips each."
    return _small("workers_ping_pong", "ping-pong", what, "per round trip", "ping_pongs", sizes)


def _mpsc(quick: bool) -> Bench:
    sizes = {"senders": 8, "each": 1_000 if quick else 20_000, "capacity": 64}
    what = f"8 tasks send {sizes['each']:,} messages each into one channel of capacity 64; one task receives them."
    return _small("workers_mpsc", "mpsc", what, "per message", "fan_in", sizes)


def _blocking(quick: bool) -> Bench:
    sizes = {"count": 2_000 if quick else 50_000, "together": 100}
    what = f"{sizes['count']:,} calls that return at once go to the pool of blocking threads, 100 at a time."
    return _small("workers_blocking", "spawn_blocking", what, "per call", "blocking", sizes)


def _server(name: str, title: str, what: str, style: str, connections: int, quick: bool) -> Bench:
    params = {
        "style": style,
        "connections": connections,
        "size": 1024,
        "seconds": 0.3 if quick else 2.0,
        "warm_up": 0.2 if quick else 0.5,
        "allocator": "keeps",
        "pinned": False,
    }
    jobs = {CURRENT: Job("mezame", "echo", params)}
    for workers in counts():
        jobs[label(workers)] = Job("mezame", "echo", params | {"workers": workers})
    jobs["asyncio streams"] = Job("asyncio", "echo", params)
    jobs["trio streams"] = Job("trio", "echo", params)
    return Bench(
        name,
        f"Several workers: {title}",
        what,
        (
            Metric("rps", "requests per second", "1/s", better="more"),
            Metric("cpu_us", "server CPU per request", "µs"),
            Metric("p50_us", "p50 latency", "µs"),
            Metric("p99_us", "p99 latency", "µs"),
            Metric("load_busy", "generator busy", "%", compare=False),
        ),
        (Cell(f"{connections:,} connections", jobs, base=label(1)),),
        (
            "Server and load generator share all CPUs; nothing is pinned.",
            "The rivals have one thread for Python code.",
        ),
    )


def _echo(quick: bool) -> Bench:
    what = "The echo server of the other page's bench, 1 KiB messages: the kernel does most of the work."
    return _server("workers_echo", "TCP echo", what, "streams", 100 if quick else 1_000, quick)


def _json(quick: bool) -> Bench:
    what = "A server that parses 1 KiB of JSON per request, changes it, and serialises it."
    return _server("workers_json", "JSON server", what, "json", 50, quick)


BUILDERS = {
    "workers_compute": _compute,
    "workers_json": _json,
    "workers_echo": _echo,
    "workers_switch": _switch,
    "workers_spawn": _spawn,
    "workers_ping_pong": _ping_pong,
    "workers_mpsc": _mpsc,
    "workers_blocking": _blocking,
}
