"""The benches of channels, locks and streams: what tasks wait for, without sockets and timers."""

from __future__ import annotations

from typing import Any

from benches.model import Bench, Cell, Job, Metric

LOOPS = ("mezame", "asyncio", "uvloop", "trio")
METRICS = (Metric("wall_ns", "per item", "ns"), Metric("cpu_ns", "CPU per item", "ns"))
WITH_FLOOR = (*LOOPS, "floor")
FLOOR = (
    "*floor* is no rival but what is under all of them: a C type with the same methods, which do nothing. Its row "
    "is what the interpreter itself takes for the calls and the awaits, so a rival's time over the floor's is the most "
    "that any channel or lock can reach against that rival."
)
UVLOOP = "uvloop has no channels and locks of its own: its rows are asyncio's classes on its loop."
CONTENDED = "lock, 10 tasks"
ALONE = "lock, uncontended"
PAIR = "a sender and a receiver, capacity 100"


def _cell(label: str, program: str, params: dict[str, Any], loops: tuple[str, ...] = LOOPS, **more: str) -> Cell:
    """A program on the loops; ``more`` are rows of mezame itself: a name for the row, and its program."""
    jobs = {key: Job(key, program, params) for key in loops}
    own = {f"mezame, {name}": Job("mezame", other, params) for name, other in more.items()}
    return Cell(label, jobs | own)


def channels(quick: bool) -> Bench:
    """One message from a task to another, or to itself."""
    count = {"count": 20_000 if quick else 500_000}
    many = 10_000 if quick else 200_000
    return Bench(
        "channels",
        "Channels",
        f"{count['count']:,} messages (`mezame.sync.mpsc`, `asyncio.Queue`, `trio.open_memory_channel`), or channels "
        "for one value (`mezame.sync.oneshot`, `loop.create_future()`).",
        METRICS,
        (
            _cell(PAIR, "channel_pair", count, WITH_FLOOR),
            _cell("one task sends and receives", "channel_alone", count, WITH_FLOOR),
            _cell("unbounded", "channel_unbounded", count),
            _cell("one value", "one_value", count, ("mezame", "asyncio", "uvloop")),
            _cell("4 senders, 4 receivers, capacity 100", "many_to_many", {"count": many, "each_way": 4}),
            _cell("broadcast to 10, per delivery", "broadcast_to_all", {"count": many // 10, "receivers": 10}),
            _cell("latest value, per round trip", "latest_value", {"trips": many // 5}),
        ),
        (
            UVLOOP,
            FLOOR,
            "Many to many is `mezame.sync.mpmc`; the others' usual queue is one already.",
            "Not like for like: only mezame has a broadcast channel and one for the latest value (`watch`). In the "
            "others a queue for each receiver, into all of which the sender puts, and a value under a condition stand "
            "for them.",
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
            _cell(ALONE, "lock_alone", count, WITH_FLOOR),
            _cell(CONTENDED, "lock_contended", shared),
            _cell("semaphore, uncontended", "semaphore_alone", count),
            _cell("semaphore of 3, 10 tasks", "semaphore_contended", shared),
            _cell("signals, per round trip", "signals", trips, both),
            _cell("barrier of 10, per wait", "barrier", meetings, both),
            _cell("condition, per round trip", "condition", trips),
            _cell("event for 10 tasks, per wake", "wake_all", meetings),
            _cell("read lock, uncontended", "read_alone", count, Mutex="lock_alone"),
            _cell("9 readers and a writer", "read_contended", shared, Mutex="lock_contended"),
        ),
        (
            UVLOOP,
            FLOOR,
            "trio has no event that can be cleared, and no barrier: for the event of 10 tasks it makes a new one each "
            "time.",
            "Not like for like: only mezame has a lock for readers and writers (`RwLock`). The others take their plain "
            "lock, as a program there has to, and mezame's `Mutex` has a row too.",
        ),
    )


def streams(quick: bool) -> Bench:
    """Items that go through adapters."""
    count = 10_000 if quick else 300_000
    return Bench(
        "streams",
        "Streams",
        f"{count:,} items: through a function and a test (`stream.iter(x).map(f).filter(g)`); calls that give way "
        "once, 10 at a time, in the order of their ends (`buffer_unordered`); two async generators as one (`merge`).",
        METRICS,
        (
            _cell("map and filter", "map_filter", {"count": count}, generators="map_filter_generators"),
            _cell("buffer_unordered of 10", "buffer_unordered", {"count": count, "together": 10}),
            _cell("merge of 2", "merge", {"count": count}),
        ),
        (
            "asyncio, uvloop and trio have no streams. Their rows are what a program writes by hand: async generators "
            "around async generators; a task per call whose end goes into a queue (trio: 10 tasks that take from one "
            "iterator); a task per source that puts its items into one queue of 10.",
            "Not like for like: in mezame the calls and the sources are polled by the task that reads the stream, and "
            "there are no tasks and no queue. What it pays for is that a cancelled `next()` loses nothing.",
        ),
    )


BUILDERS = {"channels": channels, "locks": locks, "streams": streams}
