"""Whole files, each in one job: read, write, copy."""

from __future__ import annotations

import errno
import os
import stat
from typing import Any

from ..io.operation import as_bytes
from .job import Job, path_of

_CHUNK = 2 * 1024 * 1024  # bytes of one system call
_NO_KERNEL_COPY = frozenset((errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM))


def read(path: Any) -> Job:
    """Awaits to all bytes of a file. One job. Cancelling it stops the wait.

    >>> import mezame, os, tempfile
    >>> async def main(path):
    ...     await mezame.fs.write(path, b"hello")
    ...     return await mezame.fs.read(path)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(os.path.join(folder, "file")))
    b'hello'

    Source of the semantics: ``tokio::fs::read``.
    """
    return Job(_read, path_of("read", path))


def read_to_string(path: Any) -> Job:
    """Awaits to the text of a file; line ends are left as they are. Raises ``UnicodeDecodeError`` if it is no UTF-8.

    Source of the semantics: ``tokio::fs::read_to_string``.
    """
    return Job(_read_to_string, path_of("read_to_string", path))


def write(path: Any, data: Any) -> Job:
    """Makes a file, or empties it, and writes all of ``data`` (bytes or any buffer; str as UTF-8). One job.

    Cancelling it stops the wait, not the work: once begun it is written, also if the runtime is closed; if that fails
    when nobody waits any more, it is reported. The data of a mutable buffer is that of the call.

    Source of the semantics: ``tokio::fs::write``.
    """
    flat = data.encode() if isinstance(data, str) else bytes(as_bytes(data))
    return Job(_write, path_of("write", path), flat, changes=True)


def copy(source: Any, target: Any) -> Job:
    """Copies bytes and permissions of a file; awaits to the number of bytes. One job, in the kernel if it can.

    The target is overwritten. Raises ``shutil.SameFileError`` if both are one file, ``OSError`` (EINVAL) if the source
    is no plain file. Cancelling it stops the wait, not the work.

    >>> import mezame, os, tempfile
    >>> async def main(folder):
    ...     source, target = os.path.join(folder, "a"), os.path.join(folder, "b")
    ...     await mezame.fs.write(source, b"hello")
    ...     return await mezame.fs.copy(source, target), await mezame.fs.read(target)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(folder))
    (5, b'hello')

    Source of the semantics: ``tokio::fs::copy``.
    """
    return Job(_copy, path_of("copy", source), path_of("copy", target), changes=True)


def _read(path: Any) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _read_to_string(path: Any) -> str:
    return _read(path).decode()


def _write(path: Any, data: Any) -> None:
    view = memoryview(data)
    with open(path, "wb", buffering=0) as file:
        done = 0
        while done < len(view):
            done += os.write(file.fileno(), view[done : done + _CHUNK])


def _copy(source: Any, target: Any) -> int:
    found = os.stat(source)
    if not stat.S_ISREG(found.st_mode):  # a pipe, say: opening it might wait for ever
        raise OSError(errno.EINVAL, "only a plain file can be copied", source)
    if os.path.exists(target) and os.path.samestat(found, os.stat(target)):
        from shutil import SameFileError  # it brings the modules of all archive formats along

        raise SameFileError(f"{source!r} and {target!r} are the same file")
    with open(source, "rb", buffering=0) as reader:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        bits = stat.S_IMODE(found.st_mode)
        writer = os.open(target, flags, bits)
        try:
            if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(writer).st_mode):
                os.fchmod(writer, bits)
            return _copy_bytes(reader.fileno(), writer)
        finally:
            os.close(writer)


def _copy_bytes(reader: int, writer: int) -> int:
    count = _copy_in_kernel(reader, writer)
    while piece := os.read(reader, _CHUNK):  # all of it, or what has come since
        view = memoryview(piece)
        done = 0
        while done < len(view):
            done += os.write(writer, view[done:])
        count += done
    return count


def _copy_in_kernel(reader: int, writer: int) -> int:
    """As far as the system can do it; both positions are behind what was copied."""
    copy_range = getattr(os, "copy_file_range", None)
    count = 0
    while copy_range is not None:
        try:
            size = copy_range(reader, writer, 1 << 30)
        except OSError as error:
            if error.errno not in _NO_KERNEL_COPY:
                raise
            break
        if size == 0:
            break
        count += size
    return count
