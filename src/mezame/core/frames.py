"""Frames: where in the user's code something happened. Our own frames tell the user nothing."""

from __future__ import annotations

import sys
from typing import Any


def without_our_frames(error: Any) -> Any:
    """``error`` with a traceback that begins in the user's coroutine.

    The frames before it are ours, which tell the user nothing.
    """
    for _ in range(2):
        traceback = error.__traceback__
        if traceback is not None and traceback.tb_next is not None:
            error.__traceback__ = traceback.tb_next
    return error


def spawn_site() -> tuple[Any, int]:
    """(code, instruction) of the nearest caller outside of this package; the line is looked up when asked for."""
    frame: Any = sys._getframe(0)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("mezame."):
        frame = frame.f_back
    return (None, -1) if frame is None else (frame.f_code, frame.f_lasti)
