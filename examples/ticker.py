"""A periodic job: ``interval``, and what happens to the ticks that a slow job misses.

Shows: an ``Interval`` does not drift (the ticks are at multiples of the period, however long the work took), the
three behaviours for missed ticks, and a paused clock, with which this takes no time at all.

Run it:   python examples/ticker.py
"""

import mezame
from mezame.time import MissedTickBehavior, interval


async def five_ticks(behavior: MissedTickBehavior) -> list[float]:
    """When the ticks of a period of 1 s were handed out, if the second job takes 2.5 s."""
    start = mezame.time.now()
    ticks = interval(1.0, missed_tick_behavior=behavior)
    seen = []
    for number in range(5):
        await ticks.tick()
        seen.append(round(start.elapsed(), 1))
        if number == 1:
            await mezame.sleep(2.5)  # too slow: ticks are missed
    return seen


async def main() -> None:
    for behavior in MissedTickBehavior:
        print(f"{behavior.name:5}", await five_ticks(behavior))


if __name__ == "__main__":
    mezame.run(main(), start_paused=True)
