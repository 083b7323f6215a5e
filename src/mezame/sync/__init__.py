"""Sync: channels, locks and other waits for tasks, nearly all on one wait list (``core/waitlist.py``).

=========================  ===========================================================================================
``oneshot``                one value from one sender to one receiver
``mpsc``                   many senders, one receiver; bounded or not
``mpmc``                   many senders, many receivers; each message goes to one
``broadcast``              many senders, many receivers; each message goes to all
``watch``                  the latest value only
``Notify``                 "something happened", to one waiter or to all
``Semaphore``              fair permits
``Mutex``, ``RwLock``      a value that one holds, or that many read or one writes
``Condvar``                waits for a change of what a ``Mutex`` guards
``Barrier``                n tasks wait for each other
``OnceCell``, ``SetOnce``  a value that is made, or set, once
``CancellationToken``      tells a tree of tasks to stop
=========================  ===========================================================================================

All are safe across threads, cancel safe as their docstrings say, and awaitable on any loop: a channel can join two
runtimes, a plain thread (``blocking_*``) and an asyncio loop. Each is in the file, or folder, of its name; read
``notify.py`` and ``semaphore.py`` first.
"""

from . import broadcast, mpmc, mpsc, oneshot, watch
from .acquire import AcquireError, SemaphorePermit
from .barrier import Barrier, BarrierWaitResult
from .cancellation_token import CancellationToken, DropGuard
from .condvar import Condvar, WaitTimeoutResult
from .mutex import Mutex, MutexGuard, TryLockError
from .notify import Notified, Notify
from .once_cell import OnceCell, SetError
from .rwlock import RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard
from .semaphore import Semaphore, TryAcquireError
from .set_once import SetOnce, SetOnceError

__all__ = [
    "AcquireError",
    "Barrier",
    "BarrierWaitResult",
    "CancellationToken",
    "Condvar",
    "DropGuard",
    "Mutex",
    "MutexGuard",
    "Notified",
    "Notify",
    "OnceCell",
    "RwLock",
    "RwLockReadGuard",
    "RwLockUpgradableReadGuard",
    "RwLockWriteGuard",
    "Semaphore",
    "SemaphorePermit",
    "SetError",
    "SetOnce",
    "SetOnceError",
    "TryAcquireError",
    "TryLockError",
    "WaitTimeoutResult",
    "broadcast",
    "mpmc",
    "mpsc",
    "oneshot",
    "watch",
]
