"""Sync: the five waits that everything else is made of, on one wait list (``core/waitlist.py``).

``oneshot`` and ``mpsc`` channels, ``Notify``, ``Semaphore``, ``Mutex``. All are safe across threads, cancel safe as
tokio documents it, and awaitable on any loop. RwLock, Barrier, OnceCell, broadcast and watch come later, each in a
file of its name beside these.
"""

from . import mpsc, oneshot
from .cancellation_token import CancellationToken, DropGuard
from .mutex import Mutex, MutexGuard, TryLockError
from .notify import Notified, Notify
from .semaphore import AcquireError, Permit, Semaphore, TryAcquireError

__all__ = [
    "AcquireError",
    "CancellationToken",
    "DropGuard",
    "Mutex",
    "MutexGuard",
    "Notified",
    "Notify",
    "Permit",
    "Semaphore",
    "TryAcquireError",
    "TryLockError",
    "mpsc",
    "oneshot",
]
