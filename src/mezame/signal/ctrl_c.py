"""ctrl_c: waits for one Ctrl-C."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.future import Future
from ..core.poll import PENDING, make_ready
from .kind import SignalKind
from .listener import Recv, Signal


class CtrlC(Future):
    """The future of ``ctrl_c``."""

    __slots__ = ("_done", "_recv", "_signal")

    def __init__(self) -> None:
        self._signal: Signal | None = None
        self._recv: Recv | None = None
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError("ctrl_c() was polled after it completed: call it again")
        if self._recv is None:
            self._signal = Signal(SignalKind.interrupt())
            self._recv = self._signal.recv()
        try:
            if self._recv.poll(cx) is PENDING:
                return PENDING
        except BaseException:
            self.close()
            raise
        self._done = True
        self.close()
        return make_ready(None)

    def close(self) -> None:
        recv, self._recv = self._recv, None
        if recv is not None:
            recv.close()
        signal, self._signal = self._signal, None
        if signal is not None:
            signal.close()


def ctrl_c() -> CtrlC:
    """Waits for the next Ctrl-C (SIGINT) after its first poll.

    Meanwhile Ctrl-C has no other effect: no ``KeyboardInterrupt``, no cancellation of the root. Afterwards it has
    again, unless there is another listener: so a second Ctrl-C ends a program that is busy with its shutdown. For more
    than one Ctrl-C, or to miss none between two waits, use ``signal(SignalKind.interrupt())``.

    Awaits to None. In another thread than the main one it raises ``RuntimeError``, unless there is a listener to SIGINT
    already. Cancel safe.

    >>> import mezame, signal
    >>> from mezame.signal import ctrl_c
    >>> async def main():
    ...     waiting = mezame.spawn(ctrl_c())
    ...     await mezame.yield_now()
    ...     signal.raise_signal(signal.SIGINT)          # as Ctrl-C at the terminal does
    ...     await waiting
    ...     return "shutting down"
    >>> mezame.run(main())
    'shutting down'

    Source of the semantics: ``tokio::signal::ctrl_c``.
    """
    return CtrlC()
