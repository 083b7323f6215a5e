"""TokenBucket: how fast one person may talk."""

from __future__ import annotations

import mezame


class TokenBucket:
    """Lets ``rate`` things a second through, on average, and ``burst`` at once. For one task.

    No timer runs: the tokens that have come since the last look are counted when somebody asks.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._seen = mezame.time.now()

    def take(self) -> bool:
        """True if there was a token; then it is gone."""
        now = mezame.time.now()
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
