"""mpsc: many senders, one receiver, a queue between them; bounded (senders wait) or not.

How it works is told in ``queue.py``, the state that the ends share. Then ``reserve.py`` (the waiting sender),
``permit.py``, ``receiver.py``, and the two kinds of channel: ``bounded.py`` and ``unbounded.py``.

>>> import mezame
>>> async def main():
...     tx, rx = mezame.sync.mpsc.channel(2)
...     mezame.spawn(produce(tx))
...     return [n async for n in rx]
>>> async def produce(tx):
...     with tx:
...         for n in range(4):
...             await tx.send(n)
>>> mezame.run(main())
[0, 1, 2, 3]
"""

from .bounded import Receiver, Sender, WeakSender, channel
from .errors import SendError, SendTimeoutError, TryRecvError, TrySendError
from .permit import OwnedPermit, Permit, PermitIterator
from .unbounded import UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel

__all__ = [
    "OwnedPermit",
    "Permit",
    "PermitIterator",
    "Receiver",
    "SendError",
    "SendTimeoutError",
    "Sender",
    "TryRecvError",
    "TrySendError",
    "UnboundedReceiver",
    "UnboundedSender",
    "WeakSender",
    "WeakUnboundedSender",
    "channel",
    "unbounded_channel",
]
