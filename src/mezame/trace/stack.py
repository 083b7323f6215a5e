"""Stack: where a future that waits stands: the chain of awaits down to the leaf, and what the leaf waits for.

A waiting task has no frames on any thread: its coroutine holds the one below, and so on down to a leaf (a ``Future``).
A leaf that has futures inside (``select``, ``join``, ``timeout``) is where the stack branches.

Whoever takes a stack sees to it that nobody polls the task meanwhile (``dump.py``); on a CPython with a GIL it may be
polled: then the chain changes between two steps, and must not send us in circles.
"""

from __future__ import annotations

import gc
import traceback
from collections import deque
from types import AsyncGeneratorType, CoroutineType, FunctionType
from typing import Any, NamedTuple

from ..core.future import CoroutineFuture, Future
from ..core.waker import Waker

_DEEPEST = 10_000  # coroutines
_NESTED = 20  # levels of futures in futures
_MOST = 100  # branches that are shown
_OWNERS = 3  # of the fields of a leaf: its lock, its socket
_LINKS = (("cr_frame", "cr_await"), ("ag_frame", "ag_await"), ("gi_frame", "gi_yieldfrom"))
_ELSEWHERE = ("mezame.future.shared",)  # what is inside is polled by others too

# What a leaf waits for, by the module of its class; the first that fits. Others are just futures.
_KINDS = (
    ("mezame.core.task", "a task"),
    ("mezame.task", "a task"),
    ("mezame.time", "a timer"),
    ("mezame.driver", "a descriptor"),
    ("mezame.net", "a descriptor"),
    ("mezame.io.async_fd", "a descriptor"),
    ("mezame.io", "a stream"),
    ("mezame.stream", "a stream"),
    ("mezame.sync.notify", "a notification"),
    ("mezame.sync.cancellation_token", "a cancellation"),
    ("mezame.sync.mpsc", "a channel"),
    ("mezame.sync.mpmc", "a channel"),
    ("mezame.sync.oneshot", "a channel"),
    ("mezame.sync.watch", "a channel"),
    ("mezame.sync.broadcast", "a channel"),
    ("mezame.sync.closed", "a channel"),
    ("mezame.sync", "a lock"),
    ("mezame.signal", "a signal"),
    ("mezame.process", "a process"),
    ("mezame.fs", "a blocking call"),
    ("mezame.core.coop", "its next turn"),
)


class Frame(NamedTuple):
    """A line of a stack."""

    file: str
    """The file."""
    line: int
    """The line in it."""
    function: str
    """The function."""


class Wait(NamedTuple):
    """What a leaf waits for."""

    kind: str
    """ "a timer", "a descriptor", "a lock", "a channel", "a task" and the like; else "a future"."""
    what: str
    """The leaf itself, and what it belongs to, as far as that can be seen."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


class Stack(NamedTuple):
    """A chain of awaits, from the outermost coroutine inwards."""

    frames: tuple[Frame, ...] = ()
    """The coroutines."""
    wait: Wait | None = None
    """The leaf at the end; None: it could not be seen, or there is none."""
    branches: tuple[Stack, ...] = ()
    """The futures inside of the leaf (of a ``select``, ``join``, ``timeout``), each with its own stack."""

    def leaves(self) -> list[Wait]:
        """What is waited for, in all branches."""
        if not self.branches:
            return [] if self.wait is None else [self.wait]
        return [wait for branch in self.branches for wait in branch.leaves()]

    def format(self, indent: str = "  ") -> str:
        """As text, with the lines of the source."""
        summary = [traceback.FrameSummary(frame.file, frame.line, frame.function) for frame in self.frames]
        lines = [indent[2:] + line for text in traceback.StackSummary.from_list(summary).format()
                 for line in text.splitlines(keepends=True)]  # fmt: skip
        if self.wait is not None:
            lines.append(f"{indent}waits for {self.wait}\n")
        for number, branch in enumerate(self.branches, 1):
            lines.append(f"{indent}branch {number} of {len(self.branches)}:\n")
            lines.append(branch.format(indent + "    "))
        return "".join(lines)


def take_stack(awaited: Any, clock: Any = None, depth: int = 0) -> Stack:
    """The stack of a coroutine, or another awaitable, that is not being polled.

    Args:
        clock: of the runtime, to say how long a timer has still to go; or None.
    """
    frames, leaf = await_chain(awaited)
    if leaf is None:
        return Stack(frames)
    inside = [] if depth >= _NESTED else inner_futures(leaf)
    if len(inside) == 1 and isinstance(leaf, CoroutineFuture):  # it only stands for its coroutine
        below = take_stack(inside[0], clock, depth)
        return Stack(frames + below.frames, below.wait, below.branches)
    return Stack(frames, describe(leaf, clock), tuple(take_stack(one, clock, depth + 1) for one in inside))


def await_chain(awaited: Any) -> tuple[tuple[Frame, ...], Any]:
    """The coroutines from ``awaited`` down, and the leaf at the end (None: there is none)."""
    frames: list[Frame] = []
    for _ in range(_DEEPEST):
        names = next((names for names in _LINKS if hasattr(awaited, names[1])), None)
        if names is None:
            generator = _generator_of(awaited)
            if generator is None:
                break
            awaited = generator
            continue
        frame = getattr(awaited, names[0])
        if frame is not None:
            code = frame.f_code
            frames.append(Frame(code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_name))
        awaited = getattr(awaited, names[1])
    return tuple(frames), awaited


_GO_BETWEENS = ("async_generator_asend", "async_generator_athrow", "anext_awaitable", "coroutine_wrapper")


def _generator_of(awaited: Any) -> Any:
    """What is behind ``agen.__anext__()``, ``coroutine.__await__()`` and the like, which do not name it."""
    if type(awaited).__name__ in _GO_BETWEENS:
        for found in gc.get_referents(awaited):
            if isinstance(found, (AsyncGeneratorType, CoroutineType)) or type(found).__name__ in _GO_BETWEENS:
                return found
    return None


def inner_futures(leaf: Any) -> list[Any]:
    """The futures and coroutines that ``leaf`` polls, as far as they can be seen: in its fields and its closure."""
    if not isinstance(leaf, Future) or type(leaf).__module__ in _ELSEWHERE:
        return []
    found: dict[int, Any] = {}
    for field in gc.get_referents(leaf):
        if isinstance(field, FunctionType):
            for cell in field.__closure__ or ():
                try:
                    _collect(cell.cell_contents, found)
                except ValueError:  # empty
                    pass
        else:
            _collect(field, found)
    return list(found.values())[:_MOST]


def _collect(value: Any, found: dict[int, Any]) -> None:
    if isinstance(value, (list, tuple, deque)):
        for item in list(value)[:_MOST]:
            _collect_one(getattr(item, "future", item), found)
    else:
        _collect_one(value, found)


def _collect_one(value: Any, found: dict[int, Any]) -> None:
    if isinstance(value, (Future, CoroutineType)) and not is_finished(value):
        found[id(value)] = value


def is_finished(future: Any) -> bool:
    """True for a coroutine that has ended, and for a future that says so."""
    if isinstance(future, CoroutineType):
        return future.cr_frame is None
    asked = getattr(future, "is_finished", None)
    return bool(asked is not None and asked())


def describe(leaf: Any, clock: Any = None) -> Wait:
    """What ``leaf`` waits for."""
    module = type(leaf).__module__
    kind = next((kind for prefix, kind in _KINDS if _is_in(module, prefix)), "a future")
    try:
        what = _own_words(leaf)
        if kind == "a timer" and clock is not None and hasattr(leaf, "deadline"):
            what += f", {leaf.deadline() - clock.now_ns() / 1e9:.3f} s from now"
    except Exception as error:  # a repr of the user's, say: the others are shown all the same
        what = f"{type(leaf).__qualname__} (whose repr raised {error!r})"
    return Wait(kind, what)


def _own_words(leaf: Any) -> str:
    if _speaks(leaf):
        return repr(leaf)
    fields = [field for field in gc.get_referents(leaf) if type(field).__module__.startswith("mezame.")]
    owners = [repr(field) for field in fields if not isinstance(field, (Waker, Future)) and _speaks(field)]
    name = type(leaf).__qualname__
    return f"{name} of {', '.join(owners[:_OWNERS])}" if owners else name


def _speaks(thing: Any) -> bool:
    """It has a ``__repr__`` of its own."""
    spoken: Any = type(thing).__repr__
    return spoken is not object.__repr__


def _is_in(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")
