"""HistogramConfiguration: into which buckets the histograms of a runtime sort durations: evenly, or ever wider."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

from ..errors import InvalidHistogramConfiguration

MAX_BUCKETS = 1 << 16  # beyond any use; more is a mistake
MAX_PRECISION = 10
_LONGEST = 1 << 62  # ns


class HistogramConfiguration:
    """The buckets of a histogram of durations. Made by ``linear`` or ``log``.

    The first bucket begins at 0 and the last has no end, so every duration is in one. Seconds outside, nanoseconds
    inside.

    >>> from mezame.runtime import HistogramConfiguration
    >>> even = HistogramConfiguration.linear(0.001, 4)
    >>> [even.bucket_range(index) for index in range(even.num_buckets)]
    [(0.0, 0.001), (0.001, 0.002), (0.002, 0.003), (0.003, inf)]
    >>> HistogramConfiguration.log().num_buckets
    120

    Source of the semantics: ``tokio::runtime::HistogramConfiguration``.
    """

    __slots__ = ("_bounds", "_made")

    def __init__(self, bounds: list[int], made: str) -> None:
        """``bounds``: in nanoseconds, what the buckets but the last end before. Use ``linear`` or ``log``."""
        self._bounds = tuple(bounds)
        self._made = made

    @staticmethod
    def linear(width: float, buckets: int) -> HistogramConfiguration:
        """Buckets of one width; what is longer than all is in the last.

        Args:
            width: seconds of each; at least a nanosecond.
            buckets: how many; at least 1.

        Raises ``InvalidHistogramConfiguration`` (a ``ValueError``).

        Source of the semantics: ``tokio::runtime::HistogramConfiguration::linear``.
        """
        step = _nanoseconds("width", width)
        _check_number("buckets", buckets, 1, MAX_BUCKETS)
        if step < 1:
            raise InvalidHistogramConfiguration(f"width must be at least a nanosecond, not {width!r} seconds")
        bounds = [step * (index + 1) for index in range(buckets - 1)]
        return HistogramConfiguration(bounds, f"linear({width}, {buckets})")

    @staticmethod
    def log(
        min_value: float = 100e-9,
        max_value: float = 60.0,
        precision: int | None = None,
        *,
        max_error: float | None = None,
        max_buckets: int | None = None,
    ) -> HistogramConfiguration:
        """Buckets that are wider the longer the duration: the error stays the same share of it.

        From each power of two (of nanoseconds) to the next there are ``2**precision`` buckets.

        Args:
            min_value: seconds; what is shorter is in the first bucket, which ends a little above it.
            max_value: seconds; the last bucket begins at the next power of two of nanoseconds.
            precision: 0 to 10; default 2.
            max_error: instead of ``precision``: the share of its value by which a duration may be misjudged; above 0
                and below 1; rounded down to the next power of two.
            max_buckets: raise if more buckets are needed.

        Raises ``InvalidHistogramConfiguration``, whose ``required_bucket_count`` says how many buckets it takes if
        there are too many.

        >>> from mezame.runtime import HistogramConfiguration
        >>> coarse = HistogramConfiguration.log(1e-6, 1.0, max_error=0.5)
        >>> low, high = coarse.bucket_range(coarse.bucket_of(0.01))
        >>> low <= 0.01 < high and high - low <= 0.01 / 2
        True

        Source of the semantics: ``tokio::runtime::LogHistogramBuilder``.
        """
        if precision is not None and max_error is not None:
            raise InvalidHistogramConfiguration("give precision or max_error, not both: one follows from the other")
        if max_error is not None:
            precision = _precision_for(max_error)
        elif precision is None:
            precision = 2
        _check_number("precision", precision, 0, MAX_PRECISION)
        least = _nanoseconds("min_value", min_value)
        most = _nanoseconds("max_value", max_value)
        if least > most:
            raise InvalidHistogramConfiguration(f"min_value must not be above max_value: {min_value!r}, {max_value!r}")
        first = max(_bucket_of(least, precision) - 1, 0)
        last = _bucket_of(1 << max(most - 1, 1).bit_length(), precision)
        count = last - first + 1
        if max_buckets is not None:
            _check_number("max_buckets", max_buckets, 1, MAX_BUCKETS)
        if count > (MAX_BUCKETS if max_buckets is None else max_buckets):
            raise InvalidHistogramConfiguration(
                f"this histogram needs {count} buckets, and {max_buckets or MAX_BUCKETS} are allowed: "
                f"allow a larger error, or measure a narrower range",
                required_bucket_count=count,
            )
        bounds = [_start_of(index, precision) for index in range(first + 1, last + 1)]
        return HistogramConfiguration(bounds, f"log({min_value}, {max_value}, {precision})")

    @property
    def num_buckets(self) -> int:
        """How many buckets there are."""
        return len(self._bounds) + 1

    def bucket_range(self, bucket: int) -> tuple[float, float]:
        """(from, to) in seconds of bucket ``bucket``, the first being 0: ``from`` is in it, ``to`` is not.

        Raises ``IndexError`` if there is no such bucket.
        """
        if not 0 <= bucket < self.num_buckets:
            raise IndexError(f"there are buckets 0 to {self.num_buckets - 1}, not {bucket}")
        low = self._bounds[bucket - 1] / 1e9 if bucket else 0.0
        return low, self._bounds[bucket] / 1e9 if bucket < len(self._bounds) else math.inf

    def bucket_of(self, seconds: float) -> int:
        """The bucket that a duration is in."""
        return bisect_right(self._bounds, round(min(seconds * 1e9, _LONGEST)))

    def bounds_ns(self) -> tuple[int, ...]:
        """Nanoseconds that the buckets but the last end before."""
        return self._bounds

    def __eq__(self, other: object) -> bool:
        return self._bounds == other._bounds if isinstance(other, HistogramConfiguration) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._bounds)

    def __repr__(self) -> str:
        return f"HistogramConfiguration.{self._made}"


DOUBLING = HistogramConfiguration([1000 << index for index in range(23)], "doubling()")
"""What is used if nothing else is asked for: from a microsecond on, each bucket twice as wide as the one before."""


def configuration_of(option: Any, name: str) -> HistogramConfiguration | None:
    """That of an option: False is none, True the usual one. Raises ``TypeError``."""
    if option is True:
        return DOUBLING
    if option is False or option is None:
        return None
    if not isinstance(option, HistogramConfiguration):
        raise TypeError(f"{name} must be a bool or a HistogramConfiguration, not {option!r}")
    return option


def _bucket_of(ns: int, precision: int) -> int:
    """The number of a value's bucket if they are counted from 0 ns on: the first are 1 ns wide."""
    shift = max(ns.bit_length() - 1 - precision, 0)
    return (shift << precision) + (ns >> shift)


def _start_of(bucket: int, precision: int) -> int:
    """The least value in a bucket."""
    shift = max((bucket >> precision) - 1, 0)
    return (bucket - (shift << precision)) << shift


def _precision_for(error: Any) -> int:
    if not isinstance(error, (int, float)) or isinstance(error, bool):
        raise TypeError(f"max_error must be a number, not {error!r}")
    if not 0 < error < 1:
        raise InvalidHistogramConfiguration(f"max_error must be above 0 and below 1, not {error!r}")
    precision = 0
    while 0.5**precision > error:
        precision += 1
    if precision > MAX_PRECISION:
        raise InvalidHistogramConfiguration(f"max_error must be at least 2**-{MAX_PRECISION}, not {error!r}")
    return precision


def _nanoseconds(name: str, seconds: Any) -> int:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise TypeError(f"{name} must be a number of seconds, not {seconds!r}")
    if not 0 <= seconds * 1e9 <= _LONGEST:
        raise InvalidHistogramConfiguration(f"{name} must be a number of seconds from 0 to 146 years, not {seconds!r}")
    return round(seconds * 1e9)


def _check_number(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise InvalidHistogramConfiguration(f"{name} must be from {least} to {most}, not {value!r}")
