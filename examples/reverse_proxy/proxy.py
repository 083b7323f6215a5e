"""The proxy: takes connections, joins each to an upstream, and ends when it is told to.

    accept loop     takes a slot first, then a connection: who is one too many waits in the kernel's queue
    connection      one task: TLS handshake, connect to an upstream, copy both ways

Each wait has a limit: the handshake, the connect, a connection on which nothing moves, and the end of it all. For the
end there are two tokens. ``stopping`` says: take no more connections, let those that are there finish. ``cut`` says,
``patience`` seconds later: enough.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import mezame
from mezame.io import copy_bidirectional
from mezame.net import TcpListener, TcpStream, TlsAcceptor
from mezame.sync import CancellationToken, Semaphore, SemaphorePermit
from mezame.task import TaskTracker

from .metrics import Link, Metrics
from .upstreams import NoUpstream, Upstreams
from .watched import Watched

log = logging.getLogger("reverse_proxy")


@dataclass(frozen=True)
class Limits:
    """In seconds, but for the first two."""

    connections: int = 1000
    buffer: int = 16 * 1024  # bytes, of each of the two directions of a connection
    handshake: float = 5.0
    idle: float = 60.0
    patience: float = 10.0


class Proxy:
    """A reverse proxy; ``run`` it once.

    Args:
        upstreams: where connections go.
        limits: see ``Limits``.
        tls: clients speak TLS, the upstreams do not. None: bytes are passed on as they are.
    """

    def __init__(self, upstreams: Upstreams, limits: Limits | None = None, tls: TlsAcceptor | None = None) -> None:
        self.upstreams = upstreams
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self._tls = tls
        self._slots = Semaphore(self.limits.connections)

    async def run(self, listener: TcpListener, stopping: CancellationToken) -> None:
        """Serves ``listener``, which it closes, until ``stopping`` is cancelled and all connections have ended."""
        connections = TaskTracker()  # counts them; an ended one leaves nothing behind
        cut = CancellationToken()
        # The guard cancels `cut` however the block is left: an error, or a cancellation, ends the connections too.
        with cut.drop_guard(), listener:
            while taken := await stopping.run_until_cancelled(self._take(listener)):
                stream, address, slot = taken
                connections.spawn(self._connection(stream, slot, cut), name=f"client {address}")
            listener.close()
            connections.close()
            try:
                await mezame.timeout(self.limits.patience, connections.wait())
            except TimeoutError:
                log.warning("%d connections are cut", len(connections))
        await connections.wait()

    async def _take(self, listener: TcpListener) -> tuple[TcpStream, Any, SemaphorePermit]:
        """The next connection, and a slot for it. Cancelled, it keeps neither."""
        slot = await self._slots.acquire()
        try:
            return *await listener.accept(), slot
        except BaseException:
            slot.release()
            raise

    async def _connection(self, stream: TcpStream, slot: SemaphorePermit, cut: CancellationToken) -> None:
        link = Link()
        self.metrics.open(link)
        outcome = "failed"  # of what nobody foresaw
        try:
            with slot, stream:
                outcome = await cut.run_until_cancelled(self._serve(stream, link)) or "cut"
        finally:
            self.metrics.close(link, outcome)

    async def _serve(self, stream: TcpStream, link: Link) -> str:
        """All of one connection; how it ended. What a client or an upstream does to us is no error of ours."""
        client: Any = stream
        if self._tls is not None:
            try:
                client = await self._tls.accept(stream, timeout=self.limits.handshake)
            except OSError as error:  # SSLError and TimeoutError are OSErrors too
                log.debug("%r", error)
                return "no_handshake"
        try:
            return await self._join(client, link)
        finally:
            client.close()  # a TLS client is told that this is the end, if that can be said without waiting

    async def _join(self, client: Any, link: Link) -> str:
        """Joins a client to an upstream; how that ended."""
        try:
            server = await self.upstreams.connect()
        except NoUpstream:
            return "no_upstream"
        with server:
            watched = Watched(client, lambda size: link.moved(size, 0), lambda size: link.moved(0, size))
            copying = copy_bidirectional(watched, server, self.limits.buffer, self.limits.buffer)
            try:
                which, _ = await mezame.select(copied=copying, idle=self._idle(link))
            except OSError as error:
                log.debug("%r", error)
                return "reset"
            return "done" if which == "copied" else "idle"

    async def _idle(self, link: Link) -> None:
        """Ends when nothing has moved for too long. One timer, however much moves: it looks again when it fires."""
        while (left := link.last_moved + self.limits.idle - mezame.time.now()) > 0:
            await mezame.sleep(left)

    def line(self) -> str:
        """The metrics, as one line."""
        return f"{self.metrics.line()} {self.upstreams.line()}"

    async def report(self, interval: float) -> None:
        """Logs the line every ``interval`` seconds, until it is cancelled."""
        ticks = mezame.time.interval(interval)
        await ticks.tick()  # the first comes at once
        while True:
            await ticks.tick()
            log.info("%s", self.line())
