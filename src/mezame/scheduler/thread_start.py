"""start_thread: a thread with a stack of its own size.

Python's ``threading.stack_size`` is one setting for the process. It is set for the moment of the start and put back,
one of our starts at a time; a thread that other code starts in that moment gets the same size.
"""

from __future__ import annotations

import threading

_setting = threading.Lock()


def check_stack_size(size: int | None) -> int:
    """``size`` in bytes as ``start_thread`` takes it; 0 for None, the system's size. ``ValueError`` for a bad one."""
    if size is None:
        return 0
    with _setting:
        try:
            threading.stack_size(threading.stack_size(size))
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(
                f"thread_stack_size must be a number of bytes from 32768 on that the system takes, not {size!r}"
            ) from error
    return size


def start_thread(thread: threading.Thread, stack_size: int) -> None:
    """``thread.start()``, with a stack of ``stack_size`` bytes; 0: what the process has set."""
    if not stack_size:
        thread.start()
        return
    with _setting:
        usual = threading.stack_size(stack_size)
        try:
            thread.start()
        finally:
            threading.stack_size(usual)
