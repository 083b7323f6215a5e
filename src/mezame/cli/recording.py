"""What the demo records of one task, and how it is drawn: for a terminal, as Mermaid, as SVG."""

from __future__ import annotations

from typing import Any, TextIO

from ..core.hooks import Hooks
from .style import ACCENT, BOLD, DIM, styled

Step = tuple[str, str]  # the kind of an event, and what the diagram says of it


class Recorder(Hooks):
    """Keeps the events of one task, up to its second poll and its end, and counts the polls of the others between."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[Step] = []
        self._polls = 0
        self._others = 0
        self._waits_for: tuple[Any, str] | None = None

    def _note(self, kind: str, text: str) -> None:
        if self._polls < 3:
            self.steps.append((kind, text))

    def on_spawn(self, task: Any) -> None:
        if task.name == self.name:
            self._note("spawn", "1-2 the async def is a task now, and queued")

    def on_poll(self, task: Any) -> None:
        if task.name != self.name:
            self._others += 1
            return
        self._polls += 1
        if self._polls == 1:
            self._note("poll", "3 poll(cx)")
        elif self._polls == 2:
            if self._others:
                self._note("others", f"... other tasks were polled {self._others} times meanwhile ...")
            self._note("poll", "8 poll(cx) again")

    def on_register(self, task: Any, source: Any, interest: str) -> None:
        if task.name == self.name and self._polls == 1:
            self._waits_for = (source, interest)
            self._note("register", f"4-5 nothing to {interest} yet: the waker is left with the driver")

    def on_pending(self, task: Any) -> None:
        if task.name == self.name and self._polls == 1:
            self._note("pending", "5 Poll.Pending: on to another task")
            self._others = 0

    def on_event(self, source: Any, interest: str) -> None:
        if self._polls == 1 and self._waits_for == (source, interest):
            self._note("event", f"6 the driver sees that the socket is ready ({interest})")

    def on_wake(self, task: Any) -> None:
        if task.name == self.name and self._polls == 1:
            self._note("wake", "6-7 waker.wake(): queued again, once")

    def on_complete(self, task: Any) -> None:
        if task.name == self.name:
            if self._polls > 2:
                self.steps.append(("others", f"... the same for its other requests: {self._polls - 2} more polls ..."))
            self.steps.append(("ready", "9 Poll.Ready(v): the task is complete, whoever awaits it is woken"))


# kind: (from lane, to lane)
LANES = {"spawn": (0, 1), "poll": (0, 1), "register": (1, 2), "pending": (1, 0), "event": (2, 2),
         "wake": (2, 0), "ready": (1, 0), "others": (0, 0)}  # fmt: skip
NAMES = ("Executor", "Future", "I/O driver")


def text_diagram(steps: list[Step], out: TextIO) -> str:
    """The steps as a sequence diagram; in colour if ``out`` is a terminal."""
    columns = (6, 22, 38)
    lines = [styled("".join(f"{name:^16}" for name in NAMES)[1:].rstrip(), BOLD, out)]
    for kind, text in steps:
        start, end = LANES[kind]
        row = [" "] * 40
        for column in columns:
            row[column] = "|"
        low, high = sorted((columns[start], columns[end]))
        row[low + 1 : high] = "-" * (high - low - 1)
        if end > start:
            row[high - 1] = ">"
        elif end < start:
            row[low + 1] = "<"
        elif kind == "event":
            row[high] = "*"
        drawn = "".join(row)
        lines.append(f"{styled(drawn, DIM if kind == 'others' else ACCENT, out)}  {text}")
    return "\n".join(lines)


def mermaid(steps: list[Step]) -> str:
    """The steps as a Mermaid sequence diagram."""
    who = ("E", "F", "D")
    lines = ["sequenceDiagram"] + [f"    participant {w} as {name}" for w, name in zip(who, NAMES, strict=True)]
    for kind, text in steps:
        start, end = LANES[kind]
        text = text.replace(";", ",").replace(":", " -")
        arrow = f"Note over {who[start]}" if start == end else f"{who[start]}->>{who[end]}"
        lines.append(f"    {arrow}: {text}")
    return "\n".join(lines) + "\n"


def svg(steps: list[Step]) -> str:
    """The steps as an SVG picture, on a ground of its own: it may be shown on a dark page."""
    x, width, height = (110, 350, 590), 760, 70 + 40 * len(steps)
    font = 'font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {font}>',
        f'<rect width="{width}" height="{height}" rx="6" fill="#fff"/>',
    ]
    for column, name in zip(x, NAMES, strict=True):
        parts.append(f'<text x="{column}" y="20" text-anchor="middle" font-weight="bold">{name}</text>')
        parts.append(f'<line x1="{column}" y1="28" x2="{column}" y2="{height - 10}" stroke="#bbb"/>')
    for index, (kind, text) in enumerate(steps):
        start, end = LANES[kind]
        y = 62 + 40 * index
        if start != end:
            tip = -7 if end > start else 7
            parts.append(f'<line x1="{x[start]}" y1="{y}" x2="{x[end]}" y2="{y}" stroke="#136"/>')
            parts.append(f'<path d="M{x[end]} {y} l{tip} -4 v8 z" fill="#136"/>')
        elif kind == "event":
            parts.append(f'<circle cx="{x[start]}" cy="{y}" r="5" fill="#136"/>')
        room = 3.2 * len(text) + 12  # half of the text, generously
        middle = min(max((x[start] + x[end]) // 2, room), width - room)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        parts.append(f'<text x="{middle:.0f}" y="{y - 8}" text-anchor="middle">{escaped}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
