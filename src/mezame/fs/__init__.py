"""Files and folders, on the blocking pool.

Every function is one blocking job; nothing happens before it is awaited. Cancelling an await stops the wait, not the
work. ``File`` is in ``file.py``; how its operations are queued, in ``lane.py``.
"""

from .file import File
from .open_options import Opening, OpenOptions, open

__all__ = ["File", "OpenOptions", "Opening", "open"]
