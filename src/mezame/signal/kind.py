"""SignalKind: which signal."""

from __future__ import annotations

import signal
from typing import Any

# Made by the program's own fault, or by the kernel over its head: there is nothing to await.
FORBIDDEN = ("SIGKILL", "SIGSTOP", "SIGILL", "SIGFPE", "SIGSEGV")

_METHODS = {
    "SIGALRM": "alarm",
    "SIGCHLD": "child",
    "SIGHUP": "hangup",
    "SIGINFO": "info",
    "SIGINT": "interrupt",
    "SIGIO": "io",
    "SIGPIPE": "pipe",
    "SIGQUIT": "quit",
    "SIGTERM": "terminate",
    "SIGUSR1": "user_defined1",
    "SIGUSR2": "user_defined2",
    "SIGWINCH": "window_change",
}


class SignalKind:
    """A kind of signal. Make one with a method that names it, or with ``from_raw``.

    Two of the same signal are equal. Wherever one is wanted, a ``signal.Signals`` member or a number does too.

    >>> import signal
    >>> from mezame.signal import SignalKind
    >>> SignalKind.terminate() == SignalKind.from_raw(signal.SIGTERM)
    True

    Source of the semantics: ``tokio::signal::unix::SignalKind``.
    """

    __slots__ = ("_number",)

    def __init__(self, kind: Any) -> None:
        self._number = number_of(kind)

    @staticmethod
    def from_raw(number: int) -> SignalKind:
        """The kind with this number. Raises ``ValueError`` if there is no such signal here, or none may listen to it.

        The latter are SIGKILL, SIGSTOP, SIGILL, SIGFPE and SIGSEGV.
        """
        return SignalKind(number)

    def as_raw_value(self) -> int:
        """The number of the signal."""
        return self._number

    @staticmethod
    def alarm() -> SignalKind:
        """SIGALRM: a real-time timer has expired."""
        return _named("SIGALRM")

    @staticmethod
    def child() -> SignalKind:
        """SIGCHLD: the status of a child process has changed."""
        return _named("SIGCHLD")

    @staticmethod
    def hangup() -> SignalKind:
        """SIGHUP: the terminal is gone; for many daemons: read the configuration again."""
        return _named("SIGHUP")

    @staticmethod
    def info() -> SignalKind:
        """SIGINFO: Ctrl-T on BSD and macOS. Raises ``ValueError`` elsewhere."""
        return _named("SIGINFO")

    @staticmethod
    def interrupt() -> SignalKind:
        """SIGINT: Ctrl-C."""
        return _named("SIGINT")

    @staticmethod
    def io() -> SignalKind:
        """SIGIO: I/O is possible."""
        return _named("SIGIO")

    @staticmethod
    def pipe() -> SignalKind:
        """SIGPIPE: a write to a pipe without a reader. Python ignores it unless somebody listens."""
        return _named("SIGPIPE")

    @staticmethod
    def quit() -> SignalKind:
        r"""SIGQUIT: Ctrl-\\."""
        return _named("SIGQUIT")

    @staticmethod
    def terminate() -> SignalKind:
        """SIGTERM: please end; what ``kill``, init systems and container managers send."""
        return _named("SIGTERM")

    @staticmethod
    def user_defined1() -> SignalKind:
        """SIGUSR1."""
        return _named("SIGUSR1")

    @staticmethod
    def user_defined2() -> SignalKind:
        """SIGUSR2."""
        return _named("SIGUSR2")

    @staticmethod
    def window_change() -> SignalKind:
        """SIGWINCH: the terminal's window has another size."""
        return _named("SIGWINCH")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SignalKind) and other._number == self._number

    def __hash__(self) -> int:
        return hash((SignalKind, self._number))

    def __repr__(self) -> str:
        method = _METHODS.get(name_of(self._number))
        return f"SignalKind.{method}()" if method is not None else f"SignalKind.from_raw({self._number})"


def _named(name: str) -> SignalKind:
    number = getattr(signal, name, None)
    if number is None:
        raise ValueError(f"there is no {name} on this system")
    return SignalKind(number)


def name_of(number: int) -> str:
    """ "SIGTERM" and the like; "signal 40" for one without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def number_of(kind: Any) -> int:
    """The number of a ``SignalKind``, ``signal.Signals`` or int. Raises ``TypeError`` or ``ValueError``, naming it."""
    if isinstance(kind, SignalKind):
        return kind._number
    if isinstance(kind, bool) or not isinstance(kind, int):
        raise TypeError(f"a signal is a SignalKind, a signal.Signals member or its number, not {kind!r}")
    if kind not in signal.valid_signals():
        raise ValueError(f"there is no signal {kind!r} on this system: see signal.valid_signals()")
    name = name_of(kind)
    if name in FORBIDDEN:
        raise ValueError(f"{name} cannot be listened to: it does not come to the program, or leaves it broken")
    return int(kind)
