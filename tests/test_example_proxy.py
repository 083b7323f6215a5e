"""examples/reverse_proxy: real servers in threads behind it, real clients before it, on both kinds of runtime."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import random
import re
import select
import signal
import socket
import socketserver
import ssl
import sys
import threading
import urllib.request

import pytest
from example_server import FLAVOURS, LIMIT, ROOT, ServerProcess, serving

import mezame
from mezame.net import UnixListener, UnixStream
from mezame.sync import CancellationToken

sys.path.insert(0, str(ROOT))
from examples.reverse_proxy.proxy import Limits, Proxy
from examples.reverse_proxy.upstreams import FAILURES, NoUpstream, Upstreams

# --- the servers behind the proxy -------------------------------------------------------------------------------------


class Backend(socketserver.ThreadingTCPServer):
    """Says its name, and then says everything again; at the end of the stream it ends too."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: bytes = b"a", handle=None) -> None:
        self.name = name
        super().__init__(("127.0.0.1", 0), None)
        self.handle_one = handle or self.echo
        self.address = f"127.0.0.1:{self.server_address[1]}"

    def finish_request(self, request, client_address) -> None:
        with contextlib.suppress(OSError):  # what a test does to a connection is the test's business
            self.handle_one(request)

    def echo(self, sock: socket.socket) -> None:
        sock.sendall(self.name)
        while data := sock.recv(65536):
            sock.sendall(data)

    def __enter__(self) -> Backend:
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


def read_all(sock: socket.socket) -> bytes:
    parts = []
    while data := sock.recv(65536):
        parts.append(data)
    return b"".join(parts)


def unused_address() -> str:
    """An address that refuses connections; nobody else gets it while the test runs, because we hold it."""
    sock = socket.socket()
    _held.append(sock)
    sock.bind(("127.0.0.1", 0))
    return f"127.0.0.1:{sock.getsockname()[1]}"


_held: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _release_held():
    yield
    for sock in _held:
        sock.close()
    _held.clear()


def proxying(flavour: str, *addresses: str, **options: object) -> contextlib.AbstractContextManager[ServerProcess]:
    arguments = [f"--upstream={address}" for address in addresses]
    arguments += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return serving("reverse_proxy", *arguments, *FLAVOURS[flavour])


@pytest.fixture(params=FLAVOURS)
def flavour(request):
    return request.param


def end(server: ServerProcess) -> dict[str, str]:
    """Ends the proxy; its last metrics."""
    server.signal()
    last = server.wait().splitlines()[-1]
    assert last.startswith("stopped: "), last
    return dict(word.split("=") for word in last.removeprefix("stopped: ").split())


# --- what goes through ------------------------------------------------------------------------------------------------


def test_bytes_go_both_ways_and_the_end_of_each_direction_by_itself(flavour):
    def digest(sock: socket.socket) -> None:
        sock.sendall(hashlib.sha256(read_all(sock)).hexdigest().encode())  # after the client's half-close

    data = random.Random(1).randbytes(3_000_000)
    with Backend(handle=digest) as backend, proxying(flavour, backend.address) as server:
        with server.connect() as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock).decode() == hashlib.sha256(data).hexdigest()
        metrics = end(server)
        assert (metrics["up"], metrics["down"]) == ("3000000", "64")
        assert (metrics["active"], metrics["total"], metrics["done"]) == ("0", "1", "1")


def test_a_slow_reader_gets_everything(flavour):
    # More than all the kernel's buffers on the way: those at the ends are set, the proxy's grow up to 32 and 4 MiB.
    data = random.Random(2).randbytes(45_000_000)
    stuck = threading.Event()

    def send(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        sock.setblocking(False)
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[sock.send(rest) :]
            except BlockingIOError:
                if not select.select([], [sock], [], 0.2)[1]:
                    stuck.set()  # the proxy reads no more, because the client does not
                    select.select([], [sock], [], LIMIT)

    with Backend(handle=send) as backend, proxying(flavour, backend.address) as server:
        with server.connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            assert stuck.wait(LIMIT)
            assert read_all(sock) == data


def test_http_through_it(flavour):
    class Hello(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.path.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        try:
            with proxying(flavour, f"127.0.0.1:{web.server_address[1]}") as server:
                for n in range(5):
                    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/{n}", timeout=LIMIT) as answer:
                        assert answer.read() == f"/{n}".encode()
        finally:
            web.shutdown()
            thread.join()


def test_many_connections_at_once(flavour):
    with Backend(b"") as backend, proxying(flavour, backend.address) as server, contextlib.ExitStack() as stack:
        socks = [stack.enter_context(server.connect()) for _ in range(60)]
        for n, sock in enumerate(socks):
            sock.sendall(b"%d" % n)
            sock.shutdown(socket.SHUT_WR)
        assert [read_all(sock) for sock in socks] == [b"%d" % n for n in range(60)]


def test_a_reset_of_the_server_ends_the_client(flavour):
    def reset(sock: socket.socket) -> None:
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # so close sends RST
        sock.close()

    with Backend(handle=reset) as backend, proxying(flavour, backend.address) as server:
        with server.connect() as sock:
            sock.sendall(b"x")
            with contextlib.suppress(ConnectionResetError):
                assert read_all(sock) == b""
        assert end(server)["reset"] == "1"


# --- TLS --------------------------------------------------------------------------------------------------------------

CERTS = ROOT / "tests" / "certs"


def test_clients_speak_tls_and_the_server_does_not(flavour):
    context = ssl.create_default_context(cafile=CERTS / "ca.pem")
    data = random.Random(3).randbytes(300_000)
    with Backend(b"") as backend, proxying(flavour, backend.address, tls_cert=CERTS / "server.pem") as server:
        with context.wrap_socket(server.connect(), server_hostname="localhost") as sock:
            sock.sendall(b"hello")
            assert sock.recv(100) == b"hello"
            for start in range(0, len(data), 20_000):  # in turns: an SSLSocket is not for two threads at a time
                piece = data[start : start + 20_000]
                sock.sendall(piece)
                back = b""
                while len(back) < len(piece):
                    back += sock.recv(65536)
                assert back == piece
            sock.unwrap().close()  # the end is said, and answered
        with server.connect() as plain, contextlib.suppress(ConnectionResetError):
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            read_all(plain)
        metrics = end(server)
        assert (metrics["done"], metrics["no_handshake"]) == ("1", "1")
        assert metrics["up"] == metrics["down"] == "300005"


def test_the_end_of_the_server_is_an_end_and_no_cut_for_a_tls_client(flavour):
    context = ssl.create_default_context(cafile=CERTS / "ca.pem")
    with (
        Backend(handle=lambda sock: sock.sendall(b"all there is")) as backend,
        proxying(flavour, backend.address, tls_cert=CERTS / "server.pem") as server,
        context.wrap_socket(server.connect(), server_hostname="localhost", suppress_ragged_eofs=False) as sock,
    ):
        assert read_all(sock) == b"all there is"


# --- the upstreams ----------------------------------------------------------------------------------------------------


def test_servers_in_turn_and_one_that_is_down_is_left_out(flavour):
    dead = unused_address()
    with Backend(b"a") as a, Backend(b"b") as b, proxying(flavour, a.address, dead, b.address) as server:
        names = []
        for _ in range(30):
            with server.connect() as sock:
                names.append(sock.recv(1))
        # Whom the dead one would have had goes to the next; after FAILURES of them it is not asked any more.
        assert names.count(b"a") >= 8 and names.count(b"b") >= 8
        lines = []
        server.signal()
        lines = server.wait().splitlines()
        assert sum("is down" in line for line in lines) == 1, lines
        assert f"{dead}=down/0" in lines[-1]


def test_no_server_at_all(flavour):
    with proxying(flavour, unused_address(), unused_address()) as server:
        with server.connect() as sock:
            assert read_all(sock) == b""
        assert end(server)["no_upstream"] == "1"


@pytest.mark.mezame(start_paused=True)
async def test_the_states_of_an_upstream():
    upstreams = Upstreams(["a:1", "b:1"], pause=10)
    a, b = upstreams.candidates()
    assert [a.address, b.address] == ["a:1", "b:1"]
    assert upstreams.candidates() == [b, a]
    error = OSError("no")
    for _ in range(FAILURES - 1):
        upstreams.failed(a, error)
    assert upstreams.candidates() == [a, b]  # not yet
    upstreams.failed(a, error)
    assert [upstreams.candidates(), upstreams.candidates()] == [[b, a], [b, a]]  # the last resort
    assert upstreams.line() == "a:1=down/0 b:1=up/0"
    await mezame.sleep(10)
    assert upstreams.candidates() == [b, a]
    assert upstreams.candidates() == [a, b]  # the probe
    upstreams.failed(a, error)  # one is enough now
    assert [upstreams.candidates(), upstreams.candidates()] == [[b, a], [b, a]]
    await mezame.sleep(10)
    upstreams.succeeded(a)
    upstreams.failed(a, error)
    assert {one.address for one in (upstreams.candidates()[0], upstreams.candidates()[0])} == {"a:1", "b:1"}


@pytest.mark.mezame
async def test_connect_tells_that_nobody_is_there():
    with pytest.raises(NoUpstream):
        await Upstreams([unused_address()]).connect()
    with pytest.raises(ValueError, match="at least one"):
        Upstreams([])


# --- limits -----------------------------------------------------------------------------------------------------------


def test_one_connection_too_many_waits_for_its_turn(flavour):
    with Backend(b"a") as backend, proxying(flavour, backend.address, max_connections=1) as server:
        with server.connect() as first, server.connect() as second:
            second.sendall(b"me too")
            for _ in range(20):
                first.sendall(b"x")
                assert first.recv(1)
            assert select.select([second], [], [], 0)[0] == []  # connected, but nobody has taken it
            first.close()
            second.shutdown(socket.SHUT_WR)
            assert read_all(second) == b"ame too"


def test_a_connection_on_which_nothing_moves_is_ended(flavour):
    with Backend(b"a") as backend, proxying(flavour, backend.address, idle_timeout=0.1) as server:
        with server.connect() as idle:
            assert read_all(idle) in (b"a", b"")  # a server that takes longer than that is idle, too
        metrics = end(server)
        assert metrics["idle"] == "1" and "done" not in metrics


class Echoes:
    """In place of ``Upstreams``: each connection is a pair, whose other end says everything again."""

    def __init__(self) -> None:
        self.tasks: list[mezame.Task] = []

    async def connect(self) -> UnixStream:
        ours, theirs = UnixStream.pair()
        self.tasks.append(mezame.spawn(self._echo(theirs)))
        return ours

    async def _echo(self, stream: UnixStream) -> None:
        async with stream:
            while data := await stream.read():
                await stream.write_all(data)


@pytest.mark.mezame(start_paused=True)
async def test_a_connection_on_which_something_moves_is_not_idle(tmp_path):
    proxy, stopping = Proxy(Echoes(), Limits(idle=10)), CancellationToken()
    running = mezame.spawn(proxy.run(UnixListener.bind(tmp_path / "s"), stopping))
    idle, busy = await UnixStream.connect(tmp_path / "s"), await UnixStream.connect(tmp_path / "s")
    start = mezame.time.now()

    async def beat():
        for _ in range(10):
            await mezame.sleep(4)
            await busy.write_all(b"x")
            assert await busy.read() == b"x"

    beating = mezame.spawn(beat())
    async with idle, busy:
        assert await idle.read() == b""
        assert mezame.time.now() - start == pytest.approx(10, abs=0.01)
        await beating
        assert await busy.read() == b""
        assert mezame.time.now() - start == pytest.approx(40 + 10, abs=0.01)
    stopping.cancel()
    await mezame.join_all([running, *proxy.upstreams.tasks])
    assert "idle=2" in proxy.metrics.line()


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour, number", [("current-thread", signal.SIGTERM), ("multi-thread", signal.SIGINT)])
def test_connections_are_drained(flavour, number):
    with Backend(b"a") as backend, proxying(flavour, backend.address) as server:
        with server.connect() as sock:
            assert sock.recv(1) == b"a"
            server.signal(number)
            assert server.read_line() == "draining"
            with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
                while True:  # the listener is about to be closed
                    server.connect().close()
            sock.sendall(b"still here")
            assert sock.recv(100) == b"still here"
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b""
        last = server.wait().splitlines()[-1]
        assert re.fullmatch(rf"stopped: active=0 total=\d+ up=10 down=\d+ .*{re.escape(backend.address)}=up/\d+", last)


def test_patience_has_an_end(flavour):
    with Backend(b"a") as backend, proxying(flavour, backend.address, patience=0.1) as server:
        with server.connect() as sock:
            assert sock.recv(1) == b"a"
            assert end(server)["cut"] == "1"
            assert sock.recv(1) == b""


def test_the_metrics_line_is_logged(flavour):
    with Backend(b"a") as backend, proxying(flavour, backend.address, metrics=0.05) as server:
        with server.connect() as sock:
            assert sock.recv(1) == b"a"
            for _ in range(100):
                line = server.read_line()
                if "down=1" in line:
                    break
            assert line == f"INFO active=1 total=1 up=0 down=1 {backend.address}=up/1"
