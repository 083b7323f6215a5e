"""A rate limiter: at most so many calls per period, made of a ``Semaphore`` and a timer.

Shows: a permit that is *forgotten* when it was used and put back by a ticker (a token bucket); FIFO fairness; a
paused clock, with which an example of several seconds takes none (see ``mezame.time.pause``).

Run it:   python examples/rate_limiter.py
"""

import mezame
from mezame.sync import Semaphore


class RateLimiter:
    """At most ``burst`` calls at once, and ``burst`` per ``period`` seconds in the long run."""

    def __init__(self, burst: int, period: float) -> None:
        self._tokens = Semaphore(burst)
        self._burst = burst
        self._period = period

    async def refill(self) -> None:
        """Run this as a task: puts one token back per ``period / burst`` seconds, up to ``burst``."""
        ticks = mezame.time.interval(self._period / self._burst)
        await ticks.tick()  # the first is at once
        async for _ in ticks:
            if self._tokens.available_permits() < self._burst:
                self._tokens.add_permits(1)

    async def wait(self) -> None:
        """Returns when the caller may go on. Cancel safe."""
        (await self._tokens.acquire()).forget()


async def call(limiter: RateLimiter, number: int, start: mezame.time.Instant, log: list[str]) -> None:
    await limiter.wait()
    log.append(f"call {number} at {start.elapsed():.1f} s")


async def main() -> None:
    limiter = RateLimiter(burst=2, period=1.0)
    refilling = mezame.spawn(limiter.refill())
    start = mezame.time.now()
    log: list[str] = []
    async with mezame.TaskGroup() as group:
        for number in range(6):
            group.spawn(call(limiter, number, start, log))
    refilling.abort()
    print("\n".join(log))


if __name__ == "__main__":
    mezame.run(main(), start_paused=True)
