"""TCP on loopback: reading, writing, halves, and what goes wrong."""

import errno
import resource
import socket
import struct

import pytest
from polling import until

import mezame
from mezame.net import Listener, TcpListener, TcpSocket, TcpStream, UnexpectedEof, UnixListener, lookup_host

pytestmark = pytest.mark.mezame


async def pair():
    listener = await TcpListener.bind("127.0.0.1:0")
    connecting = mezame.spawn(TcpStream.connect(listener.local_addr()))
    server, _ = await listener.accept()
    client = await connecting
    listener.close()
    return client, server


async def test_bytes_go_both_ways_and_the_end_is_seen():
    client, server = await pair()
    await client.write_all(b"hello")
    assert await server.read_exact(5) == b"hello"
    await server.write_all(b"world")
    assert await client.read() == b"world"
    client.shutdown()
    assert await server.read() == b""
    await server.write_all(b"after half-close")
    assert await client.read() == b"after half-close"
    client.close()
    server.close()


async def test_large_writes_wait_for_the_reader():
    client, server = await pair()
    data = bytes(range(256)) * 20_000

    async def send():
        await client.write_all(data)
        client.close()

    task = mezame.spawn(send())
    got = bytearray()
    while chunk := await server.read(100_000):
        got += chunk
    await task
    assert got == data


async def test_a_peer_that_never_reads_blocks_the_writer_only():
    client, server = await pair()
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.05, client.write_all(b"x" * 50_000_000))
    client.close()
    server.close()


async def test_read_into_peek_vectored_and_try():
    client, server = await pair()
    assert await client.write_vectored([b"ab", b"", b"cd"]) == 4
    assert await server.peek(2) == b"ab"
    buffer = bytearray(3)
    assert await server.read_into(buffer) == 3 and buffer == b"abc"
    assert await server.read() == b"d"
    with pytest.raises(BlockingIOError):
        server.try_read()
    with pytest.raises(UnexpectedEof) as caught:
        await client.write_all(b"12")
        client.shutdown()
        await server.read_exact(5)
    assert caught.value.partial == b"12"
    client.close()
    server.close()


async def test_close_while_another_task_reads_makes_it_raise():
    client, server = await pair()
    reading = mezame.spawn(client.read())
    await mezame.yield_now()
    client.close()
    with pytest.raises(OSError) as caught:
        await reading
    assert caught.value.errno == errno.EBADF
    server.close()


async def test_a_cancelled_read_loses_nothing_and_leaves_no_waiter():
    client, server = await pair()
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.01, server.read())
    assert server.source.waiting() == (0, 0)
    await client.write_all(b"kept")
    assert await server.read() == b"kept"
    client.close()
    server.close()


async def test_several_readers_of_one_stream_all_wake():
    client, server = await pair()
    tasks = [mezame.spawn(server.read(1)) for _ in range(3)]
    await mezame.yield_now()
    await client.write_all(b"abc")
    assert sorted([await task for task in tasks]) == [b"a", b"b", b"c"]
    client.close()
    server.close()


async def test_reset_is_an_error():
    client, server = await pair()
    client.get_socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    with pytest.raises(ConnectionResetError):
        await server.read()
    server.close()


async def test_refused_and_in_use_name_the_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(ConnectionRefusedError, match=str(port)):
            await TcpStream.connect(("127.0.0.1", port))
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        with pytest.raises(OSError, match="cannot listen") as caught:
            await TcpListener.bind(listener.local_addr())
        assert caught.value.errno == errno.EADDRINUSE


async def test_several_addresses_the_first_that_answers_wins():
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        stream = await TcpStream.connect([("::1", 1), listener.local_addr()])
        assert stream.peer_addr() == listener.local_addr()
        stream.close()


async def test_ipv6():
    try:
        listener = await TcpListener.bind("[::1]:0")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    connecting = mezame.spawn(TcpStream.connect(listener.local_addr()))
    server, peer = await listener.accept()
    assert peer[0] == "::1"
    (await connecting).close()
    server.close()
    listener.close()


async def test_an_ipv6_address_without_its_brackets_is_told_how_it_is_written():
    for wrong, right in (
        ("::1:80", "[::1]:80"), ("[::1:80", "[::1]:80"), ("::1]:80", "[::1]:80"), ("a:b:80", "[ipv6]:port"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="an IPv6 address with a port is written ") as caught:
            await TcpStream.connect(wrong)
        assert repr(wrong) in str(caught.value) and str(caught.value).endswith(repr(right))


async def test_split_halves_and_fin_on_drop():
    client, server = await pair()
    reader, writer = client.into_split()
    await writer.write_all(b"one")
    writer.close()
    assert await server.read() == b"one"
    assert await server.read() == b""
    await server.write_all(b"two")
    assert await reader.read() == b"two"
    server.close()


async def test_a_dropped_stream_leaves_the_driver():
    client, server = await pair()
    poller = mezame.Handle.current().driver.poller
    before = len(poller.sources())
    del client
    assert len(poller.sources()) == before - 1
    assert await server.read() == b""
    server.close()


async def test_accept_goes_on_after_too_many_open_files(caplog):
    listener = await TcpListener.bind("127.0.0.1:0")
    connecting = socket.create_connection(listener.local_addr())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    accepting = mezame.spawn(listener.accept())
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        await until(lambda: "trying again" in caplog.text)
        assert not accepting.is_finished()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    stream, _ = await accepting
    stream.close()
    connecting.close()
    listener.close()


async def test_lookup_host():
    assert await lookup_host("127.0.0.1:80") == [("127.0.0.1", 80)]
    assert ("127.0.0.1", 80) in await lookup_host(("localhost", 80)) or await lookup_host(("localhost", 80))
    with pytest.raises(ValueError, match="port"):
        await lookup_host(("x", 99999))
    with pytest.raises(ValueError, match="host:port"):
        await lookup_host("no-port")


async def test_tcp_socket_options():
    sock = TcpSocket.new_v4()
    sock.set_reuseaddr(True)
    sock.set_nodelay(True)
    sock.set_keepalive(True)
    assert sock.reuseaddr() and sock.nodelay() and sock.keepalive()
    await sock.bind("127.0.0.1:0")
    listener = sock.listen()
    client = await TcpSocket.new_v4().connect(listener.local_addr())
    client.close()
    listener.close()
    with pytest.raises(RuntimeError):
        sock.local_addr()


async def test_tcp_socket_reads_its_options_back():
    sock = TcpSocket.new_v4()
    assert sock.linger() is None
    sock.set_linger(2)
    assert sock.linger() == 2
    sock.set_zero_linger()
    assert sock.linger() == 0
    sock.set_linger(None)
    assert sock.linger() is None
    sock.set_tos(0x10)
    assert sock.tos() == 0x10
    sock.set_reuseport(True)
    assert sock.reuseport()
    sock.set_send_buffer_size(20_000)
    sock.set_recv_buffer_size(30_000)
    assert sock.send_buffer_size() >= 20_000 and sock.recv_buffer_size() >= 30_000
    assert sock.device() is None and sock.take_error() is None
    for call in (sock.tclass_v6, lambda: sock.set_tclass_v6(1)):
        with pytest.raises(TypeError, match="set_tos"):
            call()
    with pytest.raises(ValueError, match="-1"):
        sock.set_linger(-1)
    with pytest.raises(OSError):
        sock.bind_device("no-such-device")
    sock.close()


async def test_tcp_socket_reads_its_traffic_class_back():
    try:
        six = TcpSocket.new_v6()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    six.set_tclass_v6(8)
    assert six.tclass_v6() == six.tos() == 8
    six.close()


async def test_listeners_are_listeners(tmp_path):
    with UnixListener.bind(tmp_path / "s") as unix:
        async with await TcpListener.bind("127.0.0.1:0") as tcp:
            assert isinstance(tcp, Listener) and isinstance(unix, Listener)
    assert not isinstance(socket.socket, Listener)


async def test_idle_connections_make_no_driver_turns():
    client, server = await pair()
    reading = mezame.spawn(server.read())
    await until(lambda: server.source.waiting() != (0, 0))
    poller = mezame.Handle.current().driver.poller
    before = poller.waits
    await mezame.sleep(0.05)  # orders nothing: one that is not idle would make many turns meanwhile
    assert poller.waits - before <= 4
    client.close()
    assert await reading == b""
    server.close()
