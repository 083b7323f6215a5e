"""Stdio: what a child process has as its standard input, output or error."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from ..net.pipe.descriptor import number_of
from ..net.pipe.end import End

_INHERIT = "inherit"
_PIPED = "piped"
_NULL = "null"
_STDOUT = "stdout"
_GIVEN = "given"


class Stdio:
    """One of the three standard streams of a child, as it shall be. Immutable.

    Where one is wanted, these do too: ``subprocess.PIPE``, ``DEVNULL`` and ``STDOUT``, None (inherit), a file
    descriptor, an object with ``fileno()``, and the end of a pipe, such as ``child.stdout`` of another child.

    Source of the semantics: ``std::process::Stdio``.
    """

    __slots__ = ("_given", "_kind")

    def __init__(self, given: Any) -> None:
        self._given: Any = None
        self._kind: str
        if isinstance(given, Stdio):
            self._kind, self._given = given._kind, given._given
        elif given is None:
            self._kind = _INHERIT
        elif given == subprocess.PIPE and isinstance(given, int):
            self._kind = _PIPED
        elif given == subprocess.DEVNULL and isinstance(given, int):
            self._kind = _NULL
        elif given == subprocess.STDOUT and isinstance(given, int):
            self._kind = _STDOUT
        else:
            self._kind = _GIVEN
            self._given = given
            if not isinstance(given, End):
                number_of(given, "Stdio")

    @staticmethod
    def piped() -> Stdio:
        """A new pipe, whose other end is an attribute of the ``Child``."""
        return PIPE

    @staticmethod
    def inherit() -> Stdio:
        """What this process has."""
        return INHERIT

    @staticmethod
    def null() -> Stdio:
        """Nothing: input is at its end, output vanishes."""
        return DEVNULL

    @property
    def is_piped(self) -> bool:
        """True for ``Stdio.piped()``."""
        return self._kind == _PIPED

    @property
    def is_stdout(self) -> bool:
        """True for "where standard output goes", which only standard error can be."""
        return self._kind == _STDOUT

    def for_popen(self) -> tuple[Any, int | None]:
        """What ``subprocess.Popen`` wants to have, unless it is piped; and a descriptor to close afterwards, or None.

        An end of a pipe is taken over: it is closed for further use, and its descriptor blocks again.
        """
        if self._kind == _GIVEN:
            if isinstance(self._given, End):
                number = self._given.into_fd()
                return number, number
            return number_of(self._given, "Stdio"), None
        return {_INHERIT: None, _NULL: subprocess.DEVNULL, _STDOUT: subprocess.STDOUT}[self._kind], None

    def __repr__(self) -> str:
        if self._kind == _GIVEN:
            return f"Stdio({self._given!r})"
        return "STDOUT" if self._kind == _STDOUT else f"Stdio.{self._kind}()"


PIPE = Stdio(subprocess.PIPE)
DEVNULL = Stdio(subprocess.DEVNULL)
INHERIT = Stdio(None)
STDOUT = Stdio(subprocess.STDOUT)


def close_all(numbers: list[int]) -> None:
    """Closes descriptors."""
    for number in numbers:
        os.close(number)
