"""Every bench with its sizes: the full ones, and the small ones of ``--quick``."""

from __future__ import annotations

from typing import Any

from benches import files, waits, workers
from benches.goals import C_FOR_SCALE
from benches.machine import has_gil
from benches.model import Bench, Cell, Job, Metric

LOOPS = ("mezame", "asyncio", "uvloop", "trio")
"""What runs the benches without sockets. aiofastnet replaces transports only, so there it is uvloop."""

ECHO_SERVERS = {
    "mezame": ("mezame", "streams"),
    "asyncio protocols": ("asyncio", "protocols"),
    "asyncio streams": ("asyncio", "streams"),
    "uvloop protocols": ("uvloop", "protocols"),
    "uvloop streams": ("uvloop", "streams"),
    "uvloop + aiofastnet protocols": ("aiofastnet", "protocols"),
    "trio streams": ("trio", "streams"),
    "floor": ("floor", "streams"),
    "plain C": ("c", "epoll"),
}

TLS_SERVERS = {
    "mezame": ("mezame", "tls"),
    "asyncio protocols": ("asyncio", "tls protocols"),
    "asyncio streams": ("asyncio", "tls"),
    "uvloop protocols": ("uvloop", "tls protocols"),
    "uvloop streams": ("uvloop", "tls"),
    "uvloop + aiofastnet protocols": ("aiofastnet", "tls protocols"),
    "trio streams": ("trio", "tls"),
}

NO_AIOFASTNET = "aiofastnet replaces transports, not tasks or timers, so uvloop's row stands for it here too."
FEWER_ON_TRIO = (
    "trio runs a tenth of the number, so that the run ends in time; the cost is per item all the same."
)


def _jobs(
    program: str, params: dict[str, Any], lighter: dict[str, dict[str, Any]] | None = None
) -> dict[str, Job]:
    """The same program on every loop; ``lighter`` replaces sizes for runtimes that need longer."""
    return {key: Job(key, program, params | (lighter or {}).get(key, {})) for key in LOOPS}


def _switch(quick: bool) -> Bench:
    tasks, yields = (100, 200) if quick else (1_000, 2_000)
    return Bench(
        "switch",
        "Task switch",
        f"{tasks:,} tasks, each giving way {yields:,} times (`mezame.yield_now()`, `asyncio.sleep(0)`, "
        "`trio.lowlevel.checkpoint()`). Every task has its own contextvars and the program checks them.",
        (Metric("wall_ns", "per switch", "ns"), Metric("cpu_ns", "CPU per switch", "ns")),
        (Cell(f"{tasks:,} tasks", _jobs("switch", {"tasks": tasks, "yields": yields})),),
        (NO_AIOFASTNET,),
    )


def _spawn_join(quick: bool) -> Bench:
    count = 20_000 if quick else 1_000_000
    return Bench(
        "spawn_join",
        "Spawn and join",
        f"{count:,} tasks that return an int are spawned, then each handle is awaited in order.",
        (Metric("wall_ns", "per task", "ns"), Metric("cpu_ns", "CPU per task", "ns")),
        (Cell(f"{count:,} tasks", _jobs("spawn_join", {"count": count}, {"trio": {"count": count // 10}})),),
        (
            "Not like for like: trio has no task handles, so its tasks are started in a nursery and the "
            "end of the nursery is awaited; their results are thrown away.",
            "asyncio and uvloop run with their usual tasks; `asyncio.eager_task_factory`, which runs a "
            "task before `create_task` returns, is another contract and is not used.",
            FEWER_ON_TRIO,
            NO_AIOFASTNET,
        ),
    )


def _memory(quick: bool) -> Bench:
    count = 10_000 if quick else 100_000
    return Bench(
        "memory",
        "Memory per task",
        f"Growth of the resident set by {count:,} tasks, divided by their number. Idle: all of them wait "
        "for one thing (`mezame.sync.Notify`, `asyncio.Event`, `trio.Event`). Not polled: spawned, and not "
        "run yet.",
        (Metric("bytes", "per task", "B"),),
        (
            Cell("idle", _jobs("memory_idle", {"count": count})),
            Cell("not polled", _jobs("memory_unpolled", {"count": count})),
        ),
        (
            "The coroutine itself (about 200 B of it) is counted in all of them; the list that holds the "
            "handles is not.",
            NO_AIOFASTNET,
        ),
    )


def _import_time(quick: bool) -> Bench:
    return Bench(
        "import_time",
        "Import",
        "How much longer an interpreter takes that imports the runtime, the fastest of some starts, byte code written.",
        (Metric("import_ms", "import", "ms"),),
        (Cell("import", _jobs("import_time", {"times": 5 if quick else 30})),),
        ("mezame imports asyncio: its `CancelledError` is asyncio's.",),
    )


def _ping_pong(quick: bool) -> Bench:
    trips = 5_000 if quick else 100_000
    return Bench(
        "ping_pong",
        "Ping-pong over channels",
        f"Two tasks and two channels of capacity 1; {trips:,} round trips "
        "(`mezame.sync.mpsc`, `asyncio.Queue`, `trio.open_memory_channel`).",
        (Metric("wall_ns", "per round trip", "ns"), Metric("cpu_ns", "CPU per round trip", "ns")),
        (Cell("capacity 1", _jobs("ping_pong", {"trips": trips})),),
        (NO_AIOFASTNET,),
    )


def _timers_cancel(quick: bool) -> Bench:
    count = 5_000 if quick else 100_000
    return Bench(
        "timers_cancel",
        "Timers set and cancelled",
        f"{count:,} timers, 10 s away, are set and then all cancelled; one turn of the loop afterwards is "
        "part of the time, so that what a loop puts off is counted.",
        (
            Metric("wall_ns", "set and cancel", "ns"),
            Metric("set_ns", "set", "ns"),
            Metric("cancel_ns", "cancel", "ns"),
        ),
        (Cell(f"{count:,} timers", _jobs("timers_cancel", {"count": count})),),
        (
            "Not like for like: in mezame a `Sleep` is made, polled once (which sets its timer) and "
            "closed; asyncio and uvloop set a callback with `call_later` and cancel its handle, which "
            "wakes no task; trio has no bare timers, so a `move_on_after` scope is entered and left one "
            "after the other, and never two are alive.",
            NO_AIOFASTNET,
        ),
    )


def _timers_fired(quick: bool) -> Bench:
    count = 5_000 if quick else 100_000
    return Bench(
        "timers_fired",
        "Timers that fire",
        f"{count:,} tasks each sleep a random time below 0.2 s (the same times in all) and end; the "
        "process's CPU time, spawning the tasks included, divided by their number.",
        (Metric("cpu_ns", "CPU per timer", "ns"),),
        (Cell(f"{count:,} sleeping tasks", _jobs("timers_fired", {"count": count})),),
        (NO_AIOFASTNET,),
    )


def _cross_thread_wake(quick: bool) -> Bench:
    trips = 500 if quick else 20_000
    return Bench(
        "cross_thread_wake",
        "Wake from another thread",
        f"A plain thread wakes a task and the task answers over a `queue.SimpleQueue`, {trips:,} times, one "
        "after the other; the time from the wake to the answer, seen by the thread.",
        (Metric("p50_us", "median", "µs"), Metric("p99_us", "p99", "µs")),
        (Cell("one thread", _jobs("cross_thread_wake", {"trips": trips})),),
        (
            "mezame: a `oneshot` channel, sent from the thread; asyncio and uvloop: `call_soon_threadsafe` "
            "on a future; trio: `TrioToken.run_sync_soon` on an event. The way back is the same in all, "
            "and with the GIL's hand-over it is a floor that all of them share.",
            NO_AIOFASTNET,
        ),
    )


def _echo_job(
    server: str,
    connections: int,
    size: int,
    quick: bool,
    allocator: str = "keeps",
    servers: dict[str, tuple[str, str]] = ECHO_SERVERS,
) -> Job:
    """An echo measurement. The matrix around 50 connections gets shorter runs: it is large."""
    runtime, style = servers[server]
    seconds, warm_up = (0.3, 0.1) if quick else (1.5 if connections == 50 else 1.0, 0.3)
    if connections >= 1_000:
        warm_up *= 2
    params = {
        "style": style,
        "connections": connections,
        "size": size,
        "seconds": seconds,
        "warm_up": warm_up,
        "allocator": allocator,
    }
    return Job(runtime, "echo", params)


def _size_label(size: int) -> str:
    return f"{size // 1024} KiB"


def _echo(quick: bool) -> Bench:
    cells = []
    for connections in (50, 1, 1_000):
        for size in (1024, 10 * 1024, 100 * 1024):
            jobs = {server: _echo_job(server, connections, size, quick) for server in ECHO_SERVERS}
            label = f"{connections:,} x {_size_label(size)}"
            cells.append(Cell(label, jobs, rounds=None if connections == 50 else 2))
    shipped = {server: _echo_job(server, 50, 1024, quick, "as shipped") for server in ECHO_SERVERS}
    cells.insert(3, Cell("50 x 1 KiB, allocator as shipped", shipped, rounds=2))
    return Bench(
        "echo",
        "TCP echo",
        "An echo server on loopback, under a closed-loop load generator in C (each connection sends a "
        "message, waits for all of it to come back, sends the next). The server has one CPU, the generator "
        "another. Labels read connections x message size. The server's CPU time covers the measured part "
        "only.",
        (
            Metric("cpu_us", "server CPU per request", "µs"),
            Metric("rps", "requests per second", "1/s", better="more"),
            Metric("p50_us", "p50 latency", "µs"),
            Metric("p99_us", "p99 latency", "µs"),
            Metric("load_busy", "generator busy", "%", compare=False),
        ),
        tuple(cells),
        (
            "The cells with 1 and 1,000 connections, and the one with the allocator as shipped, have 2 "
            "rounds at most: they are many and long.",
            "Every server runs with glibc's allocator told to keep freed memory (`MALLOC_MMAP_THRESHOLD_` "
            "4 MiB, `MALLOC_TRIM_THRESHOLD_` 16 MiB), because the protocols of asyncio and aiofastnet read "
            "into a new 256 KiB block each time, and glibc as shipped maps and unmaps that block at every "
            "read of a small process. That would make them look several times slower than they are in a "
            "larger program; the cell `allocator as shipped` shows it.",
            "mezame, the `streams` rows and trio are of one kind: a task per connection that reads and "
            "then writes, with back pressure. The `protocols` rows are not: a callback per read, no task, "
            "and (as such servers are usually written) no back pressure. The C server has back pressure "
            "and no tasks.",
            "The servers with a task per connection let go of a message that is written, as the others do. With 1,000 "
            "connections of 100 KiB mezame's took twice the CPU when each kept its last one: no cache holds 100 MiB.",
            "*floor* is no rival but what is under all that run a coroutine per connection: the loop of the C server, "
            "which resumes a coroutine where that one calls a function. It runs mezame's coroutine on none of its "
            "runtime: no tasks, wakers, contextvars, queue, budget, timers or cancellation, and one waiter per "
            "connection. What it costs over plain C is the interpreter's.",
            "Reads are up to 256 KiB everywhere: that is what the loops give to protocols. A `StreamReader` of "
            "asyncio keeps to its own limit below that.",
            "`generator busy` is how much of its own CPU the load generator used. Where it is near 100 %, "
            "requests per second and latency are bounded by the generator as well as by the server; server "
            "CPU per request is not.",
        ),
    )


def _tls(quick: bool) -> Bench:
    jobs = {server: _echo_job(server, 50, 1024, quick, servers=TLS_SERVERS) for server in TLS_SERVERS}
    return Bench(
        "tls",
        "TLS echo",
        "The echo server over TLS 1.3, 50 connections of 1 KiB messages, with Python's `ssl` "
        "(`mezame.net.TlsAcceptor`, `asyncio.start_server(ssl=...)`, `trio.SSLStream`). Handshakes are not measured.",
        (
            Metric("cpu_us", "server CPU per request", "µs"),
            Metric("rps", "requests per second", "1/s", better="more"),
            Metric("p50_us", "p50 latency", "µs"),
            Metric("p99_us", "p99 latency", "µs"),
            Metric("load_busy", "generator busy", "%", compare=False),
        ),
        (Cell("50 x 1 KiB", jobs),),
        (
            "The load generator is a Python program here, on sockets and `ssl` alone. It is busy most of the time and "
            "bounds requests per second and latency; server CPU per request it does not.",
            "Not like for like: the `protocols` rows have a callback per read, no task, and no back pressure.",
            "Not like for like: aiofastnet calls OpenSSL by itself, from C; the others go through the `ssl` module.",
            "The allocator is told to keep freed memory, as in the bench of TCP.",
        ),
    )


def _growth_cells(label: str, program: str, once: dict[str, Any], ten: dict[str, Any]) -> list[Cell]:
    """mezame at a number and at ten times it, and uvloop beside it to show what the machine does to both."""
    return [
        Cell(
            f"{label}{note}",
            {"1x": Job(key, program, once), "10x": Job(key, program, ten)},
            base="1x",
            rounds=3,
        )
        for key, note in (("mezame", ""), ("uvloop", " (uvloop, for scale)"))
    ]


def _growth(quick: bool) -> Bench:
    small = 10 if quick else 1
    tasks, yields = 1_000 // small, 2_000 // small
    count, connections = 100_000 // small, 100 // small
    echo = [
        Cell(
            f"echo, connections {connections:,} -> {connections * 10:,}{note}",
            {
                "1x": _echo_job(server, connections, 1024, quick),
                "10x": _echo_job(server, connections * 10, 1024, quick),
            },
            base="1x",
            rounds=3,
        )
        for server, note in (("mezame", ""), ("plain C", C_FOR_SCALE))
    ]
    return Bench(
        "growth",
        "Growth",
        "The cost per item at a number and at ten times that number: a runtime whose work per item does "
        "not depend on how many there are keeps the ratio near 1. For echo the item is a request of 1 KiB "
        "and the cost is the server's CPU time; for all else it is elapsed time.",
        (Metric("cost_ns", "per item", "ns"),),
        (
            *_growth_cells(
                f"switch, tasks {tasks:,} -> {tasks * 10:,}",
                "switch",
                {"tasks": tasks, "yields": yields},
                {"tasks": tasks * 10, "yields": yields // 10},
            ),
            *_growth_cells(
                f"spawn and join, tasks {count:,} -> {count * 10:,}",
                "spawn_join",
                {"count": count},
                {"count": count * 10},
            ),
            *_growth_cells(
                f"spawn and join, tasks {count:,} -> {count * 10:,}, collector off",
                "spawn_join",
                {"count": count, "collector": False},
                {"count": count * 10, "collector": False},
            ),
            *_growth_cells(
                f"set and cancel, timers {count:,} -> {count * 10:,}",
                "timers_cancel",
                {"count": count},
                {"count": count * 10},
            ),
            *echo,
        ),
        (
            "3 rounds at most.",
            "CPython's cycle collector walks all live objects again and again while a million tasks are "
            "made; that cost grows with their number and is no part of the runtime. The cells "
            "`collector off` show the runtime alone.",
            "Items that no longer fit in the CPU's caches cost more in any program: the rows of uvloop and "
            "plain C show how much of that this machine adds. Only mezame's rows are judged.",
        ),
    )


ONE_THREAD = {
    "switch": _switch,
    "spawn_join": _spawn_join,
    "memory": _memory,
    "import_time": _import_time,
    "ping_pong": _ping_pong,
    "timers_cancel": _timers_cancel,
    "timers_fired": _timers_fired,
    "cross_thread_wake": _cross_thread_wake,
    "echo": _echo,
    "tls": _tls,
    **waits.BUILDERS,
    **files.BUILDERS,
    "growth": _growth,
}


BUILDERS = ONE_THREAD | workers.BUILDERS


def benches(names: list[str] | None, quick: bool) -> list[Bench]:
    """The benches of a run, in the order of the catalog. Without names: those that this interpreter is for."""
    usual = ONE_THREAD if has_gil() else workers.BUILDERS
    return [build(quick) for name, build in BUILDERS.items() if name in (usual if names is None else names)]
