"""Entries: what is done with a name in a folder: look at it, move it, link to it, remove it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .file import permission_bits
from .job import Job, path_of

if TYPE_CHECKING:
    from .path import Path


def metadata(path: Any) -> Job:
    """Awaits to the ``os.stat_result`` of what ``path`` leads to; links are followed.

    >>> import mezame, tempfile
    >>> async def main(folder):
    ...     await mezame.fs.write(folder + "/file", b"abc")
    ...     return (await mezame.fs.metadata(folder + "/file")).st_size
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(folder))
    3

    Source of the semantics: ``tokio::fs::metadata``.
    """
    return Job(os.stat, path_of("metadata", path))


def symlink_metadata(path: Any) -> Job:
    """Awaits to the ``os.stat_result`` of ``path`` itself, also if it is a symbolic link.

    Source of the semantics: ``tokio::fs::symlink_metadata``.
    """
    return Job(os.lstat, path_of("symlink_metadata", path))


def try_exists(path: Any) -> Job:
    """Awaits to True or False: ``path`` leads to something, or it is known not to.

    Raises ``OSError`` where neither is known (no permission, say).

    Source of the semantics: ``tokio::fs::try_exists``.
    """
    return Job(_exists, path_of("try_exists", path))


def _exists(path: Any) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def set_permissions(path: Any, mode: int) -> Job:
    """Sets the permission bits, such as 0o644, of what ``path`` leads to. Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::set_permissions``.
    """
    return Job(os.chmod, path_of("set_permissions", path), permission_bits(mode), changes=True)


def rename(source: Any, target: Any) -> Job:
    """Moves ``source`` to ``target`` within one file system; a file that is there is replaced.

    Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::rename``.
    """
    return Job(os.replace, path_of("rename", source), path_of("rename", target), changes=True)


def remove_file(path: Any) -> Job:
    """Removes a file or a symbolic link. Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::remove_file``.
    """
    return Job(os.unlink, path_of("remove_file", path), changes=True)


def hard_link(original: Any, link: Any) -> Job:
    """Makes ``link`` another name of the file ``original``. Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::hard_link``.
    """
    return Job(os.link, path_of("hard_link", original), path_of("hard_link", link), changes=True)


def symlink(original: Any, link: Any) -> Job:
    """Makes ``link`` a symbolic link that leads to ``original``, which need not exist.

    Cancelling it stops the wait, not the work.

    Source of the semantics: ``tokio::fs::symlink``.
    """
    return Job(os.symlink, path_of("symlink", original), path_of("symlink", link), changes=True)


def read_link(path: Any) -> Job:
    """Awaits to the ``Path`` that a symbolic link holds. Raises ``OSError`` (EINVAL) if it is none.

    Source of the semantics: ``tokio::fs::read_link``.
    """
    return Job(_read_link, path_of("read_link", path))


def canonicalize(path: Any) -> Job:
    """Awaits to the absolute ``Path`` without links and dots. Raises ``FileNotFoundError`` if there is nothing.

    Source of the semantics: ``tokio::fs::canonicalize``.
    """
    return Job(_canonicalize, path_of("canonicalize", path))


def _read_link(path: Any) -> Path:
    from .path import Path

    return Path(os.fsdecode(os.readlink(path)))


def _canonicalize(path: Any) -> Path:
    from .path import Path

    return Path(os.fsdecode(os.path.realpath(path, strict=True)))
