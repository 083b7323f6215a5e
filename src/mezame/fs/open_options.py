"""OpenOptions: how a file is opened; and ``open``, which takes the same as a mode string or as keywords."""

from __future__ import annotations

import os
from typing import Any

from ..core.context import Context
from ..core.poll import PENDING, make_ready
from .descriptor import Descriptor
from .file import File, make_file, permission_bits
from .job import Job, path_of

_MODES = {
    "r": {"read": True},
    "r+": {"read": True, "write": True},
    "w": {"write": True, "create": True, "truncate": True},
    "w+": {"read": True, "write": True, "create": True, "truncate": True},
    "a": {"append": True, "create": True},
    "a+": {"read": True, "append": True, "create": True},
    "x": {"write": True, "create_new": True},
    "x+": {"read": True, "write": True, "create_new": True},
}
_NAMES = ("read", "write", "append", "truncate", "create", "create_new")


class Opening(Job):
    """A file that is being opened: await it for the ``File``, or enter it with ``async with``, which also closes it."""

    __slots__ = ("_file",)

    def poll(self, cx: Context) -> Any:
        answer = Job.poll(self, cx)
        if answer is PENDING:
            return PENDING
        return make_ready(make_file(answer.value))

    async def __aenter__(self) -> File:
        file: File = await self
        self._file = file
        return file

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        await self._file.__aexit__(kind, error, traceback)


def open_descriptor(path: Any, flags: int, permissions: int, mode: str) -> Descriptor:
    """Blocks."""
    return Descriptor(os.open(path, flags, permissions), path, mode)


class OpenOptions:
    """How a file is opened. Each method sets one option and returns this object; at first all are off.

    >>> import mezame, os, tempfile
    >>> async def main(path):
    ...     options = mezame.fs.OpenOptions().read(True).write(True).create(True)
    ...     async with await options.open(path) as file:
    ...         await file.write_all(b"abc")
    ...         await file.rewind()
    ...         return await file.read()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(os.path.join(folder, "file")))
    b'abc'

    Source of the semantics: ``tokio::fs::OpenOptions``.
    """

    __slots__ = ("_flags", "_mode", "_set")

    def __init__(self) -> None:
        self._set = dict.fromkeys(_NAMES, False)
        self._mode = 0o666
        self._flags = 0

    def read(self, on: bool = True) -> OpenOptions:
        """It can be read."""
        return self._switch("read", on)

    def write(self, on: bool = True) -> OpenOptions:
        """It can be written; what is there is overwritten, and not cut off."""
        return self._switch("write", on)

    def append(self, on: bool = True) -> OpenOptions:
        """Each write goes to the end of the file, whatever the position, also if other processes write."""
        return self._switch("append", on)

    def truncate(self, on: bool = True) -> OpenOptions:
        """What is there is cut off. Needs ``write``."""
        return self._switch("truncate", on)

    def create(self, on: bool = True) -> OpenOptions:
        """It is made if it does not exist. Needs ``write`` or ``append``."""
        return self._switch("create", on)

    def create_new(self, on: bool = True) -> OpenOptions:
        """It is made, and must not exist; ``create`` and ``truncate`` mean nothing then.

        Needs ``write`` or ``append``.
        """
        return self._switch("create_new", on)

    def mode(self, bits: int) -> OpenOptions:
        """The permission bits of a file that is made (0o666 at first), less the process's umask."""
        self._mode = permission_bits(bits)
        return self

    def custom_flags(self, flags: int) -> OpenOptions:
        """More flags of ``os.open``, such as ``os.O_NOFOLLOW``; those of access (``O_RDWR``) are left out."""
        if not isinstance(flags, int) or isinstance(flags, bool):
            raise TypeError(f"custom_flags needs the flags of os.open, not {flags!r}")
        self._flags = flags
        return self

    def _switch(self, name: str, on: Any) -> OpenOptions:
        if not isinstance(on, bool):
            raise TypeError(f"{name} is True or False, not {on!r}")
        self._set[name] = on
        return self

    def open(self, path: Any) -> Opening:
        """Opens ``path``; awaits to a ``File``, or use it with ``async with``.

        Raises ``ValueError`` for options that do not go together, at once; ``OSError`` from the await. Cancel safe:
        a file that was opened for nobody is closed.
        """
        flags = self._access() | self._creation() | self._flags & ~(os.O_RDONLY | os.O_WRONLY | os.O_RDWR)
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        on = self._set
        mode = "r+" if on["read"] and (on["write"] or on["append"]) else "r" if on["read"] else "w"
        changes = on["create"] or on["create_new"] or on["truncate"]
        return Opening(open_descriptor, path_of("open", path), flags, self._mode, mode, changes=changes)

    def _access(self) -> int:
        on = self._set
        if not on["read"] and not on["write"] and not on["append"]:
            raise ValueError("nothing can be done with a file that is opened without read, write and append")
        if on["append"]:
            return os.O_APPEND | (os.O_RDWR if on["read"] else os.O_WRONLY)
        return os.O_RDWR if on["read"] and on["write"] else os.O_WRONLY if on["write"] else os.O_RDONLY

    def _creation(self) -> int:
        on = self._set
        wanted = [name for name in ("truncate", "create", "create_new") if on[name]]
        if wanted and not on["write"] and not on["append"]:
            raise ValueError(f"{wanted[0]} needs write or append: a file that is only read cannot be changed")
        if on["append"] and on["truncate"] and not on["create_new"]:
            raise ValueError("append and truncate do not go together: use write for a file that begins empty")
        if on["create_new"]:
            return os.O_CREAT | os.O_EXCL
        return (os.O_CREAT if on["create"] else 0) | (os.O_TRUNC if on["truncate"] else 0)

    def __repr__(self) -> str:
        return f"<OpenOptions {' '.join(name for name in _NAMES if self._set[name]) or 'with nothing on'}>"


def open(
    path: Any,
    mode: str | None = None,
    *,
    read: bool = False,
    write: bool = False,
    append: bool = False,
    truncate: bool = False,
    create: bool = False,
    create_new: bool = False,
    permissions: int = 0o666,
    custom_flags: int = 0,
) -> Opening:
    """Opens a file for bytes: ``async with mezame.fs.open(path) as file:``, or ``file = await mezame.fs.open(path)``.

    Args:
        path: str, bytes or ``os.PathLike``.
        mode: as of the builtin ``open``: "r", "w", "a" or "x", each with "+" for reading and writing; "b" may be
            there; "r" if no keyword is given.
        read, write, append, truncate, create, create_new: instead of ``mode``; see ``OpenOptions``.
        permissions: of a file that is made, less the process's umask.
        custom_flags: more flags of ``os.open``.

    Raises ``ValueError`` for a mode or a mix of options that makes no sense, at once; ``OSError`` from the await.
    Cancel safe.

    >>> import mezame, os, tempfile
    >>> async def main(path):
    ...     async with mezame.fs.open(path, "w") as file:
    ...         await file.write_all(b"one\\n")
    ...     async with mezame.fs.open(path, "a+") as file:
    ...         await file.write_all(b"two\\n")
    ...         await file.rewind()
    ...         return await file.read_to_string()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(os.path.join(folder, "log")))
    'one\\ntwo\\n'

    Source of the semantics: ``tokio::fs::OpenOptions``, the builtin ``open``.
    """
    given = dict(zip(_NAMES, (read, write, append, truncate, create, create_new), strict=True))
    wanted: dict[str, bool] = given
    if mode is not None or not any(given.values()):
        if any(given.values()):
            raise ValueError(f"open takes a mode or keywords, not both: {mode!r} and {[n for n in _NAMES if given[n]]}")
        wanted = _parse(mode)
    options = OpenOptions().mode(permissions).custom_flags(custom_flags)
    for name, on in wanted.items():
        options._switch(name, on)
    return options.open(path)


def _parse(mode: str | None) -> dict[str, bool]:
    if mode is None:
        return _MODES["r"]
    if not isinstance(mode, str):
        raise TypeError(f"mode is a str such as 'r' or 'w+', not {mode!r}")
    if "t" in mode:
        raise ValueError(f"mode {mode!r}: a file is bytes here; encode what you write, and decode what you read")
    found = _MODES.get(mode if mode.count("b") != 1 else mode.replace("b", ""))
    if found is None:
        raise ValueError(f"mode must be 'r', 'w', 'a' or 'x', with '+' and 'b' or without, not {mode!r}")
    return found
