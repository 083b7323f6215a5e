"""Histogram: how many durations were how long. Any thread may record: each has counts of its own, added up when asked.

So no count is lost, and nobody takes a lock for it. (The ident of a thread that has ended may come back: the new
thread goes on with the old one's counts.)
"""

from __future__ import annotations

from bisect import bisect_right
from threading import get_ident

from .histogram_configuration import HistogramConfiguration


class Histogram:
    """Counts of durations in the buckets of ``configuration``."""

    def __init__(self, configuration: HistogramConfiguration) -> None:
        self._configuration = configuration
        self._bounds = configuration.bounds_ns()
        self._counts: dict[int, list[int]] = {}  # by thread

    def record(self, ns: int) -> None:
        """Counts one duration of ``ns`` nanoseconds."""
        counts = self._counts.get(get_ident())
        if counts is None:
            counts = self._counts[get_ident()] = [0] * (len(self._bounds) + 1)
        counts[bisect_right(self._bounds, ns)] += 1

    def buckets(self) -> tuple[tuple[float, int], ...]:
        """(upper bound in seconds, how many) of the buckets up to the last that is not empty."""
        totals = [sum(column) for column in zip(*list(self._counts.values()), strict=True)]
        while totals and not totals[-1]:
            totals.pop()
        return tuple((self._configuration.bucket_range(index)[1], count) for index, count in enumerate(totals))
