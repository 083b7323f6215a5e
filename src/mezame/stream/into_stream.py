"""stream: whatever can be taken for a stream, as a Stream."""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from .from_aiter import from_aiter
from .iterable import iter
from .stream import Stream


class Polled(Stream):
    """An object that has ``poll_next`` and is no Stream (``mezame.future.FuturesUnordered``, say), as one."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def poll_next(self, cx: Context) -> Any:
        return self._inner.poll_next(cx)

    def drop(self) -> None:
        ending = getattr(self._inner, "drop", None) or getattr(self._inner, "clear", None)
        if ending is not None:
            ending()

    async def aclose(self) -> None:
        closing = getattr(self._inner, "aclose", None)
        if closing is None:
            self.drop()
        else:
            await closing()

    def __repr__(self) -> str:
        return f"<stream of {self._inner!r}>"


def stream(obj: Any) -> Stream:
    """``obj`` as a Stream: itself if it is one; else what has ``poll_next``, or any async iterable, or a plain one.

    What ``from_aiter`` and ``iter`` say holds. A string is not taken for its characters: ``iter`` says that you want
    them. Raises ``TypeError`` naming ``obj`` if it is none of these.

    >>> import mezame
    >>> async def main():
    ...     tx, rx = mezame.sync.mpsc.channel(4)
    ...     for word in ("wake", "up"):
    ...         await tx.send(word)
    ...     tx.close()
    ...     return await mezame.stream.stream(rx).map(str.upper).collect()
    >>> mezame.run(main())
    ['WAKE', 'UP']

    Source of the semantics: ``async_std::stream::IntoStream``.
    """
    if isinstance(obj, Stream):
        return obj
    if hasattr(obj, "poll_next"):
        return Polled(obj)
    if hasattr(obj, "__aiter__"):
        return from_aiter(obj)
    if isinstance(obj, (str, bytes, bytearray)):
        raise TypeError(f"{obj!r} is not taken for a stream of its parts: mezame.stream.iter(...) makes one of them")
    if hasattr(obj, "__iter__"):
        return iter(obj)
    raise TypeError(f"{obj!r} is no stream: a Stream, or an async or plain iterable is needed")
