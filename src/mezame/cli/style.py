"""Colour, where there is a terminal to show it: never in a pipe or a file, nor where ``NO_COLOR`` is set."""

from __future__ import annotations

import os
from typing import TextIO

BOLD, DIM, ACCENT, GOOD = "1", "2", "36", "32"


def has_colour(out: TextIO) -> bool:
    """True for a terminal that takes escape sequences."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, style: str, out: TextIO) -> str:
    """``text`` in a style, or as it is."""
    return f"\x1b[{style}m{text}\x1b[0m" if has_colour(out) else text
