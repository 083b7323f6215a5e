"""Metrics: what the proxy has done, as one line.

Connections run in several threads, and ``n += 1`` in two of them may count one. So what belongs to one connection is
counted by its own task alone, in its ``Link``; the totals are added up under a lock, when it ends.
"""

from __future__ import annotations

import threading
from collections import Counter

import mezame


class Link:
    """One client that is joined to an upstream; written by its own task only."""

    def __init__(self) -> None:
        self.up = 0  # bytes from the client
        self.down = 0  # bytes to it
        self.last_moved = mezame.time.now()

    def moved(self, up: int, down: int) -> None:
        self.up += up
        self.down += down
        self.last_moved = mezame.time.now()


class Metrics:
    """The totals. The methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: set[Link] = set()
        self._ended: Counter[str] = Counter()  # how connections ended
        self._up = 0
        self._down = 0

    def open(self, link: Link) -> None:
        with self._lock:
            self._links.add(link)

    def close(self, link: Link, outcome: str) -> None:
        with self._lock:
            self._links.discard(link)
            self._ended[outcome] += 1
            self._up += link.up
            self._down += link.down

    def line(self) -> str:
        """``active=1 total=3 up=120 down=3000 done=1 idle=1``: bytes include those of connections that go on."""
        with self._lock:
            up = self._up + sum(link.up for link in self._links)
            down = self._down + sum(link.down for link in self._links)
            active = len(self._links)
            ended = dict(sorted(self._ended.items()))
        outcomes = "".join(f" {outcome}={count}" for outcome, count in ended.items())
        return f"active={active} total={active + sum(ended.values())} up={up} down={down}{outcomes}"
