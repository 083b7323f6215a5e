"""Builder: writes the script of a ``Mock``."""

from __future__ import annotations

import itertools
from typing import Any

from .mock import Handle, Mock
from .script import READ, READ_ERROR, WAIT, WRITE, WRITE_ERROR, Script, checked

_numbers = itertools.count(1)


class Builder:
    """Writes a script line by line; ``build`` makes the stream that plays it, and may be called again.

    >>> import mezame
    >>> from mezame.testing import io
    >>> async def greet(stream):
    ...     name = await stream.read()
    ...     await stream.write_all(b"hello " + name)
    >>> async def main():
    ...     async with io.Builder().read(b"world").write(b"hello world").build() as stream:
    ...         await greet(stream)
    >>> mezame.run(main())

    Source of the semantics: ``tokio_test::io::Builder``.
    """

    def __init__(self) -> None:
        self._lines: list[tuple[str, Any]] = []
        self._name: str | None = None

    def _add(self, kind: str, value: Any) -> Builder:
        self._lines.append((kind, checked(kind, value)))
        return self

    def read(self, data: Any) -> Builder:
        """The reader gets ``data`` (bytes or any buffer), in pieces if it asks for less."""
        return self._add(READ, data)

    def write(self, data: Any) -> Builder:
        """The writer must write ``data``, in pieces of any size."""
        return self._add(WRITE, data)

    def read_error(self, error: BaseException) -> Builder:
        """The reader gets ``error``."""
        return self._add(READ_ERROR, error)

    def write_error(self, error: BaseException) -> Builder:
        """The writer gets ``error``."""
        return self._add(WRITE_ERROR, error)

    def wait(self, duration: Any) -> Builder:
        """Nothing happens for ``duration`` seconds of the runtime's clock."""
        return self._add(WAIT, duration)

    def name(self, name: str) -> Builder:
        """The stream's name in messages."""
        self._name = name
        return self

    def build(self) -> Mock:
        """The stream. At the end of the script its reader gets the end of the stream."""
        return Mock(self._script(grows=False))

    def build_with_handle(self) -> tuple[Mock, Handle]:
        """The stream, and a handle that adds to its script while it runs."""
        script = self._script(grows=True)
        return Mock(script), Handle(script)

    def _script(self, grows: bool) -> Script:
        return Script(self._lines, self._name or f"mock-{next(_numbers)}", grows)
