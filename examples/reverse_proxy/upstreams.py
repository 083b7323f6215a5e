"""Upstreams: whom the proxy connects to, in turn, and which of them seem to be down.

The health is passive: nobody is asked, but who refuses ``FAILURES`` connections in a row gets none for ``pause``
seconds. After that the next client is the probe: if that connects, all is well again, if not, the pause begins anew.

    UP --FAILURES failures in a row--> DOWN until t --t has come--> PROBE --success--> UP
                                            ^                         |
                                            +-------- failure --------+
"""

from __future__ import annotations

import logging
import threading

import mezame
from mezame.net import TcpStream

log = logging.getLogger("reverse_proxy")

FAILURES = 3


class NoUpstream(OSError):
    """None of the upstreams took the connection."""


class Upstream:
    """One of them. Guarded by the lock of its ``Upstreams``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.failures = 0  # in a row
        self.down_until = 0.0
        self.connections = 0  # that it took, in all

    def is_down(self, now: float) -> bool:
        return now < self.down_until


class Upstreams:
    """All of them.

    Args:
        addresses: "host:port" each.
        connect_timeout: seconds for one attempt.
        pause: seconds without a connection for one that is down.
    """

    def __init__(self, addresses: list[str], *, connect_timeout: float = 2.0, pause: float = 10.0) -> None:
        if not addresses:
            raise ValueError("a reverse proxy needs at least one upstream")
        self._all = [Upstream(address) for address in addresses]
        self._lock = threading.Lock()
        self._turn = 0
        self._connect_timeout = connect_timeout
        self._pause = pause

    def candidates(self) -> list[Upstream]:
        """In which order to try them for one client: those that are up, from the next in turn; then the others.

        The others too: a client had better wait for a timeout than be refused because of what happened to another.
        """
        with self._lock:
            start, self._turn = self._turn, (self._turn + 1) % len(self._all)
            now = mezame.time.now()
            in_turn = self._all[start:] + self._all[:start]
            return sorted(in_turn, key=lambda upstream: upstream.down_until if upstream.is_down(now) else 0.0)

    async def connect(self) -> TcpStream:
        """A connection to the first that takes it. Raises ``NoUpstream``.

        Trying another one is harmless here, and would not be later: nothing was sent yet.
        """
        for upstream in self.candidates():
            try:
                stream: TcpStream = await TcpStream.connect(upstream.address, timeout=self._connect_timeout)
            except OSError as error:  # refused, unreachable, no such name; Elapsed is a TimeoutError, an OSError too
                self.failed(upstream, error)
                continue
            self.succeeded(upstream)
            return stream
        raise NoUpstream("no upstream took the connection")

    def failed(self, upstream: Upstream, error: OSError) -> None:
        """An attempt failed."""
        with self._lock:
            upstream.failures += 1
            now = mezame.time.now()
            goes_down = upstream.failures >= FAILURES and not upstream.is_down(now)
            if goes_down:
                upstream.down_until = now + self._pause
        if goes_down:
            log.warning("upstream %s is down: %s", upstream.address, error)

    def succeeded(self, upstream: Upstream) -> None:
        """It took a connection."""
        with self._lock:
            upstream.connections += 1
            was_down = upstream.failures >= FAILURES
            upstream.failures = 0
            upstream.down_until = 0.0
        if was_down:
            log.warning("upstream %s is up again", upstream.address)

    def line(self) -> str:
        """``127.0.0.1:9001=up/12 127.0.0.1:9002=down/3``: the state, and the connections it took."""
        with self._lock:
            now = mezame.time.now()
            return " ".join(
                f"{one.address}={'down' if one.is_down(now) else 'up'}/{one.connections}" for one in self._all
            )
