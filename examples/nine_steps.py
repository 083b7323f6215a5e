"""The nine steps from ``async def`` to ``Ready``, recorded from a real run and drawn as a sequence diagram.

Shows: ``Hooks``, the seam through which traces and consoles hear what a runtime does. One task waits for bytes on a
TCP socket, another sends them. Each line of the diagram is an event that was recorded, in the order in which it came;
nothing is drawn that did not happen. The README and the docs hold what this program prints.

Run it:   python examples/nine_steps.py              the diagram for a terminal
          python examples/nine_steps.py --ja         in Japanese
          python examples/nine_steps.py --mermaid    as a Mermaid sequence diagram (also with --ja)
"""

import sys

import mezame
from mezame.net import TcpListener, TcpStream

WATCHED = "greet"
EXECUTOR, FUTURE, DRIVER = range(3)
LANES = ("Executor", "Future", "I/O driver")

# event: (from lane, to lane, English, Japanese)
EVENTS = {
    "call": (FUTURE, FUTURE, "1  greet() was called: there is a coroutine",
             "1  greet() を呼ぶ。コルーチンができる"),
    "spawn": (FUTURE, EXECUTOR, "2  spawn: it is a task now, and queued", "2  spawn。タスクになり、キューに入る"),
    "poll": (EXECUTOR, FUTURE, "3  the task is taken from the queue: poll(cx)", "3  キューから取り出して poll(cx)"),
    "run": (FUTURE, FUTURE, "4  the coroutine runs as far as it can", "4  進めるところまで処理を進める"),
    "register": (FUTURE, DRIVER, "5  nothing to read: the driver gets the waker",
                 "5  I/O 未完了。ウェイカーをドライバに登録"),
    "pending": (FUTURE, EXECUTOR, "5  Poll.Pending", "5  Poll.Pending"),
    "others": (EXECUTOR, EXECUTOR, "5  ... another task is polled ...", "5  …別のタスクを poll…"),
    "event": (DRIVER, DRIVER, "6  the driver sees that bytes have come", "6  ドライバが I/O の完了を知る"),
    "wake": (DRIVER, EXECUTOR, "6-7  wake(): the task is queued again, once", "6-7  wake()。一度だけキューに戻る"),
    "again": (EXECUTOR, FUTURE, "8  poll(cx) again", "8  再び poll(cx)"),
    "ready": (FUTURE, EXECUTOR, "9  Poll.Ready(value): the task is complete", "9  Poll.Ready(値)。タスクの完了"),
}  # fmt: skip


class Recorder(mezame.Hooks):
    """Keeps the events of one task, in order, and the polls of the others between them."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self._source: object = None

    def note(self, event: str) -> None:
        self.events.append(event)

    def on_spawn(self, task: mezame.Task) -> None:
        if task.name == WATCHED:
            self.note("spawn")

    def on_poll(self, task: mezame.Task) -> None:
        if task.name == WATCHED:
            self.note("again" if "poll" in self.events else "poll")
        elif self.events and self.events[-1] == "pending":
            self.note("others")

    def on_register(self, task: mezame.Task, source: object, interest: str) -> None:
        if task.name == WATCHED:
            self._source = source
            self.note("register")

    def on_pending(self, task: mezame.Task) -> None:
        if task.name == WATCHED:
            self.note("pending")

    def on_event(self, source: object, interest: str) -> None:
        if source is self._source:
            self.note("event")

    def on_wake(self, task: mezame.Task) -> None:
        if task.name == WATCHED:
            self.note("wake")

    def on_complete(self, task: mezame.Task) -> None:
        if task.name == WATCHED:
            self.note("ready")


async def greet(stream: TcpStream, recorder: Recorder) -> str:
    recorder.note("run")
    async with stream:
        return f"hello, {(await stream.read()).decode()}"


async def visit(stream: TcpStream) -> None:
    async with stream:
        await stream.write_all(b"mezame")


async def main(recorder: Recorder) -> str:
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        theirs = await TcpStream.connect(listener.local_addr())
        ours, _ = await listener.accept()
        coroutine = greet(ours, recorder)
        recorder.note("call")
        greeting = mezame.spawn(coroutine, name=WATCHED)
        mezame.spawn(visit(theirs), name="visit")
        return await greeting


def record() -> list[str]:
    """The events of one run."""
    recorder = Recorder()
    assert mezame.run(main(recorder), hooks=recorder) == "hello, mezame"
    return recorder.events


def diagram(events: list[str], language: int = 2) -> str:
    """As text. ``language``: 2 for English, 3 for Japanese."""
    columns = (4, 20, 36)
    lines = ["".join(f"{name:^16}" for name in LANES)[3:].rstrip()]
    for event in events:
        start, end = EVENTS[event][:2]
        row = [" "] * 38
        for column in columns:
            row[column] = "|"
        low, high = sorted((columns[start], columns[end]))
        row[low + 1 : high] = "-" * (high - low - 1)
        if end > start:
            row[high - 1] = ">"
        elif end < start:
            row[low + 1] = "<"
        else:
            row[low] = "*"
        lines.append("".join(row).rstrip() + "   " + EVENTS[event][language])
    return "\n".join(lines)


def mermaid(events: list[str], language: int = 2) -> str:
    """As a Mermaid sequence diagram."""
    lines = ["sequenceDiagram"] + [f"    participant {name[0]} as {name}" for name in LANES]
    for event in events:
        start, end = (LANES[lane][0] for lane in EVENTS[event][:2])
        arrow = f"Note over {start}" if start == end else f"{start}->>{end}"
        lines.append(f"    {arrow}: {EVENTS[event][language]}")
    return "\n".join(lines)


if __name__ == "__main__":
    draw = mermaid if "--mermaid" in sys.argv else diagram
    print(draw(record(), 3 if "--ja" in sys.argv else 2))
