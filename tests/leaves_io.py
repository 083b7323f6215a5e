"""More of the leaves of ``leaves.py``: sockets, pipes, TLS, processes, signals, files."""

from __future__ import annotations

import io
import itertools
import os
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from leaves import LEAVES, NOOP, Leaf, Waiting, leaf
from polling import PATIENCE

import mezame
from mezame import into_future, poll_fn
from mezame.codec import FramedRead, LinesCodec, UdpFramed
from mezame.io import AsyncFd, Interest, ReadBuf, Unblock, duplex
from mezame.net import (
    TcpListener,
    TcpStream,
    TlsAcceptor,
    TlsConnector,
    UdpSocket,
    UnixDatagram,
    UnixListener,
    UnixStream,
)
from mezame.net.pipe import pipe
from mezame.process import PIPE, Command
from mezame.process.exit_watch import ThreadWatch
from mezame.signal import signal as listen

CERTS = Path(__file__).parent / "certs"


def fill(send: Callable[[bytes], Any]) -> None:
    """Sends until the buffers of a non-blocking ``send`` are full."""
    try:
        while True:
            send(bytes(1 << 16))
    except BlockingIOError:
        pass


def drain(receive: Callable[[int], bytes]) -> None:
    """Empties them again."""
    try:
        while receive(1 << 20):
            pass
    except BlockingIOError:
        pass


# --- sockets ----------------------------------------------------------------------------------------------------------


async def tcp_pair() -> tuple[TcpStream, TcpStream]:
    listener = await TcpListener.bind("127.0.0.1:0")
    near = await TcpStream.connect(listener.local_addr())
    far, _ = await listener.accept()
    listener.close()
    return near, far


async def unix_pair() -> tuple[UnixStream, UnixStream]:
    return UnixStream.pair()


PAIRS = {"tcp": tcp_pair, "unix": unix_pair}


def list_streams(kind: str, pair: Callable[[], Awaitable[Any]]) -> None:
    """The leaves of both kinds of stream."""

    def reads(name: str, read: Callable[[Any], Any]) -> None:
        async def make() -> Waiting:
            near, far = await pair()
            drain(near.try_read)  # a new socket may look ready, until the first attempt
            return read(near), lambda: far.try_write(b"12345") and near

        LEAVES[f"{kind}.{name}"] = Leaf(make, 1)

    def writes(name: str, write: Callable[[Any], Any]) -> None:
        async def make() -> Waiting:
            near, far = await pair()
            fill(near.try_write)
            return write(near), lambda: drain(far.try_read) or near

        LEAVES[f"{kind}.{name}"] = Leaf(make, 1)

    reads("read", lambda stream: stream.read())
    reads("read_into", lambda stream: stream.read_into(bytearray(9)))
    reads("read_exact", lambda stream: stream.read_exact(5))
    reads("peek", lambda stream: stream.peek())
    reads("readable", lambda stream: stream.readable())
    reads("ready", lambda stream: into_future(stream.ready(Interest.READABLE)))
    reads("poll_read", lambda stream: poll_fn(lambda cx: stream.poll_read(cx, ReadBuf(9))))
    reads("into_split().read", lambda stream: stream.into_split()[0].read())
    writes("write", lambda stream: stream.write(b"more"))
    writes("write_all", lambda stream: stream.write_all(b"more"))
    writes("write_vectored", lambda stream: stream.write_vectored([b"mo", b"re"]))
    writes("writable", lambda stream: stream.writable())
    writes("poll_write", lambda stream: poll_fn(lambda cx: stream.poll_write(cx, b"more")))


for _kind, _pair in PAIRS.items():
    list_streams(_kind, _pair)


@leaf("tcp.accept")
async def _tcp_accept() -> Waiting:
    listener = await TcpListener.bind("127.0.0.1:0")
    return listener.accept(), lambda: TcpStream.connect(listener.local_addr())


@leaf("tcp.poll_accept")
async def _tcp_poll_accept() -> Waiting:
    listener = await TcpListener.bind("127.0.0.1:0")
    return poll_fn(listener.poll_accept), lambda: TcpStream.connect(listener.local_addr())


FOLDER = tempfile.TemporaryDirectory()
_numbers = itertools.count()


def fresh_path() -> str:
    return os.path.join(FOLDER.name, str(next(_numbers)))


@leaf("unix.accept")
async def _unix_accept() -> Waiting:
    path = fresh_path()
    listener = UnixListener.bind(path)
    return into_future(listener.accept()), lambda: UnixStream.connect(path)


async def udp_pair() -> tuple[UdpSocket, UdpSocket]:
    near, far = await UdpSocket.bind("127.0.0.1:0"), await UdpSocket.bind("127.0.0.1:0")
    await near.connect(far.local_addr())
    await far.connect(near.local_addr())
    return near, far


@leaf("udp.recv")
async def _udp_recv() -> Waiting:
    near, far = await udp_pair()
    return into_future(near.recv()), lambda: far.try_send(b"x")


@leaf("udp.recv_from")
async def _udp_recv_from() -> Waiting:
    near, far = await udp_pair()
    return into_future(near.recv_from()), lambda: far.try_send(b"x")


@leaf("udp.poll_recv")
async def _udp_poll_recv() -> Waiting:
    near, far = await udp_pair()
    return poll_fn(lambda cx: near.poll_recv(cx, ReadBuf(9))), lambda: far.try_send(b"x")


@leaf("unix datagram.recv")
async def _unix_datagram_recv() -> Waiting:
    near, far = UnixDatagram.pair()
    return into_future(near.recv()), lambda: far.try_send(b"x")


@leaf("unix datagram.send")
async def _unix_datagram_send() -> Waiting:
    near, far = UnixDatagram.pair()
    try:
        while True:
            near.try_send(b"x")
    except BlockingIOError:
        pass
    return into_future(near.send(b"x")), lambda: drain(lambda size: far.try_recv())


@leaf("unix datagram.send_to", 2)
async def _unix_datagram_send_to() -> Waiting:
    path = fresh_path()
    near, far = UnixDatagram.unbound(), UnixDatagram.bind(path)
    try:
        while True:
            near.try_send_to(b"x", path)
    except BlockingIOError:
        pass

    def finish() -> None:
        drain(lambda size: far.try_recv())

    return into_future(near.send_to(b"x", path)), finish


@leaf("AsyncFd.readable")
async def _async_fd_readable() -> Waiting:
    reader, writer = socket.socketpair()
    fd = AsyncFd(reader, Interest.READABLE)
    return into_future(fd.readable()), lambda: writer.send(b"x") and fd


@leaf("AsyncFd.writable")
async def _async_fd_writable() -> Waiting:
    writer, reader = socket.socketpair()
    writer.setblocking(False)
    reader.setblocking(False)
    fill(writer.send)
    fd = AsyncFd(writer, Interest.WRITABLE)
    return into_future(fd.writable()), lambda: drain(reader.recv) or fd


@leaf("AsyncFd.ready, both ways")
async def _async_fd_both() -> Waiting:
    near, far = socket.socketpair()
    near.setblocking(False)
    fill(near.send)
    fd = AsyncFd(near)
    return into_future(fd.ready(Interest.READABLE | Interest.WRITABLE)), lambda: far.send(b"x") and fd


@leaf("pipe.read")
async def _pipe_read() -> Waiting:
    tx, rx = pipe()
    return into_future(rx.read()), lambda: tx.try_write(b"x")


@leaf("pipe.write")
async def _pipe_write() -> Waiting:
    tx, rx = pipe()
    fill(tx.try_write)
    return into_future(tx.write(b"x")), lambda: drain(rx.try_read)


@leaf("duplex.read")
async def _duplex_read() -> Waiting:
    near, far = duplex(4)
    return into_future(near.read()), lambda: far.write(b"x")


@leaf("duplex.write")
async def _duplex_write() -> Waiting:
    near, far = duplex(4)
    await near.write_all(b"full")
    return into_future(near.write(b"x")), lambda: far.read()


@leaf("io.copy", 2)
async def _copy() -> Waiting:
    near, far = duplex(4)
    copying = into_future(mezame.io.copy(near, mezame.io.sink()))
    return copying, far.shutdown


@leaf("io.copy_buf", 2)
async def _copy_buf() -> Waiting:
    near, far = duplex(4)
    return into_future(mezame.io.copy_buf(mezame.io.BufReader(near), mezame.io.sink())), far.shutdown


@leaf("FramedRead", 2)
async def _framed_read() -> Waiting:
    near, far = duplex(9)
    lines = FramedRead(near, LinesCodec())
    return lines.next(), lambda: far.write_all(b"x\n")


@leaf("UdpFramed", 2)
async def _udp_framed() -> Waiting:
    near, far = await udp_pair()
    return UdpFramed(near, LinesCodec()).next(), lambda: far.try_send(b"x\n")


@leaf("tls.read")
async def _tls_read() -> Waiting:
    near, far = duplex(100_000)
    client = TlsConnector(ssl.create_default_context(cafile=str(CERTS / "ca.pem")))
    ours, theirs = await mezame.join(
        client.connect("localhost", near), TlsAcceptor.from_files(str(CERTS / "server.pem")).accept(far)
    )
    reading = into_future(ours.read())
    reading.poll(NOOP)  # takes in the tickets of the session
    return reading, lambda: theirs.write_all(b"x")


# --- processes and signals ----------------------------------------------------------------------------------------


@leaf("Child.wait")
async def _child_wait() -> Waiting:
    child = Command("sh", "-c", "read line").stdin(PIPE).spawn()
    stdin, child.stdin = child.stdin, None  # else wait() closes it
    return child.wait(), stdin.close


@leaf("Child.wait, by a thread")
async def _child_wait_thread() -> Waiting:
    child = Command("sh", "-c", "read line").stdin(PIPE).spawn()
    return ThreadWatch(child._running).wait(), child.stdin.close


@leaf("Signal.recv")
async def _signal_recv() -> Waiting:
    listener = listen(signal.SIGUSR1)
    return listener.recv(), lambda: os.kill(os.getpid(), signal.SIGUSR1)


@leaf("Signal.poll_recv")
async def _signal_poll_recv() -> Waiting:
    listener = listen(signal.SIGUSR1)
    return poll_fn(listener.poll_recv), lambda: os.kill(os.getpid(), signal.SIGUSR1)


# --- files --------------------------------------------------------------------------------------------------------


@leaf("fs.read")
async def _fs_read() -> Waiting:
    path = fresh_path()
    os.mkfifo(path)

    def finish() -> None:
        with open(path, "wb") as fifo:
            fifo.write(b"x")

    return into_future(mezame.fs.read(path)), finish


@leaf("fs.File.read")
async def _file_read() -> Waiting:
    reader, writer = os.pipe()
    file = await mezame.fs.File.open(f"/dev/fd/{reader}")
    return into_future(file.read(1)), lambda: os.write(writer, b"x") and file


class HeldPath:
    """The path of a folder, whose name is known when ``known`` is set."""

    def __init__(self) -> None:
        self.known = threading.Event()

    def __fspath__(self) -> str:
        self.known.wait(PATIENCE)
        return FOLDER.name


@leaf("ReadDir.next_entry", 2)
async def _next_entry() -> Waiting:
    path = HeldPath()
    return mezame.fs.ReadDir(path).next_entry(), path.known.set


def list_file_writes(name: str, write: Callable[[Any], Any]) -> None:
    """A write that finds the queue of the file full, for the thread of the write before is stuck in a full pipe."""

    async def make() -> Waiting:
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        file = await mezame.fs.OpenOptions().write(True).open(f"/dev/fd/{writer}")
        file.set_max_buf_size(1 << 20)
        await file.write(bytes(1 << 20))
        return write(file), lambda: drain_until_written(reader) or file

    LEAVES[f"fs.File.{name}"] = Leaf(make, 1)


def drain_until_written(reader: int) -> None:
    """Makes room for the million bytes that a thread writes meanwhile."""
    left = 1 << 20
    while left:
        try:
            left -= len(os.read(reader, left))
        except BlockingIOError:
            continue


list_file_writes("write", lambda file: file.write(b"x"))
list_file_writes("write_all", lambda file: file.write_all(b"x"))
list_file_writes("poll_write", lambda file: poll_fn(lambda cx: file.poll_write(cx, b"x")))


class SlowFile(io.RawIOBase):
    """Its write blocks until ``go`` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.go.wait(PATIENCE)
        return len(data)


@leaf("Unblock.write")
async def _unblock_write() -> Waiting:
    slow = SlowFile()
    file = Unblock(slow)
    await file.write(b"x")
    return into_future(file.write(b"y")), lambda: slow.go.set() or file


@leaf("Unblock.read")
async def _unblock_read() -> Waiting:
    reader, writer = os.pipe()
    file = Unblock(os.fdopen(reader, "rb", buffering=0))
    return into_future(file.read(1)), lambda: os.write(writer, b"x")
