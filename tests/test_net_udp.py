"""UDP on loopback, against Python's own sockets and against itself."""

import errno
import socket
import threading

import pytest
from polling import CountingWaker

import mezame
from mezame import Poll
from mezame.io import ReadBuf
from mezame.net import UdpSocket

pytestmark = pytest.mark.mezame


@pytest.fixture
def peer():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


async def bound():
    return await UdpSocket.bind("127.0.0.1:0")


async def test_send_to_and_recv_from(peer):
    async with await bound() as sock:
        assert await sock.send_to(b"hello", peer.getsockname()) == 5
        assert peer.recvfrom(100) == (b"hello", sock.local_addr())
        peer.sendto(b"world", sock.local_addr())
        assert await sock.recv_from() == (b"world", peer.getsockname())
        assert await sock.send_to(b"named", f"localhost:{peer.getsockname()[1]}") == 5
        assert peer.recv(100) == b"named"


async def test_connect_filters_the_peer_and_may_be_repeated(peer):
    async with await bound() as sock, await bound() as stranger:
        with pytest.raises(OSError):
            await sock.send(b"to nobody")
        await sock.connect(peer.getsockname())
        assert sock.peer_addr() == peer.getsockname()
        assert await sock.send(b"hi") == 2
        assert peer.recv(10) == b"hi"
        await stranger.send_to(b"not heard", sock.local_addr())
        peer.sendto(b"heard", sock.local_addr())
        assert await sock.recv() == b"heard"
        await sock.connect(stranger.local_addr())
        await stranger.send_to(b"now heard", sock.local_addr())
        assert await sock.recv() == b"now heard"


async def test_a_long_message_is_cut_and_an_empty_one_is_a_message(peer):
    async with await bound() as sock:
        for message in (b"0123456789", b"", b"last", b"whole", b"cut to nothing", b"and this", b"end"):
            peer.sendto(message, sock.local_addr())
        assert await sock.recv(4) == b"0123"
        assert await sock.recv() == b""
        buffer = bytearray(2)
        assert await sock.recv_from_into(buffer) == (2, peer.getsockname()) and buffer == b"la"
        buffer = bytearray(10)
        assert await sock.recv_into(buffer) == 5 and buffer[:5] == b"whole"
        assert await sock.recv(0) == b"" and await sock.recv_into(bytearray()) == 0
        assert await sock.recv() == b"end"
        with pytest.raises(OSError) as caught:
            await sock.send_to(b"x" * 70_000, peer.getsockname())
        assert caught.value.errno == errno.EMSGSIZE


async def test_many_tasks_share_one_socket(peer):
    async with await bound() as sock:
        readers = [mezame.spawn(sock.recv()) for _ in range(5)]
        await mezame.yield_now()
        assert sock.source.waiting() == (5, 0)
        messages = [b"%d" % n for n in range(5)]
        for message in messages:
            peer.sendto(message, sock.local_addr())
        assert sorted([await one for one in readers]) == messages
        senders = [mezame.spawn(sock.send_to(message, peer.getsockname())) for message in messages]
        for one in senders:
            await one
        assert sorted(peer.recv(10) for _ in range(5)) == messages


@pytest.mark.parametrize("how", ["timeout", "abort"])
async def test_a_cancelled_recv_loses_nothing(peer, how):
    async with await bound() as sock:
        if how == "timeout":
            with pytest.raises(TimeoutError):
                await mezame.timeout(0.001, sock.recv_from())
        else:
            task = mezame.spawn(sock.recv())
            await mezame.yield_now()
            peer.sendto(b"kept", sock.local_addr())
            await sock.readable()  # it was woken, and has not run since
            task.abort()
            try:
                peer.sendto(await task, sock.local_addr())
            except mezame.JoinError:
                pass
        assert sock.source.waiting() == (0, 0)
        peer.sendto(b"kept", sock.local_addr())
        assert await sock.recv() == b"kept"


async def test_peek_leaves_the_message(peer):
    async with await bound() as sock:
        peer.sendto(b"abc", sock.local_addr())
        assert await sock.peek(2) == b"ab"
        assert await sock.peek_from() == (b"abc", peer.getsockname())
        assert await sock.peek_sender() == peer.getsockname()
        assert await sock.recv() == b"abc"


async def test_try(peer):
    async with await bound() as sock:
        for attempt in (sock.try_recv, sock.try_recv_from, sock.try_peek, sock.try_peek_from, sock.try_peek_sender):
            with pytest.raises(BlockingIOError):
                attempt()
        for n in range(5):
            peer.sendto(b"%d" % n, sock.local_addr())
        await sock.readable()
        assert sock.try_peek() == b"0" and sock.try_peek_sender() == peer.getsockname()
        assert sock.try_peek_from() == (b"0", peer.getsockname())
        assert sock.try_recv() == b"0"
        assert sock.try_recv_from() == (b"1", peer.getsockname())
        buffer = bytearray(3)
        assert sock.try_recv_into(buffer) == 1 and buffer[:1] == b"2"
        assert sock.try_recv_from_into(buffer) == (1, peer.getsockname())
        assert sock.try_send_to(b"x", peer.getsockname()) == 1 and peer.recv(10) == b"x"
        with pytest.raises(ValueError, match="resolved"):
            sock.try_send_to(b"x", ("localhost", 1))
        await sock.connect(peer.getsockname())
        assert sock.try_send(b"y") == 1 and peer.recv(10) == b"y"


async def test_poll(peer):
    async with await bound() as sock:
        first, second = CountingWaker(), CountingWaker()
        buf = ReadBuf(10)
        assert sock.poll_recv(first.cx, buf) is Poll.Pending
        assert sock.poll_recv_from(second.cx, buf) is Poll.Pending
        for n in range(3):
            peer.sendto(b"m%d" % n, sock.local_addr())
        await sock.readable()
        assert (first.wakes, second.wakes) == (0, 1)
        assert sock.poll_recv_ready(first.cx) == Poll.Ready(None) == sock.poll_send_ready(first.cx)
        assert sock.poll_peek_sender(first.cx) == Poll.Ready(peer.getsockname())
        assert sock.poll_peek(first.cx, buf) == Poll.Ready(None)
        assert sock.poll_peek_from(first.cx, buf) == Poll.Ready(peer.getsockname())
        assert sock.poll_recv(first.cx, buf) == Poll.Ready(None)
        assert bytes(buf.filled()) == b"m0m0m0"
        assert sock.poll_recv_from(first.cx, ReadBuf(0)) == Poll.Ready(peer.getsockname())
        buf.clear()
        assert sock.poll_recv_from(first.cx, buf) == Poll.Ready(peer.getsockname())
        assert bytes(buf.filled()) == b"m2"
        assert sock.poll_send_to(first.cx, b"t", peer.getsockname()) == Poll.Ready(1) and peer.recv(9) == b"t"
        await sock.connect(peer.getsockname())
        assert sock.poll_send(first.cx, b"s") == Poll.Ready(1) and peer.recv(9) == b"s"


async def test_nobody_at_the_other_end_is_an_error_of_a_connected_socket():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    async with await bound() as sock:
        await sock.connect(address)
        await sock.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            await sock.recv()


async def test_close_while_another_task_receives_makes_it_raise():
    sock = await bound()
    receiving = mezame.spawn(sock.recv_from())
    await mezame.yield_now()
    sock.close()
    with pytest.raises(OSError) as caught:
        await receiving
    assert caught.value.errno == errno.EBADF
    with pytest.raises(OSError):
        await sock.send_to(b"x", ("127.0.0.1", 9))


async def test_a_dropped_socket_leaves_the_driver():
    sock = await bound()
    poller = mezame.Handle.current().driver.poller
    before = len(poller.sources())
    del sock
    assert len(poller.sources()) == before - 1


async def test_multicast_v4_on_loopback():
    group = "239.255.77.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as std:
        std.bind(("", 0))
        port = std.getsockname()[1]
        sock = UdpSocket.from_std(std)
        try:
            sock.join_multicast_v4(group, "127.0.0.1")
        except OSError:
            pytest.skip("no multicast here")
        sender = await bound()
        sender.get_socket().setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.set_multicast_loop_v4(True)
        sender.set_multicast_ttl_v4(1)
        assert sender.multicast_loop_v4() and sender.multicast_ttl_v4() == 1
        await sender.send_to(b"all", (group, port))
        assert (await mezame.timeout(5, sock.recv_from()))[0] == b"all"
        sock.leave_multicast_v4(group, "127.0.0.1")
        with pytest.raises(OSError):
            sock.leave_multicast_v4(group, "127.0.0.1")
        sender.set_multicast_loop_v4(False)
        assert not sender.multicast_loop_v4()
        with pytest.raises(ValueError, match="nonsense"):
            sock.join_multicast_v4("nonsense")
        sender.close()


async def test_multicast_v6_options():
    try:
        sock = await UdpSocket.bind("[::1]:0")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    sock.set_multicast_loop_v6(False)
    assert not sock.multicast_loop_v6()
    sock.set_multicast_loop_v6(True)
    assert sock.multicast_loop_v6()
    lo = socket.if_nametoindex("lo")
    try:
        sock.join_multicast_v6("ff01::77", lo)
    except OSError:
        pytest.skip("no IPv6 multicast here")
    sock.leave_multicast_v6("ff01::77", lo)
    with pytest.raises(ValueError, match="-1"):
        sock.join_multicast_v6("ff01::77", -1)
    sock.close()


async def test_options():
    async with await bound() as sock:
        assert not sock.broadcast()
        sock.set_broadcast(True)
        assert sock.broadcast()
        sock.set_ttl(7)
        assert sock.ttl() == 7
        sock.set_tos(0x10)
        assert sock.tos() == 0x10
        assert sock.device() is None
        assert sock.take_error() is None
        with pytest.raises(OSError):
            sock.peer_addr()
        with pytest.raises(ValueError, match="300"):
            sock.set_tos(300)
        with pytest.raises(ValueError, match="15 characters"):
            sock.bind_device("x" * 16)


async def test_ipv6_and_the_wrong_family(peer):
    try:
        sock = await UdpSocket.bind("[::1]:0")
    except OSError:
        pytest.skip("no IPv6 on this machine")
    async with sock, await UdpSocket.bind(("::1", 0)) as other:
        sock.set_ttl(9)
        sock.set_tos(4)
        assert sock.ttl() == 9 and sock.tos() == 4
        await sock.send_to(b"six", other.local_addr())
        message, sender = await other.recv_from()
        assert message == b"six" and sender[:2] == sock.local_addr()[:2]
        with pytest.raises(OSError, match="AF_INET6"):
            await sock.send_to(b"x", peer.getsockname())
        with pytest.raises(OSError, match="AF_INET6"):
            await sock.connect(peer.getsockname())


async def test_bind_tries_every_address_and_names_the_last(peer):
    taken = peer.getsockname()
    async with await UdpSocket.bind([taken, ("127.0.0.1", 0)]) as sock:
        assert sock.local_addr() != taken
    with pytest.raises(OSError, match=str(taken[1])) as caught:
        await UdpSocket.bind(taken)
    assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(ValueError):
        await UdpSocket.bind([])


async def test_bad_input(peer):
    async with await bound() as sock:
        for call in (sock.recv, sock.recv_from, sock.peek, sock.peek_from, sock.try_recv):
            with pytest.raises(ValueError, match="-5"):
                call(-5)
            with pytest.raises(TypeError, match=r"1\.5"):
                call(1.5)
        with pytest.raises(TypeError, match="encode"):
            sock.send_to("text", peer.getsockname())
        with pytest.raises(TypeError, match="writable"):
            sock.recv_into(b"const")
        with pytest.raises(ValueError, match="port"):
            sock.send_to(b"x", ("127.0.0.1", 70000))
        with pytest.raises(TypeError):
            sock.send_to(b"x", 7)


def test_without_a_runtime_it_raises():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as std, pytest.raises(RuntimeError, match="runtime"):
        UdpSocket.from_std(std)


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_echo_against_a_thread(flavor):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)

        def echo():
            for _ in range(200):
                data, sender = server.recvfrom(2000)
                server.sendto(data[::-1], sender)

        thread = threading.Thread(target=echo, daemon=True)
        thread.start()

        async def main():
            async with await bound() as sock:
                await sock.connect(server.getsockname())
                got = []

                async def one(n):  # all share the socket: whoever is woken takes the next message
                    for k in range(20):
                        await sock.send(b"%d-%d" % (n, k))
                        got.append(await sock.recv())

                await mezame.join_all([mezame.spawn(one(n)) for n in range(10)])
                return got

        with mezame.Runtime(flavor) as runtime:
            got = runtime.block_on(main())
        thread.join(10)
        assert sorted(got) == sorted((b"%d-%d" % (n, k))[::-1] for n in range(10) for k in range(20))
