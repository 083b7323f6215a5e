"""TLS against Python's own ssl in threads, and against itself over streams that are as awkward as can be."""

import contextlib
import errno
import select
import socket
import ssl
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import CountingWaker, in_thread
from sizes import examples

import mezame
from mezame import Poll
from mezame.io import AsyncRead, AsyncWrite, BufReader, Cursor, ReadBuf, copy, copy_bidirectional, duplex
from mezame.net import TcpListener, TcpStream, TlsAcceptor, TlsConnector, TlsStream, UnexpectedEof, UnixStream
from mezame.net.tls_engine import WANT, TlsEngine
from mezame.time import Elapsed

pytestmark = pytest.mark.mezame

CERTS = Path(__file__).parent / "certs"
CA, SERVER, CLIENT, STRANGER = (str(CERTS / f"{name}.pem") for name in ("ca", "server", "client", "stranger"))
FLAVORS = ["current_thread", "multi_thread"]


def client_context(version=None):
    context = ssl.create_default_context(cafile=CA)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def server_context(certificate=SERVER):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=CA)
    context.load_cert_chain(certificate)
    return context


def connector(**options):
    return TlsConnector(client_context(), **options)


def acceptor(**options):
    return TlsAcceptor.from_files(SERVER, **options)


async def over(left, right, client=None, server=None, name="localhost"):
    client, server = client or connector(), server or acceptor()
    return await mezame.join(client.connect(name, left), server.accept(right))


async def pair(size=100_000, **options):
    return await over(*duplex(size), **options)


class Peer:
    """A TLS peer of Python's ssl in a thread: ``script`` gets the socket after its handshake."""

    def __init__(self, script, context=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.context = context or server_context()
        self.script = script
        self.outcome = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            raw, _ = self.listener.accept()
            raw.settimeout(20)
            with self.context.wrap_socket(raw, server_side=True) as sock:
                self.outcome = self.script(sock)
        except Exception as error:
            self.outcome = error

    async def connect(self, connector_=None, name="localhost", **options):
        tcp = await TcpStream.connect(self.listener.getsockname())
        return await (connector_ or connector()).connect(name, tcp, **options)

    def join(self):
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.listener.close()
        return self.outcome


def echo(sock):
    count = 0
    while chunk := sock.recv(65536):
        sock.sendall(chunk)
        count += len(chunk)
    return count


# --- against Python's own --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_echo_by_a_server_of_python(version):
    peer = Peer(echo)
    stream = await peer.connect(TlsConnector(client_context(version)))
    assert stream.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
    assert stream.cipher()[2] >= 128
    assert stream.server_name() == "localhost"
    assert ("commonName", "localhost") in stream.peer_certificate()["subject"][0]
    assert stream.peer_certificate(binary=True)[:1] == b"\x30"
    assert stream.peer_addr() == peer.listener.getsockname() and stream.local_addr() == stream.inner.local_addr()
    await stream.write_all(b"hello")
    assert await stream.read() == b"hello"
    await stream.write_all(b"x" * 300_000)
    assert await stream.read_exact(300_000) == b"x" * 300_000
    await stream.shutdown()
    with pytest.raises(UnexpectedEof, match="close_notify"):  # SSLSocket.close says nothing
        await stream.read()
    stream.close()
    assert peer.join() == 300_005


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_client_of_python_and_a_reader_and_a_writer_task_at_once(flavor):
    data = bytes(range(251)) * 12_000

    async def serve(listener):
        tcp, _ = await listener.accept()
        async with await acceptor().accept(tcp) as stream:

            async def send():
                await stream.write_all(data)
                await stream.shutdown()

            sending = mezame.spawn(send())
            got = await mezame.spawn(stream.read_to_end())
            await sending
            return got

    def client(address):
        with socket.create_connection(address, 20) as raw:
            sock = client_context().wrap_socket(raw, server_hostname="localhost")
            sock.setblocking(False)  # both ways at once in one thread: before 3.13 an SSLSocket is not for two
            got, sent, ended, blocked = bytearray(), 0, False, (ssl.SSLWantReadError, ssl.SSLWantWriteError)
            while sent < len(data) or not ended:
                with contextlib.suppress(*blocked):
                    chunk = b"" if ended else sock.recv(65536)
                    got.extend(chunk)
                    ended = not chunk
                with contextlib.suppress(*blocked):
                    sent += sock.send(data[sent : sent + 65536]) if sent < len(data) else 0
                assert select.select([sock], [sock] if sent < len(data) else [], [], 20) != ([], [], []) or ended
            sock.setblocking(True)
            sock.unwrap()
            return bytes(got)

    async def main():
        async with await TcpListener.bind("127.0.0.1:0") as listener:
            there = mezame.spawn_blocking(client, listener.local_addr())
            return await serve(listener), await there

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == (data, data)


async def test_a_clean_end_of_pythons_peer():
    def script(sock):
        sock.sendall(b"all of it")
        sock.unwrap().close()
        return "clean"

    peer = Peer(script)
    async with await peer.connect() as stream:
        assert await stream.read_to_end() == b"all of it"
        assert await stream.read() == b""
    assert peer.join() == "clean"


async def test_sni_chooses_at_the_server():
    names = []
    context = server_context()
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    client, server = await pair(server=TlsAcceptor(context), client=connector(), name="server.test")
    assert names == ["server.test"] and server.server_name() is None
    client.close()
    server.close()


@pytest.mark.parametrize(
    ("offered", "spoken", "chosen"),
    [(["h2", "x"], ["x"], "x"), (["h2"], ["h2", "x"], "h2"), (["h2"], [], None), ([], ["h2"], None)],
)
async def test_alpn(offered, spoken, chosen):
    client, server = await pair(client=connector(alpn=offered), server=acceptor(alpn=spoken))
    assert client.alpn_protocol() == server.alpn_protocol() == chosen
    client.close()
    server.close()


async def test_client_certificates():
    context = client_context()
    context.load_cert_chain(CLIENT)
    client, server = await pair(client=TlsConnector(context), server=acceptor(client_ca=CA))
    assert (("commonName", "a client"),) in server.peer_certificate()["subject"]
    client.close()
    server.close()
    left, right = duplex(10_000)
    accepting = mezame.spawn(acceptor(client_ca=CA).accept(right))
    async with await connector().connect("localhost", left) as client:  # TLS 1.3: the client learns of it by reading
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
            await client.read()
    with pytest.raises(ssl.SSLError, match=r"(?i)peer did not return a certificate"):
        await accepting


async def test_a_certificate_is_asked_for_after_the_handshake():
    context = server_context()
    context.post_handshake_auth = True
    context.verify_mode = ssl.CERT_OPTIONAL

    def script(sock):
        assert sock.recv(10) == b"secret?"
        sock.verify_client_post_handshake()
        sock.sendall(b"show")
        first = sock.recv(10)  # the certificate comes before it
        return first, sock.getpeercert()["subject"]

    peer = Peer(script, context)
    mine = client_context(ssl.TLSVersion.TLSv1_3)
    mine.post_handshake_auth = True
    mine.load_cert_chain(CLIENT)
    stream = await peer.connect(TlsConnector(mine))
    await stream.write_all(b"secret?")
    assert await stream.read() == b"show"  # the reader has sent the certificate by itself ...
    await stream.write_all(b"now")
    first, subject = peer.join()
    assert first == b"now" and (("commonName", "a client"),) in subject
    stream.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_sessions_are_resumed(version):
    mine, theirs = TlsConnector(client_context(version)), acceptor()

    async def visit(session):
        left, right = duplex(10_000)
        client, server = await mezame.join(mine.connect("localhost", left, session=session), theirs.accept(right))
        await server.write_all(b"x")
        await client.read()
        found = client.session()
        assert client.session_reused() == server.session_reused() and server.session() is None
        reused = client.session_reused()
        await mezame.join(client.shutdown(), server.shutdown())
        client.close()
        server.close()
        return found, reused

    session, reused = await visit(None)
    assert not reused and session is not None
    assert (await visit(session))[1]


# --- what goes wrong -------------------------------------------------------------------------------------------------


class Watched(AsyncRead, AsyncWrite):
    """A stream around another that counts, and can fail."""

    def __init__(self, inner):
        self.inner = inner
        self.closes = 0
        self.written = 0
        self.largest_read = 0
        self.fail_writes = None
        self.deaf = False
        self.tamper = False

    def poll_read(self, cx, buf):
        self.largest_read = max(self.largest_read, buf.remaining())
        before = buf.filled_len()
        answer = self.inner.poll_read(cx, buf)
        if self.tamper and buf.filled_len() > before:
            buf.filled()[buf.filled_len() - 1] ^= 1
        return answer

    def poll_write(self, cx, data):
        if self.fail_writes is not None:
            raise self.fail_writes
        if self.deaf:
            return Poll.Ready(0)
        answer = self.inner.poll_write(cx, data)
        if answer is not Poll.Pending:
            self.written += answer.value
        return answer

    def poll_flush(self, cx):
        return self.inner.poll_flush(cx)

    def poll_shutdown(self, cx):
        return self.inner.poll_shutdown(cx)

    def close(self):
        self.closes += 1
        self.inner.close()


async def test_an_unknown_authority_and_a_wrong_name_are_refused_on_both_sides():
    for server, name in ((TlsAcceptor(server_context(STRANGER)), "localhost"), (acceptor(), "elsewhere.test")):
        left, right = map(Watched, duplex(10_000))
        accepting = mezame.spawn(server.accept(right))
        with pytest.raises(ssl.SSLCertVerificationError):
            await connector().connect(name, left)
        with pytest.raises(ssl.SSLError, match=r"(?i)alert"):  # the client has said why
            await accepting
        assert left.closes >= 1 and right.closes >= 1


async def test_a_handshake_has_a_time_limit_and_closes_the_transport():
    left, right = duplex(10_000)
    watched = Watched(left)
    with pytest.raises(Elapsed):
        await connector().connect("localhost", watched, timeout=0.001)
    assert watched.closes == 1
    right.close()
    left, right = duplex(10_000)
    watched = Watched(left)
    with pytest.raises(Elapsed):
        await acceptor().accept(watched, timeout=0.001)
    assert watched.closes == 1
    right.close()


async def test_a_cancelled_handshake_closes_the_transport():
    left, right = duplex(10_000)
    watched = Watched(left)
    task = mezame.spawn(connector().connect("localhost", watched))
    await mezame.yield_now()
    assert watched.closes == 0 and watched.written
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert watched.closes == 1
    right.close()


async def test_the_peer_hangs_up_or_talks_nonsense_in_the_handshake():
    left, right = duplex(10_000)
    right.close()
    with pytest.raises((UnexpectedEof, BrokenPipeError)):
        await connector().connect("localhost", left)
    left, right = duplex(10_000)
    await right.shutdown()
    with pytest.raises(UnexpectedEof, match="handshake"):
        await connector().connect("localhost", left)
    left, right = duplex(10_000)
    watched = Watched(left)
    await right.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        await connector().connect("localhost", watched)
    assert watched.closes == 1


@pytest.mark.parametrize(
    ("name", "error", "way_out"),
    [(None, ValueError, "check_hostname"), (5, TypeError, "server_name is a str .* not 5")],
)
async def test_without_a_name_the_check_of_the_name_is_not_left_out(name, error, way_out):
    left, _ = duplex(10)
    watched = Watched(left)
    with pytest.raises(error, match=way_out):
        await connector().connect(name, watched)
    assert watched.closes == 1 and not watched.written
    context = client_context()
    context.check_hostname = False
    client, server = await pair(client=TlsConnector(context), name=None)
    client.close(), server.close()


@pytest.mark.parametrize("stream", [5, None, object(), AsyncRead()])  # the last has one direction only
async def test_tls_needs_a_stream(stream):
    for call in (lambda: connector().connect("localhost", stream), lambda: acceptor().accept(stream)):
        with pytest.raises(TypeError, match="AsyncRead and an AsyncWrite"):
            call()


async def test_bad_input():
    left, _ = duplex(10)
    watched = Watched(left)
    with pytest.raises(ValueError):
        await connector().connect("", watched)
    assert watched.closes == 1
    with pytest.raises(TypeError, match="SSLContext"):
        TlsConnector("context")
    with pytest.raises(TypeError, match="list of names"):
        TlsConnector(client_context(), alpn="h2")
    client, server = await pair()
    with pytest.raises(TypeError, match="encode"):
        await client.write_all("text")
    with pytest.raises(ValueError, match="-1"):
        client.read(-1)
    assert await client.read(0) == b"" and await client.write(b"") == 0
    assert client.poll_read(CountingWaker().cx, ReadBuf(0)) == Poll.Ready(None)
    client.close()
    server.close()


async def test_a_cut_connection_is_an_error_wherever_it_is_cut():
    for cut in (0, 1, 30):
        left, right = duplex(100_000)
        client, server = await over(left, right)
        await client.write_all(b"complete")
        assert await server.read() == b"complete"
        if cut:  # a record that is cut in the middle
            client._engine.write(memoryview(b"y" * 100))
            await left.write_all(client._engine.output()[:cut])
        left.close()
        for _ in range(2):  # it stays so
            with pytest.raises(UnexpectedEof, match="close_notify"):
                await server.read()
        server.close()


async def test_read_exact_of_one_record_of_several_and_of_too_few_bytes():
    client, server = await pair()
    await client.write_all(b"abcde")
    assert await server.read_exact(5) == b"abcde"
    assert await server.read_exact(0) == b""
    for part in (b"ab", b"c", b"defgh"):
        await client.write_all(part)
    assert await server.read_exact(6) == b"abcdef"
    reading = mezame.spawn(server.read_exact(5))
    await mezame.yield_now()
    assert not reading.is_finished()
    await client.write_all(b"ijk")
    assert await reading == b"ghijk"
    await client.write_all(b"end")
    await client.shutdown()
    with pytest.raises(UnexpectedEof, match="after 3 of 4 bytes") as caught:
        await server.read_exact(4)
    assert caught.value.partial == b"end" and caught.value.expected == 4
    with pytest.raises(UnexpectedEof, match="after 0 of 1 bytes"):
        await server.read_exact(1)
    with pytest.raises(ValueError, match="-1"):
        server.read_exact(-1)
    with pytest.raises(TypeError, match="number of bytes"):
        server.read_exact("1")
    client.close()
    server.close()


async def test_tampered_bytes_are_an_error():
    left, right = duplex(100_000)
    watched = Watched(right)
    client, server = await over(left, watched)
    watched.tamper = True
    await client.write_all(b"real")
    with pytest.raises(ssl.SSLError):
        await server.read()
    with pytest.raises(ssl.SSLError):  # the alert
        await client.read()
    client.close()
    server.close()


async def test_a_transport_that_fails_or_takes_nothing():
    left, right = duplex(100_000)
    watched = Watched(left)
    client, server = await over(watched, right)
    watched.fail_writes = ConnectionResetError("gone")
    with pytest.raises(ConnectionResetError):
        await client.write_all(b"x")
    await server.write_all(b"still to be read")
    assert await client.read() == b"still to be read"
    watched.fail_writes = None
    watched.deaf = True
    with pytest.raises(OSError, match="takes no more"):
        await client.flush()
    client.close()
    server.close()


# --- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_half_close_loses_nothing_of_what_the_peer_has_sent(version):
    client, server = await pair(size=1 << 20, client=TlsConnector(client_context(version)))
    data = bytes(range(256)) * 800
    for start in range(0, 2000, 100):
        await server.write_all(data[start : start + 100])
    await server.write_all(data[2000:])
    assert await client.read(3) == data[:3]  # the rest of the record is decrypted, more records lie behind it
    await client.shutdown()
    await client.shutdown()
    assert await server.read() == b""
    await server.write_all(b"an answer after it")
    await server.shutdown()
    assert await client.read_to_end() == data[3:] + b"an answer after it"
    assert await client.read() == b""
    for one in (client, server):
        with pytest.raises(BrokenPipeError):
            await one.write_all(b"x")
    client.close()
    server.close()


async def test_close_says_so_if_that_goes_at_once():
    client, server = await pair()
    await client.write_all(b"last words")
    client.close()
    client.close()
    assert client.is_closed() and "closed" in repr(client)
    assert await server.read_to_end() == b"last words"
    for call in (lambda: client.read(), lambda: client.write(b"x"), lambda: client.flush(), lambda: client.shutdown()):
        with pytest.raises(OSError) as caught:
            await call()
        assert caught.value.errno == errno.EBADF
    server.close()


async def test_close_closes_and_wakes_whatever_the_transport_raises():
    class Stubborn(Watched):
        def close(self):
            Watched.close(self)
            raise OSError("of close")

    for transport, error in ((Watched, ValueError), (Stubborn, OSError)):
        left, right = duplex(1000)
        watched = transport(left)
        client, server = await over(watched, right)
        counting = CountingWaker()
        assert client.poll_read(counting.cx, ReadBuf(1)) is Poll.Pending
        if error is ValueError:
            watched.fail_writes = ValueError("I/O operation on a closed file")
        with pytest.raises(error):
            client.close()
        assert client.is_closed() and watched.closes == 1 and counting.wakes == 1
        client.close()
        server.close()


async def test_async_with_waits_until_the_end_is_said():
    left, right = duplex(50)  # too small for the close_notify beside what is on its way
    client, server = await over(left, right)

    async def visit():
        async with client:
            await client.write_all(b"x" * 100)

    visiting = mezame.spawn(visit())
    assert await server.read_to_end() == b"x" * 100
    await visiting
    server.close()


async def test_async_with_sends_what_was_written_and_not_flushed():
    left, right = duplex(50)
    client, server = await over(left, right)

    async def visit():
        async with client:
            assert await client.write(b"x" * 1000) == 1000

    visiting = mezame.spawn(visit())
    assert await server.read_to_end() == b"x" * 1000
    await visiting
    server.close()


async def test_async_with_does_not_wait_after_an_exception():
    left, right = duplex(50)
    client, server = await over(left, right)
    with pytest.raises(ZeroDivisionError):
        async with client:
            client._engine.write(memoryview(b"y" * 1000))
            1 // 0  # noqa: B018
    assert client.is_closed()
    with pytest.raises(UnexpectedEof):
        await server.read_to_end()
    server.close()


async def test_close_while_other_tasks_read_and_write_makes_them_raise():
    client, server = await over(*UnixStream.pair())
    reading = mezame.spawn(client.read())
    writing = mezame.spawn(client.write_all(b"x" * 10_000_000))
    for _ in range(5):
        await mezame.yield_now()
    assert not reading.is_finished() and not writing.is_finished()
    client.close()
    for task in (reading, writing):
        with pytest.raises(OSError) as caught:
            await task
        assert caught.value.errno == errno.EBADF
    server.close()


# --- cancelling, waking, waiting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 64])
async def test_reads_that_are_cancelled_at_every_byte_lose_nothing(size):
    client, server = await pair(size=size)
    data = bytes(range(256)) * 4

    async def send():
        await client.write_all(data)
        await client.shutdown()

    sending = mezame.spawn(send())
    got = bytearray()
    cancelled = 0
    counting = CountingWaker()
    while True:
        reading = server.read(100)
        answer = reading.poll(counting.cx)
        if answer is Poll.Pending:
            reading.close()
            cancelled += 1
            await mezame.yield_now()
        elif answer.value:
            got += answer.value
        else:
            break
    await sending
    assert got == data and cancelled > len(data) // size // 2
    client.close()
    server.close()


@pytest.mark.parametrize("size", [1, 64])
async def test_writes_that_are_cancelled_have_written_nothing(size):
    client, server = await pair(size=size)
    receiving = mezame.spawn(server.read_to_end())
    counting = CountingWaker()
    for n in range(20):
        while True:
            writing = client.write(b"%03d;" % n)
            answer = writing.poll(counting.cx)
            if answer is not Poll.Pending:
                break
            writing.close()
            await mezame.yield_now()
        assert answer.value == 4
    await client.shutdown()
    assert await receiving == b"".join(b"%03d;" % n for n in range(20))
    client.close()
    server.close()


async def test_nothing_is_held_without_bound():
    left, right = duplex(1000)
    watched, reading_end = Watched(left), Watched(right)
    client, server = await over(watched, reading_end)
    before = watched.written
    accepted = 0
    counting = CountingWaker()
    while (answer := client.poll_write(counting.cx, b"x" * 1_000_000)) is not Poll.Pending:
        accepted += answer.value
    assert accepted <= 65536  # one write, most of it encrypted and waiting: no second one
    assert client.poll_flush(counting.cx) is Poll.Pending
    assert watched.written - before <= 1000
    assert reading_end.largest_read <= 65536
    flushing = mezame.spawn(client.flush())
    assert await server.read_exact(accepted) == b"x" * accepted
    await flushing
    client.close()
    server.close()


async def test_the_reader_wakes_the_writer_whose_waker_it_has_replaced():
    left, right = duplex(100)
    client, server = await over(left, right)
    reader, writer = CountingWaker(), CountingWaker()
    buf = ReadBuf(100)
    assert client.poll_write(writer.cx, b"x" * 1000).value == 1000
    assert client.poll_flush(writer.cx) is Poll.Pending
    assert client.poll_read(reader.cx, buf) is Poll.Pending  # it tried to drain, too
    assert writer.wakes == 0
    raw = ReadBuf(100)
    assert right.poll_read(CountingWaker().cx, raw) == Poll.Ready(None)  # room in the transport
    assert (writer.wakes, reader.wakes) == (1, 1)
    server._engine.feed(raw.filled())
    flushing = mezame.spawn(client.flush())
    assert await server.read_exact(1000) == b"x" * 1000
    await flushing
    client.close()
    server.close()


async def test_the_latest_reader_is_woken():
    client, server = await pair()
    first, second = CountingWaker(), CountingWaker()
    assert server.poll_read(first.cx, ReadBuf(1)) is Poll.Pending
    assert server.poll_read(second.cx, ReadBuf(1)) is Poll.Pending
    await client.write_all(b"x")
    assert (first.wakes, second.wakes) == (0, 1)
    buf = ReadBuf(1)
    assert server.poll_read(first.cx, buf) == Poll.Ready(None) and bytes(buf.filled()) == b"x"
    client.close()
    server.close()


class Script(TlsEngine):
    """An engine that answers as it is told: for what OpenSSL does not do by itself (renegotiation), and for races."""

    handshake_done = True
    sent_close = False

    def __init__(self, *answers):
        self.answers = list(answers)
        self.fed = []
        self.out = []

    def write(self, data):
        answer = self.answers.pop(0)
        if answer is WANT:
            return WANT
        self.out.append(bytes(data[:answer]))
        return answer

    def read(self, limit):
        answer = self.answers.pop(0)
        return answer() if callable(answer) else answer

    def feed(self, data):
        self.fed.append(bytes(data))

    def ended(self):
        self.fed.append(None)

    def output(self):
        return self.out.pop(0) if self.out else b""

    def close_notify(self):
        self.out.append(b"bye")

    def ask(self, name, *args):
        return None


async def test_a_write_that_needs_the_peers_bytes_first_receives_them():
    left, right = duplex(100)
    engine = Script(WANT, WANT, 5)
    engine.out.append(b"our part of it")
    stream = TlsStream(left, engine)
    counting = CountingWaker()
    assert stream.poll_write(counting.cx, b"12345678") is Poll.Pending
    assert await right.read() == b"our part of it"
    wakes = counting.wakes
    await right.write_all(b"their part")
    assert counting.wakes == wakes + 1
    assert stream.poll_write(counting.cx, b"12345678") == Poll.Ready(5)
    assert engine.fed == [b"their part"]
    assert await right.read() == b"12345"
    stream.close()


async def test_who_has_been_fed_by_the_other_role_asks_again_before_it_waits():
    left, right = duplex(100)
    await right.write_all(b"for both")
    writer, reader = CountingWaker(), CountingWaker()

    def meanwhile():  # another thread's writer takes what there is, after the engine has said WANT to the reader
        assert stream.poll_write(writer.cx, b"x") == Poll.Ready(1)
        return WANT

    engine = Script(meanwhile, WANT, 1, b"plain")
    stream = TlsStream(left, engine)
    assert stream.read(10).poll(reader.cx) == Poll.Ready(b"plain")
    assert engine.fed == [b"for both"]
    stream.close()


async def test_who_feeds_the_engine_wakes_the_other_role():
    class Silent(Watched):
        """Its bytes come without a wake: who polls finds them."""

        def poll_read(self, cx, buf):
            if not silent:
                return Poll.Pending
            buf.put_slice(silent.pop())
            return Poll.Ready(None)

    silent = []
    writer, reader = CountingWaker(), CountingWaker()
    left, right = duplex(10)
    stream = TlsStream(Silent(left), Script(WANT, WANT, 1))
    assert stream.read(10).poll(reader.cx) is Poll.Pending
    silent.append(b"for both")
    assert stream.poll_write(writer.cx, b"x") == Poll.Ready(1)
    assert reader.wakes == 1
    assert await right.read() == b"x"
    stream.close()


class Forgetful(Watched):
    """Full until it is told, and whoever polls it again gets its answer: nobody is woken for the Pending before."""

    full = True
    answer = None

    def poll_write(self, cx, data):
        return Poll.Pending if self.full else Watched.poll_write(self, cx, data)

    def poll_flush(self, cx):
        return Poll.Pending if self.full else Poll.Ready(None)

    def poll_read(self, cx, buf):
        if self.answer is None:
            return Poll.Pending
        raise self.answer


async def test_a_reader_that_sends_the_writers_bytes_wakes_it():
    left, right = duplex(100)
    writer, reader = CountingWaker(), CountingWaker()
    transport, engine = Forgetful(left), Script(WANT, WANT)
    stream = TlsStream(transport, engine)
    engine.out.append(b"earlier")
    assert stream.poll_flush(writer.cx) is Poll.Pending
    transport.full = False
    assert stream.read(10).poll(reader.cx) is Poll.Pending
    assert await right.read() == b"earlier"
    assert writer.wakes == 1
    assert stream.poll_flush(writer.cx) == Poll.Ready(None)
    assert stream.read(10).poll(reader.cx) is Poll.Pending
    assert writer.wakes == 1  # nothing was sent for it
    stream.close()


async def test_a_reader_that_gets_the_writers_error_wakes_it():
    writer, reader = CountingWaker(), CountingWaker()
    transport, engine = Forgetful(duplex(100)[0]), Script(WANT)
    stream = TlsStream(transport, engine)
    engine.out.append(b"earlier")
    assert stream.poll_flush(writer.cx) is Poll.Pending
    transport.full, transport.fail_writes = False, ConnectionResetError("cut")
    assert stream.read(10).poll(reader.cx) is Poll.Pending  # what the peer has sent may still come
    assert writer.wakes == 1
    with pytest.raises(ConnectionResetError):
        stream.poll_flush(writer.cx)
    stream.close()


async def test_a_writer_that_sends_or_flushes_for_the_reader_wakes_it():
    for flushed in (False, True):
        left, right = duplex(100)
        writer, reader = CountingWaker(), CountingWaker()
        transport, engine = Forgetful(left), Script(WANT, 4)
        stream = TlsStream(transport, engine)
        engine.out.append(b"the reader's answer")
        assert stream.read(10).poll(reader.cx) is Poll.Pending
        transport.full = False
        if flushed:
            engine.out.append(b"more")
            assert stream.poll_flush(writer.cx) == Poll.Ready(None)
        else:
            assert stream.poll_write(writer.cx, b"data") == Poll.Ready(4)
        assert reader.wakes == 1
        stream.close()
        right.close()


async def test_who_gets_the_error_of_the_incoming_side_wakes_the_other_role():
    writer, reader = CountingWaker(), CountingWaker()
    transport = Forgetful(duplex(100)[0])
    stream = TlsStream(transport, Script(WANT, WANT, WANT))
    assert stream.poll_write(writer.cx, b"x") is Poll.Pending  # it wants the peer's bytes first
    transport.answer = ConnectionResetError("cut")
    with pytest.raises(ConnectionResetError):
        stream.read(10).poll(reader.cx)
    assert writer.wakes == 1
    with pytest.raises(ConnectionResetError):
        stream.poll_write(writer.cx, b"x")
    stream.close()


async def test_who_finds_the_transport_busy_is_woken_when_it_is_idle():
    left, right = duplex(100)
    first, second = CountingWaker(), CountingWaker()
    seen = []

    class Nested(Watched):
        def poll_write(self, cx, data):
            if not seen:
                seen.append(stream.poll_flush(second.cx))  # as another thread would, at this very moment
                seen.append(second.wakes)
            return Watched.poll_write(self, cx, data)

    engine = Script(4)
    stream = TlsStream(Nested(left), engine)
    engine.out.append(b"earlier")
    assert stream.poll_write(first.cx, b"data") == Poll.Ready(4)
    assert seen == [Poll.Pending, 0] and second.wakes >= 1
    assert stream.poll_flush(second.cx) == Poll.Ready(None)
    assert await right.read() == b"earlierdata"
    stream.close()


async def test_a_role_that_is_done_leaves_no_waker():
    client, server = await pair()
    reader, writer = CountingWaker(), CountingWaker()
    await server.write_all(b"x")
    assert client.poll_read(reader.cx, ReadBuf(10)) == Poll.Ready(None)
    assert client.poll_write(writer.cx, b"y") == Poll.Ready(1)
    assert client.poll_flush(writer.cx) == Poll.Ready(None)
    for side in (client._in, client._out):
        for slot in (side.slots.reader, side.slots.writer):
            assert slot.take() is None
    client.close()
    server.close()


# --- what it costs ---------------------------------------------------------------------------------------------------


class Counting(ssl.SSLObject):
    """Counts what OpenSSL is asked for."""

    calls: list[str] = []

    def read(self, *args):
        self.calls.append("read")
        return ssl.SSLObject.read(self, *args)

    def write(self, data):
        self.calls.append("write")
        return ssl.SSLObject.write(self, data)


@pytest.mark.parametrize("into", [False, True])
async def test_openssl_is_asked_once_for_each_record(into):
    context = server_context()
    context.sslobject_class = Counting
    client, server = await over(*UnixStream.pair(), server=TlsAcceptor(context))

    async def get(size):
        if not into:
            return await server.read(size)
        buf = bytearray(size)
        return bytes(buf[: await server.read_into(buf)])

    await client.write_all(b"the first read asks in vain, for nobody knows yet")
    await get(100)
    Counting.calls.clear()
    for n in range(5):
        reading = mezame.spawn(get(100))
        await mezame.yield_now()
        assert not reading.is_finished()
        await client.write_all(b"request %d" % n)
        assert await reading == b"request %d" % n
        await server.write_all(b"response")
    assert Counting.calls == ["read", "write"] * 5
    Counting.calls.clear()
    await client.write_all(b"twelve bytes")
    await client.write_all(b"and more")
    assert [await get(5) for _ in range(5)] == [b"twelv", b"e byt", b"es", b"and m", b"ore"]
    await client.write_all(b"exact")
    assert await get(5) == b"exact"
    reading = mezame.spawn(get(5))
    await mezame.yield_now()
    await client.write_all(b"twice")
    assert await reading == b"twice"
    assert Counting.calls == ["read"] * 7  # nothing was asked to see that a record is over
    client.close()
    server.close()


async def test_who_holds_the_ssl_object_may_do_with_it_what_we_do_not_see():
    context = server_context()
    context.post_handshake_auth = True
    context.verify_mode = ssl.CERT_OPTIONAL
    mine = client_context(ssl.TLSVersion.TLSv1_3)
    mine.post_handshake_auth = True
    mine.load_cert_chain(CLIENT)
    client, server = await pair(client=TlsConnector(mine), server=TlsAcceptor(context))
    await server.write_all(b"x")
    assert await client.read() == b"x"
    assert server.read(10).poll(CountingWaker().cx) is Poll.Pending  # it has nothing, and knows it
    server.ssl_object.verify_client_post_handshake()
    asking = server.read(10)
    assert asking.poll(CountingWaker().cx) is Poll.Pending  # OpenSSL sends its question when it is asked for data
    answering = mezame.spawn(client.read(10))
    await mezame.yield_now()
    await client.write_all(b"here")
    assert await server.read(10) == b"here"
    assert (("commonName", "a client"),) in server.peer_certificate()["subject"]
    answering.abort()
    client.close()
    server.close()


async def test_a_socket_is_read_no_further_than_a_short_read():
    client, server = await over(*UnixStream.pair())
    await client.write_all(b"x")
    assert await server.read() == b"x"
    assert not server.inner.source.readiness & 1  # the next read waits for an event, without a call
    reading = mezame.spawn(server.read())
    await mezame.yield_now()
    await client.write_all(b"y")
    assert await reading == b"y"
    client.close()
    server.close()


async def test_a_subclass_of_a_socket_is_polled_by_its_own_methods():
    class Louder(UnixStream):
        seen = 0

        def poll_read(self, cx, buf):
            Louder.seen += 1
            return UnixStream.poll_read(self, cx, buf)

    left, right = UnixStream.pair()
    louder = Louder(right.get_socket(), right.source)
    client, server = await over(left, louder)
    before = Louder.seen
    await client.write_all(b"x")
    assert await server.read() == b"x"
    assert Louder.seen > before > 0
    client.close()
    server.close()


async def test_a_buffer_is_let_go_when_it_is_written():
    client, server = await pair()
    buffer = bytearray(b"x" * 100_000)
    writing = client.write_all(buffer)
    receiving = mezame.spawn(server.read_exact(100_000))
    await writing
    buffer += b"y"  # a view would forbid it
    assert await receiving == b"x" * 100_000
    client.close()
    server.close()


async def test_futures_that_are_complete_or_dropped_are_not_polled_again():
    client, server = await pair()
    counting = CountingWaker()
    writing = client.write_all(b"x")
    assert writing.poll(counting.cx) == Poll.Ready(None)
    reading = server.read()
    assert reading.poll(counting.cx) == Poll.Ready(b"x")
    dropped = server.read()
    dropped.close()
    for one in (writing, reading, dropped):
        with pytest.raises(RuntimeError, match="after it completed"):
            one.poll(counting.cx)
    client.close()
    server.close()


# --- over streams of all kinds ---------------------------------------------------------------------------------------


async def tcp_pair():
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        connecting = mezame.spawn(TcpStream.connect(listener.local_addr()))
        server, _ = await listener.accept()
        return await connecting, server


async def tls_pair():
    return await pair()


async def unix_pair():
    return UnixStream.pair()


async def one_byte_pair():
    return duplex(1)


@pytest.mark.parametrize("make", [tcp_pair, unix_pair, tls_pair, one_byte_pair])
async def test_both_directions_over(make):
    client, server = await over(*await make())
    data = bytes(range(256)) * (5 if make is one_byte_pair else 2000)

    async def exchange(stream):
        async def send():
            await stream.write_all(data)
            await stream.shutdown()

        sending = mezame.spawn(send())
        got = await stream.read_to_end()
        await sending
        return got

    assert await mezame.join(exchange(client), exchange(server)) == (data, data)
    assert isinstance(client, AsyncRead) and isinstance(client, AsyncWrite) and isinstance(client, TlsStream)
    client.close()
    server.close()


async def test_buffers_copies_and_vectors_over_tls():
    client, server = await pair()
    assert client.is_write_vectored()
    assert await client.write_vectored([b"line ", b"", b"one\n", b"line two\n"]) == 18
    assert await client.write_vectored([b"z" * 70_000, b"never"]) == 65536
    await client.shutdown()
    buffered = BufReader(server)
    assert await buffered.read_line() == "line one\n"
    assert await buffered.read_line() == "line two\n"
    assert await buffered.read_to_end() == b"z" * 65536
    assert await copy(Cursor(b"source"), server) == 6
    await server.shutdown()
    assert await client.read_to_end() == b"source"
    client.close()
    server.close()


async def test_a_proxy_of_two_tls_connections():
    a, b = await pair()
    c, d = await pair()
    proxying = mezame.spawn(copy_bidirectional(b, c))
    await a.write_all(b"request")
    assert await d.read() == b"request"
    await d.write_all(b"response")
    assert await a.read() == b"response"
    await a.shutdown()
    assert await d.read() == b""
    await d.shutdown()
    assert await a.read() == b""
    assert await proxying == (7, 8)
    for one in (a, b, c, d):
        one.close()


@pytest.mark.parametrize("flavor", FLAVORS)
def test_many_connections_at_once(flavor):
    async def serve(listener, count):
        async def one(tcp):
            async with await acceptor().accept(tcp) as stream:
                while chunk := await stream.read(1000):
                    await stream.write_all(chunk.upper())

        tasks = [mezame.spawn(one((await listener.accept())[0])) for _ in range(count)]
        await mezame.join_all(tasks)

    async def visit(mine, address, n):
        async with await mine.connect("localhost", await TcpStream.connect(address)) as stream:
            for k in range(5):
                text = b"visitor %d line %d" % (n, k)
                await stream.write_all(text)
                assert await stream.read_exact(len(text)) == text.upper()

    async def main():
        mine = connector()
        async with await TcpListener.bind("127.0.0.1:0") as listener:
            serving = mezame.spawn(serve(listener, 20))
            await mezame.join_all([mezame.spawn(visit(mine, listener.local_addr(), n)) for n in range(20)])
            await serving

    with mezame.Runtime(flavor) as runtime:
        in_thread(lambda: runtime.block_on(main()))


@given(
    capacity=st.integers(1, 3000),
    writes=st.lists(st.binary(min_size=1, max_size=2000), max_size=8),
    limits=st.lists(st.integers(1, 3000), min_size=1, max_size=5),
    flushes=st.booleans(),
)
@settings(max_examples=examples(30), deadline=None)
def test_any_sizes_give_the_same_bytes(capacity, writes, limits, flushes):
    async def main():
        client, server = await pair(size=capacity)

        async def send():
            for data in writes:
                sent = 0
                while sent < len(data):
                    sent += await client.write(data[sent:])
                if flushes:
                    await client.flush()
            await client.shutdown()

        sending = mezame.spawn(send())
        got = bytearray()
        turn = 0
        while chunk := await server.read(limits[turn % len(limits)]):
            assert len(chunk) <= limits[turn % len(limits)]
            got += chunk
            turn += 1
        await sending
        client.close()
        server.close()
        return bytes(got)

    assert mezame.run(main()) == b"".join(writes)
