"""What TCP and Unix connections have in common: the traits of io, readiness, try_*, poll_*, halves."""

import errno
import gc
import socket
import threading
import tracemalloc

import pytest
from polling import CountingWaker

import mezame
from mezame import Poll
from mezame.io import AsyncRead, AsyncWrite, BufReader, ReadBuf, copy
from mezame.net import OwnedReadHalf, OwnedWriteHalf, ReuniteError, TcpListener, TcpStream

pytestmark = pytest.mark.mezame


async def tcp_pair():
    listener = await TcpListener.bind("127.0.0.1:0")
    connecting = mezame.spawn(TcpStream.connect(listener.local_addr()))
    server, _ = await listener.accept()
    client = await connecting
    listener.close()
    return client, server


async def unix_pair():
    from mezame.net import UnixStream

    return UnixStream.pair()


@pytest.fixture(params=[tcp_pair, unix_pair], ids=["tcp", "unix"])
def pair(request):
    return request.param


def poll(counting, method, *args):
    return method(counting.cx, *args)


async def test_streams_and_halves_are_readers_and_writers(pair):
    client, server = await pair()
    reader, writer = client.into_split()
    for one in (client, reader):
        assert isinstance(one, AsyncRead)
    for one in (client, writer):
        assert isinstance(one, AsyncWrite)
    assert not isinstance(reader, AsyncWrite) and not isinstance(writer, AsyncRead)
    client.close()
    server.close()


@pytest.mark.parametrize("size", [10**9, 10**12, 2**63])
async def test_a_huge_limit_or_size_reserves_no_memory(pair, size):
    client, server = await pair()
    await client.write_all(bytes(100))
    await server.readable()
    tracemalloc.start()
    try:
        assert len(await server.peek(size)) == 100
        assert len(server.try_read(size)) == 100
        await client.write_all(bytes(100))
        assert len(await server.read(size)) == 100
        reading = mezame.spawn(server.read_exact(size))
        await client.write_all(bytes(100))
        await mezame.yield_now()
        client.close()
        with pytest.raises(EOFError) as caught:
            await reading
        assert caught.value.partial == bytes(100)
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
    server.close()


async def test_a_long_read_exact_comes_whole(pair):
    client, server = await pair()
    content = bytes(range(251)) * 20_000  # 5 MB: the buffer grows
    writing = mezame.spawn(client.write_all(content + b"rest"))
    assert await server.read_exact(len(content)) == content
    assert await server.read_exact(4) == b"rest"
    await writing
    client.get_socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    writing = mezame.spawn(client.write_all(content))
    await mezame.yield_now()  # much is there at once
    reading = mezame.spawn(server.read_exact(len(content) + 1))
    await writing
    client.close()
    with pytest.raises(EOFError) as caught:
        await reading
    assert caught.value.partial == content
    server.close()


@pytest.mark.parametrize("limit", ["x", None, 1.5])
async def test_a_limit_that_is_no_number_of_bytes(pair, limit):
    client, server = await pair()
    with pytest.raises(TypeError):
        server.read(limit)
    with pytest.raises(ValueError, match="-5"):
        server.read(-5)
    assert await server.read(0) == b""
    client.close()
    server.close()


async def test_what_the_traits_bring(pair):
    client, server = await pair()
    await client.write_all(b"\x01\x02" + b"line one\nline two\n" + b"rest")
    await client.shutdown()
    assert await server.read_u16() == 0x0102
    buffered = BufReader(server)
    assert await buffered.read_line() == "line one\n"
    assert await buffered.read_line() == "line two\n"
    assert await buffered.read_to_end() == b"rest"
    client.close()
    server.close()


async def test_read_to_end_exact_and_into_a_read_buf(pair):
    client, server = await pair()
    await client.write_all(b"abcdef")
    buf = ReadBuf(4)
    assert await server.read_into(buf) == 4
    assert bytes(buf.filled()) == b"abcd" and await server.read_into(buf) == 0
    client.close()
    assert await server.read_to_end() == b"ef"
    server.close()


async def test_copy_between_streams(pair):
    client, server = await pair()
    other, end = await pair()
    data = bytes(range(256)) * 4000

    async def produce():
        await client.write_all(data)
        client.close()

    async def relay():
        count = await copy(server, other)
        await other.shutdown()
        return count

    producing, relaying = mezame.spawn(produce()), mezame.spawn(relay())
    assert await end.read_to_end() == data
    await producing
    assert await relaying == len(data)
    for one in (server, other, end):
        one.close()


async def test_poll_read_keeps_the_latest_waker_and_reads(pair):
    client, server = await pair()
    first, second = CountingWaker(), CountingWaker()
    buf = ReadBuf(10)
    assert poll(first, server.poll_read, buf) is Poll.Pending
    assert poll(second, server.poll_read, buf) is Poll.Pending
    assert server.source.waiting() == (1, 0)
    await client.write_all(b"hello")
    await server.readable()
    assert (first.wakes, second.wakes) == (0, 1)
    assert server.source.waiting() == (0, 0)
    assert poll(first, server.poll_read, buf) == Poll.Ready(None)
    assert bytes(buf.filled()) == b"hello"
    assert poll(first, server.poll_read, ReadBuf(0)) == Poll.Ready(None)
    assert poll(first, server.poll_read, buf) is Poll.Pending
    client.close()
    await server.readable()
    assert first.wakes == 1
    assert poll(first, server.poll_read, buf) == Poll.Ready(None) and buf.filled_len() == 5  # the end
    server.close()


async def test_poll_peek_leaves_the_bytes(pair):
    client, server = await pair()
    await client.write_all(b"abc")
    await server.readable()
    counting = CountingWaker()
    buf = ReadBuf(2)
    assert poll(counting, server.poll_peek, buf) == Poll.Ready(2)
    assert bytes(buf.filled()) == b"ab"
    assert await server.peek() == b"abc" and await server.read() == b"abc"
    client.close()
    server.close()


async def test_poll_write_is_pending_when_the_peer_does_not_read_and_wakes_when_it_does(pair):
    client, server = await pair()
    counting = CountingWaker()
    sent = 0
    chunk = b"x" * 100_000
    while (answer := poll(counting, client.poll_write, chunk)) is not Poll.Pending:
        assert 0 < answer.value <= len(chunk)
        sent += answer.value
    assert client.source.waiting() == (0, 1)
    reading = mezame.spawn(server.read_to_end())
    await client.writable()
    assert counting.wakes == 1
    assert poll(counting, client.poll_write, b"yz") == Poll.Ready(2)
    client.close()
    assert len(await reading) == sent + 2
    server.close()


async def test_poll_write_vectored_flush_and_shutdown(pair):
    client, server = await pair()
    counting = CountingWaker()
    assert client.is_write_vectored()
    assert poll(counting, client.poll_write_vectored, [b"ab", b"", b"cd"]) == Poll.Ready(4)
    assert poll(counting, client.poll_write_vectored, [b""]) == Poll.Ready(0)
    assert poll(counting, client.poll_write, b"") == Poll.Ready(0)
    assert poll(counting, client.poll_flush) == Poll.Ready(None)
    assert poll(counting, client.poll_shutdown) == Poll.Ready(None)
    assert await server.read_to_end() == b"abcd"
    with pytest.raises(BrokenPipeError):
        poll(counting, client.poll_write, b"x")
    client.close()
    server.close()


async def test_close_wakes_a_poller_and_the_next_poll_raises(pair):
    client, server = await pair()
    counting = CountingWaker()
    assert poll(counting, server.poll_read, ReadBuf(1)) is Poll.Pending
    server.close()
    assert counting.wakes == 1
    with pytest.raises(OSError) as caught:
        poll(counting, server.poll_read, ReadBuf(1))
    assert caught.value.errno == errno.EBADF
    client.close()


async def test_a_dropped_stream_keeps_no_waker_of_a_poller(pair):
    client, server = await pair()
    poller = mezame.Handle.current().driver.poller
    before = len(poller.sources())
    counting = CountingWaker()
    assert poll(counting, server.poll_read, ReadBuf(1)) is Poll.Pending
    del server
    gc.collect()
    assert len(poller.sources()) == before - 1
    assert counting.wakes == 1
    client.close()


async def test_a_poller_and_an_awaiting_task_both_wake(pair):
    client, server = await pair()
    counting = CountingWaker()
    buf = ReadBuf(1)
    reading = mezame.spawn(server.read(1))
    await mezame.yield_now()
    assert poll(counting, server.poll_read, buf) is Poll.Pending
    await client.write_all(b"ab")
    got = await reading
    assert counting.wakes == 1
    assert poll(counting, server.poll_read, buf) == Poll.Ready(None)
    assert {got, bytes(buf.filled())} == {b"a", b"b"}
    client.close()
    server.close()


async def test_polling_takes_the_budget(pair):
    client, server = await pair()
    await client.write_all(b"x" * 1000)
    await server.readable()
    reads = []

    class Greedy(mezame.Future):
        def poll(self, cx):
            while len(reads) < 300:
                if server.poll_read(cx, ReadBuf(1)) is Poll.Pending:
                    break
                reads.append(mezame.task.coop.has_budget_remaining())
            else:
                return Poll.Ready(None)
            polls.append(len(reads))
            return Poll.Pending

    polls = []
    await Greedy()
    assert len(polls) == 2 and polls[0] <= 128
    client.close()
    server.close()


async def test_readable_and_try_read(pair):
    client, server = await pair()
    with pytest.raises(BlockingIOError):
        server.try_read()
    waiting = mezame.spawn(server.readable())
    await mezame.yield_now()
    assert not waiting.is_finished()
    await client.write_all(b"abcd")
    await waiting
    assert server.try_read(2) == b"ab"
    await server.readable()  # nothing found it empty: at once
    buffer = bytearray(5)
    assert server.try_read_into(buffer) == 2 and buffer[:2] == b"cd"
    with pytest.raises(BlockingIOError):
        server.try_read()
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.001, server.readable())  # that cleared the readiness
    with pytest.raises(TypeError, match="writable"):
        server.try_read_into(b"abc")
    with pytest.raises(ValueError, match="-1"):
        server.try_read(-1)
    client.close()
    await server.readable()
    assert server.try_read() == b""
    server.close()


async def test_writable_and_try_write(pair):
    client, server = await pair()
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += client.try_write(b"x" * 65536)
    waiting = mezame.spawn(client.writable())
    await mezame.yield_now()
    assert not waiting.is_finished()
    reading = mezame.spawn(server.read_to_end())
    await waiting
    sent += client.try_write_vectored([b"a", b"b"])
    client.close()
    assert len(await reading) == sent
    with pytest.raises(OSError):
        client.try_write(b"x")
    server.close()


async def test_ready_says_which_direction(pair):
    from mezame.io import Interest, Ready

    client, server = await pair()
    state = await server.ready(Interest.READABLE | Interest.WRITABLE)
    assert isinstance(state, Ready) and state.is_writable()
    with pytest.raises(BlockingIOError):
        server.try_read()
    waiting = mezame.spawn(server.ready(Interest.READABLE))
    await mezame.yield_now()
    assert not waiting.is_finished()
    assert await server.ready(Interest.READABLE | Interest.WRITABLE) == Ready.WRITABLE
    await client.write_all(b"x")
    assert (await waiting).is_readable()
    client.close()
    while await server.read():
        pass
    assert (await server.ready(Interest.READABLE)).is_readable()  # the end is there to be read, again and again
    with pytest.raises(ValueError, match="READABLE"):
        server.ready(Interest.PRIORITY)
    with pytest.raises(TypeError):
        server.ready("r")
    server.close()


async def test_a_dropped_wait_for_both_directions_leaves_no_waiter(pair):
    from mezame.io import Interest

    client, server = await pair()
    try:
        while True:
            server.try_write(b"x" * 65536)
    except BlockingIOError:
        pass
    with pytest.raises(BlockingIOError):
        server.try_read()
    waiting = server.ready(Interest.READABLE | Interest.WRITABLE)
    assert poll(CountingWaker(), waiting.poll) is Poll.Pending
    assert server.source.waiting() == (1, 1)
    waiting.close()
    assert server.source.waiting() == (0, 0)
    client.close()
    server.close()


async def test_try_io_and_async_io_are_for_calls_of_ones_own(pair):
    from mezame.io import Interest

    client, server = await pair()
    sock = server.get_socket()
    with pytest.raises(BlockingIOError):
        server.try_io(Interest.READABLE, lambda: sock.recv(10))
    own = mezame.spawn(server.async_io(Interest.READABLE, lambda: sock.recvmsg(10)[0]))
    await mezame.yield_now()
    await client.write_all(b"mine")
    assert await own == b"mine"
    with pytest.raises(ZeroDivisionError):
        await server.async_io(Interest.WRITABLE, lambda: 1 // 0)
    await server.write_all(b"still usable")
    assert await client.read() == b"still usable"
    with pytest.raises(ValueError, match="not both"):
        server.async_io(Interest.READABLE | Interest.WRITABLE, lambda: None)
    client.close()
    server.close()


async def test_poll_ready(pair):
    client, server = await pair()
    counting = CountingWaker()
    assert poll(counting, server.poll_write_ready) == Poll.Ready(None)
    with pytest.raises(BlockingIOError):
        server.try_read()
    assert poll(counting, server.poll_read_ready) is Poll.Pending
    await client.write_all(b"x")
    await server.readable()
    assert counting.wakes == 1 and poll(counting, server.poll_read_ready) == Poll.Ready(None)
    client.close()
    server.close()


# --- halves ----------------------------------------------------------------------------------------------------------


async def test_dropping_the_write_half_sends_the_end_of_stream_and_forget_does_not(pair):
    client, server = await pair()
    reader, writer = client.into_split()
    del client
    await writer.write_all(b"x")
    del writer
    gc.collect()
    assert await server.read_to_end() == b"x"
    await server.write_all(b"still")
    assert await reader.read() == b"still"
    del reader
    gc.collect()
    server.close()

    client, server = await pair()
    reader, writer = client.into_split()
    writer.forget()
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.01, server.read())
    with pytest.raises(OSError, match="closed"):
        writer.write(b"x")
    del reader, client, writer
    gc.collect()
    assert await server.read() == b""  # nobody holds the stream
    server.close()


async def test_reunite_takes_the_true_partner_only(pair):
    client, server = await pair()
    reader, writer = client.into_split()
    other_reader, other_writer = server.into_split()
    with pytest.raises(ReuniteError) as caught:
        reader.reunite(other_writer)
    assert caught.value.read_half is reader and caught.value.write_half is other_writer
    assert reader.reunite(writer) is client
    assert other_writer.reunite(other_reader) is server
    with pytest.raises(OSError, match="reunited"):
        await reader.read()
    with pytest.raises(ReuniteError):
        reader.reunite(writer)
    with pytest.raises(TypeError):
        reader.reunite(server)
    reader.close()
    writer.close()
    del reader, writer, caught
    gc.collect()
    await client.write_all(b"not shut down")
    assert await server.read() == b"not shut down"
    client.close()
    server.close()


async def test_halves_close_and_poll_and_try(pair):
    client, server = await pair()
    counting = CountingWaker()
    reader, writer = client.into_split()
    assert isinstance(reader, OwnedReadHalf) and isinstance(writer, OwnedWriteHalf)
    assert reader.local_addr() == writer.local_addr() == client.local_addr()
    assert reader.peer_addr() == writer.peer_addr() == client.peer_addr()
    with pytest.raises(BlockingIOError):
        reader.try_read()
    assert poll(counting, reader.poll_read, ReadBuf(3)) is Poll.Pending
    await writer.writable()
    assert writer.try_write(b"a") == 1
    assert poll(counting, writer.poll_write, b"b") == Poll.Ready(1)
    assert await writer.write_vectored([b"c", b"d"]) == 2
    await writer.flush()
    assert await server.read_exact(4) == b"abcd"
    await server.write_all(b"abcdefgh")
    await reader.readable()
    assert await reader.peek(1) == b"a"
    assert reader.try_read(1) == b"a"
    assert await reader.read_exact(2) == b"bc"
    into = bytearray(2)
    assert await reader.read_into(into) == 2 and into == b"de"
    async with writer:
        pass
    writer.close()
    assert await server.read() == b""
    assert await reader.read() == b"fgh"
    reader.close()
    with pytest.raises(OSError, match="closed"):
        await reader.read()
    with pytest.raises(OSError, match="closed"):
        writer.try_write(b"x")
    client.close()
    server.close()


async def test_a_half_outlives_a_stream_that_was_closed(pair):
    client, server = await pair()
    reader, writer = client.into_split()
    client.close()
    with pytest.raises(OSError):
        await reader.read()
    writer.close()
    server.close()


# --- TCP only --------------------------------------------------------------------------------------------------------


async def test_tcp_options():
    client, server = await tcp_pair()
    client.set_nodelay(False)
    assert not client.nodelay()
    assert client.linger() is None
    client.set_linger(3)
    assert client.linger() == 3
    client.set_linger(None)
    assert client.linger() is None
    client.set_ttl(42)
    assert client.ttl() == 42
    client.set_quickack(True)
    assert client.quickack()
    client.set_quickack(False)
    assert not client.quickack()
    for bad in (0, 256, -1):
        with pytest.raises(ValueError, match=str(bad)):
            client.set_ttl(bad)
    with pytest.raises(TypeError):
        client.set_linger(1.5)
    assert client.take_error() is None
    client.set_zero_linger()
    client.close()
    with pytest.raises(ConnectionResetError):
        await server.read()
    server.close()


async def test_take_error_gives_the_pending_error_once():
    client, server = await tcp_pair()
    server.set_zero_linger()
    server.close()
    await client.readable()
    error = client.take_error()
    assert isinstance(error, ConnectionResetError)
    assert client.take_error() is None
    client.close()


async def test_poll_accept_and_listener_options():
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        listener.set_ttl(33)
        assert listener.ttl() == 33
        counting = CountingWaker()
        assert poll(counting, listener.poll_accept) is Poll.Pending
        client = await TcpStream.connect(listener.local_addr())
        await listener.readable()
        assert counting.wakes == 1
        found = poll(counting, listener.poll_accept)
        server, address = found.value
        assert address == client.local_addr()
        assert poll(counting, listener.poll_accept) is Poll.Pending
        client.close()
        server.close()
        assert listener.take_error() is None


async def test_from_std_and_into_std():
    ours, theirs = socket.socketpair()
    with pytest.raises(OSError):
        TcpStream.from_std(socket.socket()).peer_addr()
    stream = TcpStream.from_std(ours)
    assert not ours.getblocking()
    sock = stream.into_std()
    assert sock is ours and not sock.getblocking() and stream.is_closed()
    sock.close()
    theirs.close()


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_reader_and_a_writer_task_with_a_real_peer(flavor):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    data = bytes(range(251)) * 8000

    def echo():
        sock, _ = listener.accept()
        with sock:
            while chunk := sock.recv(65536):
                sock.sendall(chunk)
            sock.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=echo, daemon=True)
    thread.start()

    async def main():
        stream = await TcpStream.connect(listener.getsockname())
        reader, writer = stream.into_split()

        async def send():
            await writer.write_all(data)
            writer.close()

        sending = mezame.spawn(send())
        got = await mezame.spawn(reader.read_to_end())
        await sending
        return got

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == data
    thread.join(10)
    listener.close()
