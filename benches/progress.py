"""Progress on stderr: one line that rewrites itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time


class Progress:
    """Counts measurements and says what is running."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.began = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.last_plain = ""

    def step(self, bench: str, cell: str, round_: int, rounds: int, job: str) -> None:
        """A measurement starts. Without a terminal, one line per round is enough."""
        where = f"{bench}, {cell}, round {round_ + 1}/{rounds}"
        if self.terminal:
            left = ""
            if self.done:
                seconds = (time.monotonic() - self.began) / self.done * (self.total - self.done)
                left = f", about {seconds:.0f} s left"
            self._rewrite(f"[{self.done + 1}/{self.total}] {where}: {job}{left}")
        elif where != self.last_plain:
            self.last_plain = where
            print(f"[{self.done + 1}/{self.total}] {where}", file=sys.stderr, flush=True)
        self.done += 1

    def say(self, text: str) -> None:
        """A line that stays."""
        if self.terminal:
            self._rewrite("")
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Takes the progress line away."""
        if self.terminal:
            self._rewrite("")

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[2K{text[:width]}", end="", file=sys.stderr, flush=True)
