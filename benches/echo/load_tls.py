"""The load generator of the TLS echo: what ``load.c`` does, over TLS.

    python -m benches.echo.load_tls PORT CONNECTIONS SIZE WARMUP_SECONDS SECONDS SERVER_PID CERTIFICATE

A closed loop over many connections, one thread, one epoll, and Python's ``ssl`` on plain sockets. It costs about as
much per request as the servers do, so that only the server's own CPU time says what a server costs; it is the same for
all of them. Prints the JSON object that ``load.c`` prints.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import ssl
import sys
import time

from benches.echo.certificate import client_context
from benches.echo.serve import PR_SET_PDEATHSIG

now = time.perf_counter_ns
WANTS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Connection:
    """One connection; it sends its message, waits for all of it, and sends again."""

    def __init__(self, context: ssl.SSLContext, port: int, message: bytes) -> None:
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = context.wrap_socket(plain, server_hostname="localhost")
        self.tls.setblocking(False)
        self.message = message
        self.inbox = bytearray(len(message))
        self.view = memoryview(self.inbox)
        self.times: list[int] = []
        self.sent = self.received = self.began = 0

    def begin(self) -> None:
        """The next message."""
        self.sent = self.received = 0
        self.began = now()
        self.push()

    def push(self) -> None:
        """Sends what is left of the message, as far as the socket takes it."""
        try:
            self.sent += self.tls.send(self.message[self.sent :] if self.sent else self.message)
        except WANTS:
            pass

    def drive(self) -> None:
        """One readiness event: reads until there is no more, for TLS may hold bytes that the socket no longer has."""
        if self.sent < len(self.message):
            self.push()
        try:
            while self.received < len(self.message):
                count = self.tls.recv_into(self.view[self.received :])
                if count == 0:
                    raise RuntimeError("the server closed a connection")
                self.received += count
        except WANTS:
            return
        self.times.append(now() - self.began)
        if self.inbox != self.message:
            raise RuntimeError("the echo differs from the message")
        self.begin()


def process_clock(pid: int) -> int:
    """The id of a process's CPU clock, for ``time.clock_gettime_ns``."""
    clock = ctypes.c_int()
    error = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise OSError(error, os.strerror(error))
    return clock.value


def load(
    port: int, count: int, size: int, warm_up: float, seconds: float, pid: int, certificate: str
) -> dict[str, float]:
    """Opens the connections and runs the loop: first the warm-up, then the part that counts."""
    context, message = client_context(certificate), os.urandom(size)
    poller, connections = select.epoll(), {}
    for _ in range(count):
        one = Connection(context, port, message)
        connections[one.tls.fileno()] = one
        poller.register(one.tls, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    for one in connections.values():
        one.begin()

    def run_until(until: int) -> int:
        while (at := now()) < until:
            for number, _ in poller.poll((until - at) / 1e9, 1024):
                connections[number].drive()
        return at

    run_until(now() + int(warm_up * 1e9))
    for one in connections.values():
        one.times.clear()
    clock = process_clock(pid)
    server, own, began = time.clock_gettime_ns(clock), time.process_time_ns(), now()
    ended = run_until(began + int(seconds * 1e9))
    own, server = time.process_time_ns() - own, time.clock_gettime_ns(clock) - server
    times = sorted(took for one in connections.values() for took in one.times)
    if not times:
        raise RuntimeError("no request was answered")
    return {
        "requests": len(times),
        "seconds": (ended - began) / 1e9,
        "p50_ns": times[len(times) // 2],
        "p99_ns": times[len(times) * 99 // 100],
        "max_ns": times[-1],
        "server_cpu_ns": server,
        "load_cpu_ns": own,
    }


def main() -> None:
    """Runs what the arguments name. Dies with its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    port, count, size, warm_up, seconds, pid, certificate = sys.argv[1:]
    numbers = load(int(port), int(count), int(size), float(warm_up), float(seconds), int(pid), certificate)
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
