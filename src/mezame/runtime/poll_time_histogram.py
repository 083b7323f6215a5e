"""PollTimeHistogram: how long polls took, counted if the runtime is asked to."""

from __future__ import annotations

BUCKETS = 24


class PollTimeHistogram:
    """Counts poll durations in powers of two, from 1 microsecond up."""

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS

    def record(self, ns: int) -> None:
        """Counts one poll of ``ns`` nanoseconds."""
        self._counts[min((ns // 1000).bit_length(), BUCKETS - 1)] += 1

    def buckets(self) -> tuple[tuple[float, int], ...]:
        """(upper bound in seconds, polls) of the buckets up to the last that is not empty."""
        last = max((i for i, count in enumerate(self._counts) if count), default=-1)
        return tuple(((1 << i) / 1e6, self._counts[i]) for i in range(last + 1))
