"""Folders: made and removed; each call is one job, however many folders it goes through."""

from __future__ import annotations

import os
from typing import Any

from .file import permission_bits
from .job import Job, path_of

_ALL = 0o777


class DirBuilder:
    """How a folder is made. Each method sets one option and returns this object.

    >>> import mezame, os, tempfile
    >>> async def main(root):
    ...     await mezame.fs.DirBuilder().recursive(True).mode(0o700).create(os.path.join(root, "a", "b"))
    ...     return sorted(os.listdir(root)), os.listdir(os.path.join(root, "a"))
    >>> with tempfile.TemporaryDirectory() as root:
    ...     mezame.run(main(root))
    (['a'], ['b'])

    Source of the semantics: ``tokio::fs::DirBuilder``.
    """

    __slots__ = ("_mode", "_recursive")

    def __init__(self) -> None:
        self._recursive = False
        self._mode = _ALL

    def recursive(self, on: bool = True) -> DirBuilder:
        """Parents are made too, and it is no error if the folder exists. At first False."""
        if not isinstance(on, bool):
            raise TypeError(f"recursive is True or False, not {on!r}")
        self._recursive = on
        return self

    def mode(self, bits: int) -> DirBuilder:
        """The permission bits of what is made (0o777 at first), less the process's umask."""
        self._mode = permission_bits(bits)
        return self

    def create(self, path: Any) -> Job:
        """Makes the folder. Cancelling it stops the wait, not the work."""
        make = _make_all if self._recursive else os.mkdir
        return Job(make, path_of("create", path), self._mode, changes=True)

    def __repr__(self) -> str:
        return f"<DirBuilder recursive={self._recursive} mode={oct(self._mode)}>"


def create_dir(path: Any, *, parents: bool = False, mode: int = _ALL) -> Job:
    """Makes a folder. Raises ``FileExistsError`` if something is there. Cancelling it stops the wait, not the work.

    Args:
        parents: its parents are made too, and it is no error if the folder exists.
        mode: permission bits of what is made, less the process's umask.

    Source of the semantics: ``tokio::fs::create_dir``.
    """
    return DirBuilder().recursive(parents).mode(mode).create(path)


def create_dir_all(path: Any) -> Job:
    """Makes a folder and its parents; it is no error if it exists. Raises ``FileExistsError`` if that is no folder.

    Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::create_dir_all``.
    """
    return create_dir(path, parents=True)


def _make_all(path: Any, mode: int) -> None:
    try:
        os.mkdir(path, mode)
        return
    except FileNotFoundError:
        parent = os.path.dirname(path)
        if not parent or parent == path:
            raise
    except OSError:
        if os.path.isdir(path):  # another one may have made it meanwhile
            return
        raise
    _make_all(parent, mode)
    try:
        os.mkdir(path, mode)
    except OSError:
        if not os.path.isdir(path):
            raise


def remove_dir(path: Any) -> Job:
    """Removes an empty folder. Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::remove_dir``.
    """
    return Job(os.rmdir, path_of("remove_dir", path), changes=True)


def remove_dir_all(path: Any) -> Job:
    """Removes a folder with all that is in it; of a symbolic link, the link. One job.

    Raises ``NotADirectoryError`` for a file. Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::remove_dir_all``.
    """
    return Job(_remove_all, path_of("remove_dir_all", path), changes=True)


def _remove_all(path: Any) -> None:
    import shutil  # it brings the modules of all archive formats along

    if os.path.islink(path):
        os.unlink(path)
    else:
        shutil.rmtree(path)
