"""Markers in Markdown pages: what stands between ``<!-- NAME:start ... -->`` and ``<!-- NAME:end -->`` is generated."""

from __future__ import annotations

import re
from collections.abc import Callable


def fill(text: str, name: str, body: Callable[[str], str]) -> str:
    """``text`` with each block of marker ``name`` replaced by ``body(words of the start marker)``.

    Raises ``ValueError`` for a start without an end.
    """
    pattern = re.compile(rf"(<!-- {name}:start([^>]*)-->\n)(.*?)(<!-- {name}:end -->)", re.S)
    if len(pattern.findall(text)) != text.count(f"<!-- {name}:start"):
        raise ValueError(f"a marker {name}:start has no {name}:end")
    return pattern.sub(lambda found: f"{found[1]}{body(found[2].strip())}\n{found[4]}", text)
