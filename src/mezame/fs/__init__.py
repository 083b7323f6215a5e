"""Files and folders, on the blocking pool.

Every function is one blocking job; nothing happens before it is awaited. Cancelling an await stops the wait, not the
work: what changes something is done once it was begun, also if the runtime is closed. ``File`` is in ``file.py``; how
its operations are queued, in ``lane.py``; all else stands on ``job.py``.
"""

from .entry import (
    canonicalize,
    hard_link,
    metadata,
    read_link,
    remove_file,
    rename,
    set_permissions,
    symlink,
    symlink_metadata,
    try_exists,
)
from .file import File
from .folder import DirBuilder, create_dir, create_dir_all, remove_dir, remove_dir_all
from .open_options import Opening, OpenOptions, open
from .path import Path
from .read_dir import DirEntry, FileType, ReadDir, read_dir
from .whole import copy, read, read_to_string, write

__all__ = [
    "DirBuilder",
    "DirEntry",
    "File",
    "FileType",
    "OpenOptions",
    "Opening",
    "Path",
    "ReadDir",
    "canonicalize",
    "copy",
    "create_dir",
    "create_dir_all",
    "hard_link",
    "metadata",
    "open",
    "read",
    "read_dir",
    "read_link",
    "read_to_string",
    "remove_dir",
    "remove_dir_all",
    "remove_file",
    "rename",
    "set_permissions",
    "symlink",
    "symlink_metadata",
    "try_exists",
    "write",
]
