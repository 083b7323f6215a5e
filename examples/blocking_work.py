"""Blocking calls: a function that blocks its thread runs on a pool of threads, and everything else goes on.

Shows: ``spawn_blocking``; the ticker goes on meanwhile; a thread talks back through a channel with ``blocking_send``;
contextvars follow the call; a pool with a limit.

Run it:   python examples/blocking_work.py
"""

import contextvars
import hashlib
import time

import mezame
from mezame.sync import mpsc

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id")


def slow_hash(data: bytes, progress: mpsc.Sender) -> str:
    """Blocks its thread; nothing async in here."""
    digest = hashlib.sha256(data)
    for percent in (50, 100):
        time.sleep(0.02)
        progress.blocking_send((request_id.get(), percent))
    progress.close()
    return digest.hexdigest()[:8]


async def tick(beats: list[float]) -> None:
    async for _ in mezame.time.interval(0.005):
        beats.append(1)


async def main() -> None:
    beats: list[float] = []
    ticker = mezame.spawn(tick(beats))
    request_id.set("request-7")
    tx, rx = mpsc.channel(4)
    job = mezame.spawn_blocking(slow_hash, b"mezame", tx)
    async for who, percent in rx:
        print(who, f"{percent} %")
    print("sha256 begins with", await job)
    ticker.abort()
    print("the runtime's thread was free meanwhile:", len(beats) >= 2)


if __name__ == "__main__":
    mezame.run(main(), max_blocking_threads=4)
