"""The benches of channels and locks: what tasks wait for, without sockets and timers."""

from __future__ import annotations

from typing import Any

from benches.model import Bench, Cell, Job, Metric

LOOPS = ("mezame", "asyncio", "uvloop", "trio")
METRICS = (Metric("wall_ns", "per item", "ns"), Metric("cpu_ns", "CPU per item", "ns"))
UVLOOP = "uvloop has no channels and locks of its own: its rows are asyncio's classes on its loop."
CONTENDED = "lock, 10 tasks"
ALONE = "lock, uncontended"
PAIR = "a sender and a receiver, capacity 100"


def _cell(label: str, program: str, params: dict[str, Any], loops: tuple[str, ...] = LOOPS) -> Cell:
    return Cell(label, {key: Job(key, program, params) for key in loops})


def channels(quick: bool) -> Bench:
    """One message from a task to another, or to itself."""
    count = {"count": 20_000 if quick else 500_000}
    return Bench(
        "channels",
        "Channels",
        f"{count['count']:,} messages (`mezame.sync.mpsc`, `asyncio.Queue`, `trio.open_memory_channel`), or channels "
        "for one value (`mezame.sync.oneshot`, `loop.create_future()`).",
        METRICS,
        (
            _cell(PAIR, "channel_pair", count),
            _cell("one task sends and receives", "channel_alone", count),
            _cell("unbounded", "channel_unbounded", count),
            _cell("one value", "one_value", count, ("mezame", "asyncio", "uvloop")),
        ),
        (
            UVLOOP,
            "trio's operations are checkpoints: each gives way to the other tasks, whether or not it has to wait. "
            "mezame's draw on a budget, so that one poll does at most 128; asyncio's never give way unless they wait.",
        ),
    )


def locks(quick: bool) -> Bench:
    """Taking and giving back."""
    count = {"count": 20_000 if quick else 500_000}
    shared = {"tasks": 10, "each": 1_000 if quick else 20_000}
    trips = {"trips": 5_000 if quick else 100_000}
    meetings = {"tasks": 10, "rounds": 500 if quick else 10_000}
    both = ("mezame", "asyncio", "uvloop")
    return Bench(
        "locks",
        "Locks and signals",
        "`async with` of a lock or a permit, alone, and by 10 tasks that give way while they hold it; two tasks that "
        "wake each other (`mezame.sync.Notify`, `asyncio.Event`); 10 tasks at a barrier; two that take turns with a "
        "condition (`mezame.sync.Condvar`).",
        METRICS,
        (
            _cell(ALONE, "lock_alone", count),
            _cell(CONTENDED, "lock_contended", shared),
            _cell("semaphore, uncontended", "semaphore_alone", count),
            _cell("semaphore of 3, 10 tasks", "semaphore_contended", shared),
            _cell("signals, per round trip", "signals", trips, both),
            _cell("barrier of 10, per wait", "barrier", meetings, both),
            _cell("condition, per round trip", "condition", trips),
        ),
        (UVLOOP, "trio has no event that can be cleared, and no barrier."),
    )


BUILDERS = {"channels": channels, "locks": locks}
