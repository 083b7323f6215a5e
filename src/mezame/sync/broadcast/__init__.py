"""broadcast: many senders, many receivers; every receiver sees every message, and a slow one is told what it lost.

How it works is told in ``ring.py``, the state that the ends share; ``receiver.py`` and ``sender.py`` are the ends.
"""

from .errors import RecvError, SendError, TryRecvError
from .receiver import Receiver
from .sender import Sender, WeakSender, channel

__all__ = ["Receiver", "RecvError", "SendError", "Sender", "TryRecvError", "WeakSender", "channel"]
