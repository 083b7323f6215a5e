"""Child processes. Unix.

>>> import mezame
>>> from mezame.process import Command
>>> async def main():
...     output = await Command("echo", "hello").output()
...     return output.status.success, output.stdout
>>> mezame.run(main())
(True, b'hello\\n')
"""

from .child import Child
from .child_io import ChildStderr, ChildStdin, ChildStdout
from .command import Command
from .exit_status import ExitStatus, Output
from .stdio import DEVNULL, INHERIT, PIPE, STDOUT, Stdio

__all__ = [
    "DEVNULL",
    "INHERIT",
    "PIPE",
    "STDOUT",
    "Child",
    "ChildStderr",
    "ChildStdin",
    "ChildStdout",
    "Command",
    "ExitStatus",
    "Output",
    "Stdio",
]
