"""Dump on a signal: ``kill -USR1`` shows what a program that seems to hang is doing.

The handler may interrupt any line of the main thread, also one that holds a lock which a dump needs. So it only starts
a thread (without the locks of ``threading``), and that makes the dump.

Others may have kept our handler as their former one: another ``DumpSignal``, a listener of ``mezame.signal``, code of
the user's. Among ourselves we forget one that is removed. Who else still calls it, or puts it back, finds that it does
nothing but what the one before it does, and that it gives up its place at the first signal.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..core.report import report_exception
from .dump import dump
from .stack import Frame, Stack


class DumpSignal:
    """What ``dump_on_signal`` gives: ``remove()`` puts the handler that was there before back."""

    def __init__(self, signum: int, write: Callable[[str], Any]) -> None:
        self.signum = signum
        self._write = write
        self._before: Any = None
        self._installed = False

    def _install(self) -> None:
        self._before = signal.signal(self.signum, self._on_signal)
        if self._before is None:  # set by C code that Python knows nothing of
            self._before = signal.SIG_DFL
        self._installed = True
        _installed.append(self)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self._installed:
            main = Stack(frames_of(frame))
            _thread.start_new_thread(write_dump, (self._write, main))
        restored = not self._installed and self._restore()
        if callable(self._before):
            self._before(signum, frame)
        elif restored and self._before == signal.SIG_DFL:
            signal.raise_signal(signum)

    def _restore(self) -> bool:
        """In the main thread: the former handler comes back, if ours is there."""
        ours: bool = signal.getsignal(self.signum) == self._on_signal
        if ours:
            signal.signal(self.signum, self._before)
        return ours

    def remove(self) -> None:
        """Puts the former handler back, unless somebody else set one meanwhile. In the main thread. Idempotent.

        From here on a signal writes nothing, also if that other handler calls ours, or puts it back.
        """
        if self._installed:
            self._restore()
            self._installed = False
            _installed.remove(self)
            for later in _installed:
                if later.signum == self.signum and later._before == self._on_signal:
                    later._before = self._before

    def __enter__(self) -> DumpSignal:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.remove()


_installed: list[DumpSignal] = []  # in the main thread only


def frames_of(frame: FrameType | None) -> tuple[Frame, ...]:
    """The lines of the thread that ``frame`` is in, outermost first."""
    found: list[Frame] = []
    while frame is not None:
        code = frame.f_code
        found.append(Frame(code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_name))
        frame = frame.f_back
    return tuple(reversed(found))


def write_dump(write: Callable[[str], Any], main: Stack) -> None:
    """Makes the dump of everything, and writes it. What fails is reported."""
    try:
        write(f"{dump()}\nthe main thread was here:\n{main.format()}")
    except Exception as error:
        report_exception("the dump on a signal failed", error)


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def dump_on_signal(signum: int | None = None, write: Callable[[str], Any] = _to_stderr) -> DumpSignal:
    """Has a signal write a dump of all runtimes, with the stack of the main thread, while the program goes on.

    Args:
        signum: the signal; default SIGUSR1.
        write: called with the text, in a thread of its own; default: to standard error.

    Returns an object whose ``remove()`` puts the former handler back; it is a context manager too. A Python handler
    that was there before is called as well. ``mezame.signal`` on the same signal, called later, takes it over. Raises
    ``ValueError`` outside of the main thread and for a signal that cannot be caught, ``TypeError`` if ``write`` cannot
    be called. A main thread that never comes back to Python, in a C library say, does not answer:
    ``faulthandler.register`` of the standard library does.

    >>> import mezame, os, signal
    >>> async def main():
    ...     sender, receiver = mezame.sync.oneshot.channel()
    ...     with mezame.trace.dump_on_signal(signal.SIGUSR1, sender.send):
    ...         os.kill(os.getpid(), signal.SIGUSR1)
    ...         text = await receiver
    ...     return "the root of runtime" in text, "the main thread was here" in text
    >>> mezame.run(main())
    (True, True)
    """
    if not callable(write):
        raise TypeError(f"dump_on_signal needs a function that takes the text, not {write!r}")
    if signum is None:
        signum = getattr(signal, "SIGUSR1", None)
        if signum is None:
            raise ValueError("this system has no SIGUSR1: name a signal")
    found = DumpSignal(signum, write)
    found._install()
    return found
