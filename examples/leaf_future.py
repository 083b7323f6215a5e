"""A leaf future, written by hand: a one-shot event that any thread may set.

Shows: ``poll``, the waker of the latest poll, the order that loses no wake (look, store the waker, look again), and
``close``, which forgets the waker when the await is cancelled. Everything else in the library ends in leaves like it.

Run it:   python examples/leaf_future.py
"""

import threading

import mezame
from mezame import Context, Future, Poll


class Event(Future):
    """Awaits until ``set(value)`` was called, and gives that value."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_set = False
        self._value: object = None
        self._waker: mezame.Waker | None = None
        self.polls = 0

    def poll(self, cx: Context) -> Poll:
        self.polls += 1
        waker = cx.waker
        with self._lock:  # "not set" and "waker stored" are one step for whoever calls set()
            if self._is_set:
                return Poll.Ready(self._value)
            self._waker = waker  # of the latest poll: it replaces an older one
            return Poll.Pending

    def set(self, value: object) -> None:
        """From any thread."""
        with self._lock:
            self._is_set, self._value = True, value
            waker, self._waker = self._waker, None
        if waker is not None:
            waker.wake()  # after the lock: a wake may run code of others

    def close(self) -> None:
        """The await was cancelled: keep no waker."""
        with self._lock:
            self._waker = None


async def main() -> None:
    event = Event()
    waiting = mezame.spawn(event)
    await mezame.yield_now()  # it is polled: nothing there yet
    threading.Thread(target=event.set, args=["set by another thread"]).start()
    print(await waiting)
    print("polls:", event.polls)

    cancelled = Event()
    try:
        await mezame.timeout(0.005, cancelled)
    except TimeoutError:
        print("timed out; a waker is kept:", cancelled._waker is not None)


if __name__ == "__main__":
    mezame.run(main())
