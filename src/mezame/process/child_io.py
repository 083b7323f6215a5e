"""ChildStdin, ChildStdout, ChildStderr: our ends of the pipes to a child process."""

from __future__ import annotations

from ..net.pipe.receiver import Receiver
from ..net.pipe.sender import Sender


class ChildStdin(Sender):
    """Writes to a child's standard input; ``Child.stdin``, if that is piped.

    Closing it, by ``close``, ``shutdown`` or dropping it, is the end of the child's input. A write raises
    ``BrokenPipeError`` when the child has closed its end, or is gone.

    Source of the semantics: ``tokio::process::ChildStdin``.
    """

    __slots__ = ()


class ChildStdout(Receiver):
    """Reads a child's standard output; ``Child.stdout``, if that is piped.

    Give it to ``Command.stdin`` of another child to connect the two.

    Source of the semantics: ``tokio::process::ChildStdout``.
    """

    __slots__ = ()


class ChildStderr(Receiver):
    """Reads a child's standard error; ``Child.stderr``, if that is piped.

    Source of the semantics: ``tokio::process::ChildStderr``.
    """

    __slots__ = ()
