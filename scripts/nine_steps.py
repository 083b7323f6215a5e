#!/usr/bin/env python3
"""Runs examples/nine_steps.py and puts what it recorded into the READMEs and the docs.

    <!-- nine-steps:start en text -->   the diagram as text; "ja" in Japanese; "mermaid" instead of "text"
    <!-- nine-steps:end -->
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fill import fill

ROOT = Path(__file__).parent.parent


def block(words: str) -> str:
    """The fenced block for the words of a marker."""
    language, form = words.split()
    arguments = ["--ja"] * (language == "ja") + ["--mermaid"] * (form == "mermaid")
    command = [sys.executable, "-X", "utf8", str(ROOT / "examples" / "nine_steps.py"), *arguments]
    printed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    return f"```{form}\n{printed.rstrip()}\n```"


def filled(text: str) -> str:
    """A page with its diagrams renewed."""
    return fill(text, "nine-steps", block)


if __name__ == "__main__":
    for page in (ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").rglob("*.md"))):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
