"""What the programs measure with: clocks, resident memory, and a thread that wakes a runtime."""

from __future__ import annotations

import gc
import os
import queue
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PAGE = os.sysconf("SC_PAGE_SIZE")


class Stopwatch:
    """Elapsed and CPU time of a ``with`` block. Garbage from before is collected first, then the
    collector stays as it is by default: what it costs is part of what a runtime costs."""

    def __enter__(self) -> Stopwatch:
        gc.collect()
        self._cpu = time.process_time_ns()
        self._wall = time.perf_counter_ns()
        return self

    def __exit__(self, *exc: object) -> None:
        self.wall_ns = time.perf_counter_ns() - self._wall
        self.cpu_ns = time.process_time_ns() - self._cpu

    def per(self, items: int) -> dict[str, float]:
        """The two costs per item."""
        return {"wall_ns": self.wall_ns / items, "cpu_ns": self.cpu_ns / items}


def resident_bytes() -> int:
    """The resident set of this process, after a collection."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def delays(count: int) -> list[float]:
    """The sleeps of ``timers_fired``: random below 0.2 s, and the same in every process."""
    source = random.Random(count)
    return [source.uniform(0.0, 0.2) for _ in range(count)]


def fib(n: int) -> int:
    """Work for a CPU."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def short_call() -> int:
    """A blocking call that is over at once: what is measured is the way there and back."""
    return threading.get_ident()


def read_file(path: str) -> bytes:
    """All bytes of a file."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def write_file(path: str, data: bytes) -> None:
    """Makes a file of these bytes."""
    with open(path, "wb", buffering=0) as file:
        file.write(data)


@contextmanager
def file_names(count: int) -> Iterator[list[str]]:
    """Paths in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        yield [os.path.join(folder, str(number)) for number in range(count)]


class Laps:
    """Elapsed time of the two halves of a program that writes and then reads."""

    def __init__(self) -> None:
        gc.collect()
        self._times = [time.perf_counter_ns()]

    def lap(self) -> None:
        """The end of a half."""
        self._times.append(time.perf_counter_ns())

    def per(self, items: int) -> dict[str, float]:
        """The two costs per item."""
        begin, middle, end = self._times
        return {"write_ns": (middle - begin) / items, "read_ns": (end - middle) / items}


class Caller(threading.Thread):
    """The plain thread of ``cross_thread_wake``.

    The task puts a callable here that wakes it; the thread calls it and waits for the next one, which
    the task makes as soon as it runs again. The time between the two is one round trip.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.wakes: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self.trips: list[int] = []

    def run(self) -> None:
        now = time.perf_counter_ns
        wake = self.wakes.get()
        while wake is not None:
            began = now()
            wake()
            wake = self.wakes.get()
            self.trips.append(now() - began)

    def quantiles(self) -> dict[str, float]:
        """Median and p99 in microseconds; the first tenth is warm-up."""
        self.join()
        trips = sorted(self.trips[len(self.trips) // 10 :])
        return {"p50_us": trips[len(trips) // 2] / 1e3, "p99_us": trips[len(trips) * 99 // 100] / 1e3}
