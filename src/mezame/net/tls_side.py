"""Side: one direction of a TLS stream's transport, which two roles share; what they do with it is in ``tls_flow.py``.

    IDLE --a role enters--> BUSY --it leaves--> IDLE
                              |
                              the other role comes by (in another thread): ``again``, so that leaving wakes both

The transport keeps one waker per direction. It is given ``Slots``, where each role puts its own before it enters.
"""

from __future__ import annotations

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context
from ..core.guard import Guard
from ..core.waker import Waker

READER, WRITER = 0, 1  # the two roles
_WRITER = WRITER  # a C integer here, when compiled


class Slots(Waker):
    """The transport's waker for one direction: it wakes each role that has put its own waker here.

    It does not refer to the stream: the transport may keep it longer than that lives.
    """

    __slots__ = ("reader", "writer")

    def __init__(self) -> None:
        self.reader = AtomicWaker()
        self.writer = AtomicWaker()

    def of(self, role: int) -> AtomicWaker:
        """The place of one role's waker."""
        return self.writer if role == _WRITER else self.reader

    def wake(self) -> None:
        self.reader.wake()
        self.writer.wake()


class Side(Guard):
    """One direction of the transport: who is at work on it, and whom its event concerns."""

    __slots__ = ("_again", "_busy", "_fills", "cx", "slots")

    def __init__(self) -> None:
        self._busy = False
        self._again = False
        self._fills = 0
        self.slots = Slots()
        self.cx = Context(self.slots)

    def _enter(self, role: int, cx: Context | None) -> bool:
        """Rules 1 and 2: True if the side is ours now; ``_leave`` gives it back."""
        if cx is not None:
            self.slots.of(role).register(cx._get_waker())
        self._lock()
        mine = not self._busy
        if mine:
            self._busy = True
        else:
            self._again = True
        self._unlock()
        return mine

    def _leave(self) -> None:
        self._lock()
        again = self._again
        self._busy = False
        self._again = False
        self._unlock()
        if again:
            self.slots.wake()

    def _count_fill(self) -> None:
        self._lock()
        self._fills += 1
        self._unlock()

    def _count_of_fills(self) -> int:
        self._lock()
        count = self._fills
        self._unlock()
        return count
