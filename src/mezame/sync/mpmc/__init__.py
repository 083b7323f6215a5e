"""mpmc: many senders, many receivers; each message goes to one of them. Bounded (senders wait) or not.

How it works is told in ``queue.py``, the state that the ends share; ``sender.py`` and ``receiver.py`` are the ends.
"""

from ..errors import SendError
from ..mpsc.errors import TryRecvError, TrySendError
from .make import bounded, unbounded
from .receiver import Receiver, WeakReceiver
from .sender import Sender, WeakSender

__all__ = [
    "Receiver",
    "SendError",
    "Sender",
    "TryRecvError",
    "TrySendError",
    "WeakReceiver",
    "WeakSender",
    "bounded",
    "unbounded",
]
