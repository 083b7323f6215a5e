"""Path: a ``pathlib`` path whose methods that go to the file system are awaited."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import entry, folder, whole
from .job import Job, path_of
from .open_options import Opening
from .open_options import open as open_file
from .read_dir import ReadDir, read_dir

if sys.platform == "win32":
    from pathlib import PureWindowsPath as _Pure
else:
    from pathlib import PurePosixPath as _Pure


class Path(_Pure):
    """A path, as ``pathlib.Path`` is one: ``/``, ``parent``, ``name`` and the like are the same; the rest is awaited.

    Each method is the function of ``mezame.fs`` that does it, with the promises of that.

    >>> import mezame, tempfile
    >>> from mezame.fs import Path
    >>> async def main(folder):
    ...     file = Path(folder) / "greeting.txt"
    ...     await file.write_text("hello")
    ...     return await file.exists(), await file.read_text(), file.suffix
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mezame.run(main(folder))
    (True, 'hello', '.txt')

    Source of the semantics: ``async_std::path::Path``, ``pathlib.Path``.
    """

    __slots__ = ()

    # --- looking ----------------------------------------------------------------------------------------------

    def exists(self) -> Job:
        """Awaits to True if it leads to something that can be seen."""
        return Job(os.path.exists, str(self))

    def is_file(self) -> Job:
        """Awaits to True if it leads to a plain file."""
        return Job(os.path.isfile, str(self))

    def is_dir(self) -> Job:
        """Awaits to True if it leads to a folder."""
        return Job(os.path.isdir, str(self))

    def is_symlink(self) -> Job:
        """Awaits to True if it is a symbolic link."""
        return Job(os.path.islink, str(self))

    def try_exists(self) -> Job:
        """``mezame.fs.try_exists``."""
        return entry.try_exists(self)

    def metadata(self) -> Job:
        """``mezame.fs.metadata``."""
        return entry.metadata(self)

    def symlink_metadata(self) -> Job:
        """``mezame.fs.symlink_metadata``."""
        return entry.symlink_metadata(self)

    def canonicalize(self) -> Job:
        """``mezame.fs.canonicalize``."""
        return entry.canonicalize(self)

    def read_link(self) -> Job:
        """``mezame.fs.read_link``."""
        return entry.read_link(self)

    def read_dir(self) -> ReadDir:
        """``mezame.fs.read_dir``."""
        return read_dir(self)

    async def iterdir(self) -> Any:
        """``async for path in folder.iterdir():`` over the paths of what is in it."""
        async with read_dir(self) as entries:
            async for one in entries:
                yield type(self)(one)

    # --- files ------------------------------------------------------------------------------------------------

    def open(self, mode: str | None = None, **options: Any) -> Opening:
        """``mezame.fs.open``."""
        return open_file(self, mode, **options)

    def read_bytes(self) -> Job:
        """``mezame.fs.read``."""
        return whole.read(self)

    def read_text(self) -> Job:
        """``mezame.fs.read_to_string``."""
        return whole.read_to_string(self)

    def write_bytes(self, data: Any) -> Job:
        """``mezame.fs.write``."""
        return whole.write(self, data)

    def write_text(self, text: str) -> Job:
        """``mezame.fs.write``, as UTF-8."""
        if not isinstance(text, str):
            raise TypeError(f"write_text needs a str, not {text!r}; see write_bytes")
        return whole.write(self, text)

    def touch(self, mode: int = 0o666, *, exist_ok: bool = True) -> Job:
        """Makes the file if it does not exist; sets its time to now if it does, or raises ``FileExistsError``."""
        return Job(_touch, str(self), mode, exist_ok, changes=True)

    def copy(self, target: Any) -> Job:
        """``mezame.fs.copy``."""
        return whole.copy(self, target)

    # --- entries ------------------------------------------------------------------------------------------------

    def mkdir(self, mode: int = 0o777, *, parents: bool = False) -> Job:
        """``mezame.fs.create_dir``."""
        return folder.create_dir(self, parents=parents, mode=mode)

    def rmdir(self) -> Job:
        """``mezame.fs.remove_dir``."""
        return folder.remove_dir(self)

    def unlink(self) -> Job:
        """``mezame.fs.remove_file``."""
        return entry.remove_file(self)

    def rename(self, target: Any) -> Job:
        """``mezame.fs.rename``; awaits to the new path."""
        return Job(_rename, self, path_of("rename", target), changes=True)

    def chmod(self, mode: int) -> Job:
        """``mezame.fs.set_permissions``."""
        return entry.set_permissions(self, mode)

    def symlink_to(self, original: Any) -> Job:
        """``mezame.fs.symlink`` with this path as the link."""
        return entry.symlink(original, self)

    def hardlink_to(self, original: Any) -> Job:
        """``mezame.fs.hard_link`` with this path as the link."""
        return entry.hard_link(original, self)

    # The names that pathlib has for some of them.
    stat = metadata
    lstat = symlink_metadata
    resolve = canonicalize
    readlink = read_link
    replace = rename


def _touch(path: str, mode: int, exist_ok: bool) -> None:
    if exist_ok:
        try:
            os.utime(path)
            return
        except FileNotFoundError:
            pass
    flags = os.O_CREAT | os.O_WRONLY | (0 if exist_ok else os.O_EXCL)
    os.close(os.open(path, flags, mode))


def _rename(path: Path, target: Any) -> Path:
    os.replace(path, target)
    return type(path)(os.fsdecode(target))
