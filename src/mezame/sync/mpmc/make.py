"""``bounded`` and ``unbounded``: make an mpmc channel."""

from __future__ import annotations

from ...core.check import check_int
from .queue import UNBOUNDED, Queue
from .receiver import Receiver
from .sender import Sender


def bounded(capacity: int) -> tuple[Sender, Receiver]:
    """(sender, receiver) of a channel whose both ends can be cloned. Usable from any thread and on any loop.

    Args:
        capacity: messages that wait in the channel before ``send`` does; at least 1.

    Raises ``ValueError`` for a capacity out of range, ``TypeError`` for what is no int.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.mpmc.bounded(2)
    ...     async def work(rx):
    ...         return [n async for n in rx]
    ...     workers = [mezame.spawn(work(rx.clone())) for _ in range(2)]
    ...     for n in range(6):
    ...         await tx.send(n)
    ...     tx.close()
    ...     return sorted(sum([await worker for worker in workers], []))
    >>> mezame.run(main())
    [0, 1, 2, 3, 4, 5]

    Source of the semantics: ``async_channel::bounded`` (``smol::channel``).
    """
    queue = Queue(check_int("capacity", capacity, 1, UNBOUNDED - 1))
    return Sender(queue), Receiver(queue)


def unbounded() -> tuple[Sender, Receiver]:
    """(sender, receiver) of a channel without a limit: ``send`` and ``try_send`` never wait.

    Source of the semantics: ``async_channel::unbounded``.
    """
    queue = Queue(UNBOUNDED)
    return Sender(queue), Receiver(queue)
