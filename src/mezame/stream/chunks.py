"""Several items as one list: chunks and ready_chunks.

A failure of the source is raised in its place between the items: what was gathered before is not lost, it comes in the
next chunk (or in ``into_remainder``).
"""

from __future__ import annotations

from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from ..future.end import END
from .adapter import Adapter, count_of


class Gathering(Adapter):
    """Base: ``_items`` are those of the chunk that is being made, ``_size`` how many make one. Fused."""

    __slots__ = ("_ended", "_items", "_size")

    def __init__(self, source: Any, what: str, size: int) -> None:
        super().__init__(source)
        self._size = count_of(what, size, 1)
        self._items: list[Any] = []
        self._ended = False

    def into_remainder(self) -> list[Any]:
        """Takes out the items that were gathered and were not given yet."""
        items, self._items = self._items, []
        return items

    def _gather(self, cx: Context) -> bool:
        """Gathers what is there. True: the source is Pending; False: the chunk is full, or the source has ended."""
        while len(self._items) < self._size and not self._ended:
            answer = self._source.poll_next(cx)
            if answer is PENDING:
                return True
            if answer.value is END:
                self._ended = True
            else:
                self._items.append(answer.value)
        return False

    def _chunk(self) -> Any:
        """The chunk, or END if there is nothing in it."""
        return make_ready(self.into_remainder() if self._items else END)

    def size_hint(self) -> tuple[int, int | None]:
        low, high = (0, 0) if self._ended else self._source.size_hint()
        begun = len(self._items)
        return -(-(low + begun) // self._size), None if high is None else -(-(high + begun) // self._size)

    def drop(self) -> None:
        self._ended = True
        self._items.clear()
        super().drop()

    async def aclose(self) -> None:
        self._ended = True
        self._items.clear()
        await super().aclose()


class Chunks(Gathering):
    """The stream of ``Stream.chunks``."""

    __slots__ = ()

    def __init__(self, source: Any, size: int) -> None:
        super().__init__(source, "chunks", size)

    def poll_next(self, cx: Context) -> Any:
        return PENDING if self._gather(cx) else self._chunk()


class ReadyChunks(Gathering):
    """The stream of ``Stream.ready_chunks``. ``_failure`` came after the items of the last chunk."""

    __slots__ = ("_failure",)

    def __init__(self, source: Any, size: int) -> None:
        super().__init__(source, "ready_chunks", size)
        self._failure: Exception | None = None

    def poll_next(self, cx: Context) -> Any:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        try:
            pending = self._gather(cx)
        except Exception as error:
            if not self._items:
                raise
            self._failure = error
            pending = False
        return PENDING if pending and not self._items else self._chunk()

    def size_hint(self) -> tuple[int, int | None]:
        low, high = (0, 0) if self._ended else self._source.size_hint()
        return -(-low // self._size), high
