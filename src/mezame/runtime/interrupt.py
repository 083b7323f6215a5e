"""Interrupt: what Ctrl-C does while ``block_on`` runs in the main thread.

The first SIGINT cancels the root future, which unwinds as at any cancellation (``finally`` blocks may await);
``block_on`` then raises ``KeyboardInterrupt``. The second raises it at once, wherever the program is. It works
while the thread sleeps in the driver: the interpreter's C handler writes a byte to a socket that the driver
watches, and the driver lets Python's handlers run.

A program that set its own SIGINT handler keeps it, and so does ``mezame.signal``: as long as somebody listens to
SIGINT, Ctrl-C is theirs. When the last listener goes, ``default_handler`` says what Ctrl-C does again.
"""

from __future__ import annotations

import signal
import socket
import threading
from typing import Any

from ..core.task import Task
from ..errors import CancelledError

_inside: Interrupt | None = None  # of the ``block_on`` that the main thread is in; only that thread writes it


class Interrupt:
    """Context manager around one ``block_on``; does nothing outside of the main thread."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._root: Task | None = None
        self._count = 0
        self._outer: Interrupt | None = None
        self._sockets: tuple[socket.socket, socket.socket] | None = None
        self._old_fd = -1

    def attach(self, root: Task) -> None:
        """Names the root that is to be cancelled."""
        self._root = root

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is not threading.main_thread():
            return self
        receiver, sender = socket.socketpair()
        receiver.setblocking(False)
        sender.setblocking(False)
        try:
            self._old_fd = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        except ValueError:  # a sub-interpreter's main thread may not
            receiver.close()
            sender.close()
            return self
        self._sockets = (receiver, sender)
        self._driver.poller.watch(receiver)
        global _inside
        self._outer, _inside = _inside, self
        if is_default(signal.getsignal(signal.SIGINT)):
            signal.signal(signal.SIGINT, self._on_sigint)
        return self

    def _on_sigint(self, signum: int, frame: Any) -> None:
        self._drain()
        self._count += 1
        root = self._root
        if self._count == 1 and root is not None and not root.is_finished():
            root.cancel()
            self._driver.unpark()
            return
        raise KeyboardInterrupt

    def _drain(self) -> None:
        if self._sockets is not None:
            try:
                while self._sockets[0].recv(512):
                    pass
            except (BlockingIOError, InterruptedError):
                pass

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self._sockets is not None:
            global _inside
            _inside = self._outer
            if signal.getsignal(signal.SIGINT) == self._on_sigint:
                signal.signal(signal.SIGINT, default_handler())
            self._driver.poller.unwatch(self._sockets[0])
            signal.set_wakeup_fd(self._old_fd)
            for sock in self._sockets:
                sock.close()
        if self._count and isinstance(error, CancelledError):
            root = self._root
            if root is not None and root.uncancel() == 0:
                raise KeyboardInterrupt from None


def is_default(handler: Any) -> bool:
    """True for a handler of SIGINT that is not the program's own: Python's, or that of a ``block_on``."""
    return handler is signal.default_int_handler or isinstance(getattr(handler, "__self__", None), Interrupt)


def default_handler() -> Any:
    """What SIGINT does now if the program wants nothing special. In the main thread."""
    return signal.default_int_handler if _inside is None else _inside._on_sigint
