"""RESP2, the protocol of Redis: requests out of bytes, replies into bytes. No I/O: it can be tested without a socket.

A request is an array of byte strings, or a line of words ("inline", for people with telnet):

    *2\\r\\n$4\\r\\nECHO\\r\\n$2\\r\\nhi\\r\\n          =          ECHO hi\\r\\n

The peer decides where the bytes are cut and which lengths it names, so the parser

* keeps its place: bytes that came are looked at once, however small the pieces are;
* allocates nothing for a length that was only announced;
* refuses what is larger than its ``Limits``, before it has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Request = list[bytes]


class ProtocolError(Exception):
    """The client does not speak RESP, or asks for too much. There is no way to go on: where is the next request?"""


class CommandError(Exception):
    """A request failed; its text is the reply. The connection goes on."""


class Status(bytes):
    """A reply that is a plain word, such as ``+OK``."""


class Replies(list[Any]):
    """Several replies to one request, one after the other: ``SUBSCRIBE a b`` has two."""


OK = Status(b"OK")


@dataclass(frozen=True)
class Limits:
    """The most that one client may make the server keep before its request is whole."""

    line: int = 16 * 1024  # bytes of an inline request, or of a line that has a length
    arguments: int = 64 * 1024
    argument: int = 8 * 1024 * 1024  # bytes
    request: int = 32 * 1024 * 1024  # bytes of all arguments


class Parser:
    """Feed it what was read; it gives the requests that are whole, and keeps the rest for the next time.

    >>> parser = Parser()
    >>> list(parser.feed(b"*1\\r\\n$4\\r\\nPI")), list(parser.feed(b"NG\\r\\nECHO hi\\r\\n"))
    ([], [[b'PING'], [b'ECHO', b'hi']])
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._chunks: list[bytes] = []  # what was not looked at; joined only when there is enough to go on
        self._have = 0  # bytes in them
        self._needed = 0  # with fewer there is nothing to do: a large argument is joined once, not once a chunk
        self._arguments: Request = []  # of the array that we are in
        self._missing = 0  # arguments that it still lacks; 0: not in an array
        self._size = -1  # of the argument whose bytes come next; -1: its length comes next
        self._total = 0  # bytes of the array's arguments

    def feed(self, data: bytes) -> Iterator[Request]:
        """Yields the requests that ``data`` completes. Raises ``ProtocolError`` after those that were in order."""
        self._chunks.append(data)
        self._have += len(data)
        if self._have < self._needed:
            return
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        limits, at, end = self._limits, 0, len(data)
        self._needed = 0
        while at < end:
            if self._size >= 0:  # the bytes of an argument, and \r\n
                after = at + self._size
                if after + 2 > end:
                    self._needed = after + 2 - at
                    break
                if data[after : after + 2] != b"\r\n":
                    raise ProtocolError("expected '\\r\\n' after the argument")
                self._arguments.append(data[at:after])
                at = after + 2
                self._size = -1
                self._missing -= 1
                if self._missing == 0:
                    request, self._arguments, self._total = self._arguments, [], 0
                    yield request
                continue
            line_end = data.find(b"\n", at, at + limits.line)
            if line_end < 0:
                if end - at >= limits.line:
                    raise ProtocolError("too big inline request" if self._missing == 0 else "too big length")
                break
            line = data[at : line_end - (data[line_end - 1 : line_end] == b"\r")]
            at = line_end + 1
            if self._missing > 0:
                self._size = self._length_of(line)
            elif line[:1] == b"*":
                self._missing = _number(line, "multibulk", limits.arguments)
            else:
                words = line.split()
                if words:
                    yield words
        self._have = end - at
        self._chunks = [data[at:]] if at < end else []

    def _length_of(self, line: bytes) -> int:
        if line[:1] != b"$":
            raise ProtocolError(f"expected '$', got {chr(line[0]) if line else ' '!r}")
        size = _number(line, "bulk", self._limits.argument)
        self._total += size
        if size < 0 or self._total > self._limits.request:
            raise ProtocolError("invalid bulk length")
        return size


def _number(line: bytes, what: str, limit: int) -> int:
    digits = line[1:]
    # int() alone would take b" 1_000 " and "-" for numbers of their own kind; isdigit() is of ASCII for bytes.
    if not digits.removeprefix(b"-").isdigit() or len(digits) > 20 or int(digits) > limit:
        raise ProtocolError(f"invalid {what} length")
    return max(int(digits), 0) if what == "multibulk" else int(digits)


def encode(reply: Any, out: bytearray) -> None:
    """Appends ``reply`` to ``out``: bytes, int, None, a list of these, a ``Status``, an exception, or ``Replies``.

    >>> out = bytearray()
    >>> encode([b"hi", 7, None, OK, CommandError("ERR no")], out)
    >>> bytes(out)
    b'*5\\r\\n$2\\r\\nhi\\r\\n:7\\r\\n$-1\\r\\n+OK\\r\\n-ERR no\\r\\n'
    """
    if reply is None:
        out += b"$-1\r\n"
    elif type(reply) is bytes:
        out += b"$%d\r\n%b\r\n" % (len(reply), reply)
    elif type(reply) is Status:
        out += b"+%b\r\n" % reply
    elif type(reply) is int:
        out += b":%d\r\n" % reply
    elif type(reply) is Replies:
        for item in reply:
            encode(item, out)
    elif type(reply) is list:
        out += b"*%d\r\n" % len(reply)
        for item in reply:
            encode(item, out)
    elif isinstance(reply, Exception):
        # The text may quote the request: a line break in it would be the end of the reply, and another one's begin.
        text = str(reply).replace("\r", " ").replace("\n", " ")
        out += b"-%b\r\n" % text.encode("latin-1", "replace")
    else:
        raise TypeError(f"a reply cannot be a {type(reply).__name__}: {reply!r}")
