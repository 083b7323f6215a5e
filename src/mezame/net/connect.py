"""Connecting: one address, or several by happy eyeballs (RFC 8305)."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from ..driver.io_op import ReadyOp
from ..driver.readiness import WRITE, Source
from ..future.select import select
from ..runtime.spawn import spawn
from ..time.sleep import sleep
from ..time.timeout import timeout as time_limit
from .addr import Resolved, resolve
from .register import register

ATTEMPT_DELAY = 0.25  # RFC 8305, 5: the recommended pause before the next address is tried beside the last


async def connect_tcp(address: Any, limit: float | None) -> Any:
    """``TcpStream.connect``."""
    if limit is not None:
        return await time_limit(limit, connect_tcp(address, None))
    targets = interleave(await resolve(address))
    if len(targets) == 1:
        return await _connect_one(targets[0])
    return await _race(targets)


def interleave(targets: list[Resolved]) -> list[Resolved]:
    """IPv6 and IPv4 in turn, beginning with the family of the first, each family in its own order."""
    if not targets:
        return []
    first = [one for one in targets if one[0] == targets[0][0]]
    others = [one for one in targets if one[0] != targets[0][0]]
    mixed: list[Resolved] = []
    while first or others:
        if first:
            mixed.append(first.pop(0))
        if others:
            mixed.append(others.pop(0))
    return mixed


async def _connect_one(target: Resolved) -> Any:
    family, sockaddr = target
    sock = socket.socket(family, socket.SOCK_STREAM)
    return await connect_socket(sock, sockaddr)


async def connect_socket(sock: socket.socket, sockaddr: tuple[Any, ...]) -> Any:
    """Connects ``sock``, which is closed if that fails or is cancelled."""
    from .tcp import TcpStream

    source: Source | None = None
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = sock.connect_ex(sockaddr)
        if number not in (0, errno.EINPROGRESS, errno.EAGAIN, errno.EINTR):
            raise _failure(number, sockaddr)
        source = register(sock, optimistic=number == 0)
        if number != 0:
            await ReadyOp(source, WRITE)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise _failure(number, sockaddr)
        return TcpStream(sock, source)
    except BaseException:
        if source is not None:
            source.close()
        else:
            sock.close()
        raise


def _failure(number: int, sockaddr: tuple[Any, ...]) -> OSError:
    return OSError(number, f"cannot connect to {sockaddr!r}: {os.strerror(number)}")


async def _race(targets: list[Resolved]) -> Any:
    """Attempts side by side, one more every ATTEMPT_DELAY or when one failed; the first stream wins."""
    running: list[Any] = []
    waiting = list(targets)
    last: OSError | None = None
    try:
        while waiting or running:
            if waiting:
                target = waiting.pop(0)
                running.append(spawn(_connect_one(target), name=f"connect {target[1]!r}"))
            delay = sleep(ATTEMPT_DELAY) if waiting else None
            done = await _first(running, delay)
            if done is None:
                continue
            running.remove(done)
            try:
                return await done
            except OSError as error:
                last = error
    finally:
        for task in running:
            task.abort()
        for task in running:
            await _dispose(task)
    raise last if last is not None else OSError(errno.EINVAL, "no address to connect to")


async def _first(running: list[Any], delay: Any) -> Any:
    """The task that is done first, or None when the delay is over."""
    branches: dict[str, Any] = {str(index): _finished(task) for index, task in enumerate(running)}
    if delay is not None:
        branches["delay"] = delay
    key, _ = await select(**branches)
    return None if key == "delay" else running[int(key)]


async def _finished(task: Any) -> None:
    try:
        await task
    except Exception:
        pass


async def _dispose(task: Any) -> None:
    """Waits for an aborted attempt; a connection that it made in the last moment is closed."""
    try:
        stream = await task
    except Exception:
        return
    stream.close()


