"""A griffe extension for the API pages: doctests in docstrings become fenced blocks.

Markdown takes ``>>>`` for a quotation of a quotation. Named in mkdocs.yml.
"""

from __future__ import annotations

from typing import Any

import griffe


def fenced(text: str) -> str:
    """``text`` with each run of doctest lines, output included, in a fence."""
    made: list[str] = []
    inside = ""  # the indent of the run that we are in, as a fence
    for line in text.split("\n"):
        bare = line.lstrip()
        if not inside and bare.startswith(">>> "):
            indent = line[: len(line) - len(bare)]
            inside = indent + "```"
            made.append(inside + "pycon")
        elif inside and not bare:
            made.append(inside)
            inside = ""
        made.append(line)
    if inside:
        made.append(inside)
    return "\n".join(made)


class FencedDoctests(griffe.Extension):
    """Rewrites each docstring before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
