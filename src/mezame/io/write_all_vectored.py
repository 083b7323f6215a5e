"""write_all_vectored: several buffers, all of each, with as few calls as the writer makes possible."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .async_write import taken
from .operation import as_bytes


async def write_all_vectored(writer: Any, buffers: Iterable[Any]) -> None:
    """Writes all of ``buffers`` in order, several at a time where ``writer`` can.

    Raises ``WriteZero`` if the writer takes no more. Not cancel safe: an unknown part has been written then.

    >>> import mezame
    >>> from mezame.io import Cursor, write_all_vectored
    >>> async def main():
    ...     target = Cursor()
    ...     await write_all_vectored(target, [b"one ", b"two"])
    ...     return target.getvalue()
    >>> mezame.run(main())
    b'one two'

    Source of the semantics: ``tokio_util::io::write_all_vectored``.
    """
    parts = [memoryview(as_bytes(data)) for data in buffers]
    parts = [part for part in parts if len(part)]
    parts.reverse()  # the next one is at the end
    left, done = sum(map(len, parts)), 0
    while parts:
        count = taken(writer, await writer.write_vectored(parts[:-65:-1]), left, done)
        left -= count
        done += count
        while count:
            part = parts.pop()
            if count < len(part):
                parts.append(part[count:])
                break
            count -= len(part)
