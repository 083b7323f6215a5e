"""Unix sockets: what is theirs beside the byte stream (which test_net_streams.py tests for both kinds)."""

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest
from polling import CountingWaker

import mezame
from mezame import Poll
from mezame.io import ReadBuf
from mezame.net import FdsLost, UCred, UnixDatagram, UnixListener, UnixSocket, UnixSocketAddr, UnixStream

pytestmark = pytest.mark.mezame


# --- streams ---------------------------------------------------------------------------------------------------------


async def test_listener_and_stream_at_a_path(tmp_path):
    path = tmp_path / "a.sock"
    async with UnixListener.bind(path) as listener:
        assert listener.local_addr().as_pathname() == path
        for name in (path, str(path), os.fsencode(path), UnixSocketAddr(path)):
            client = await UnixStream.connect(name)
            server, address = await listener.accept()
            assert address.is_unnamed() and client.local_addr().is_unnamed() and server.peer_addr().is_unnamed()
            assert client.peer_addr() == listener.local_addr() == server.local_addr()
            await client.write_all(b"ping")
            assert await server.read() == b"ping"
            client.close()
            assert await server.read() == b""
            server.close()
    assert stat.S_ISSOCK(path.stat().st_mode)  # close leaves the file
    with pytest.raises(OSError, match=r"a\.sock") as caught:
        UnixListener.bind(path)
    assert caught.value.errno == errno.EADDRINUSE
    with pytest.raises(ConnectionRefusedError, match=r"a\.sock"):
        await UnixStream.connect(path)
    with pytest.raises(FileNotFoundError, match=r"none\.sock"):
        await UnixStream.connect(tmp_path / "none.sock")


async def test_abstract_names():
    name = b"\0mezame-test-%d" % os.getpid()
    async with UnixListener.bind(name) as listener:
        address = listener.local_addr()
        assert address.as_abstract_name() == name[1:] and address.as_pathname() is None and not address.is_unnamed()
        client = await UnixStream.connect(address)
        server, _ = await listener.accept()
        await server.write_all(b"x")
        assert await client.read() == b"x"
        client.close()
        server.close()
    with pytest.raises(ConnectionRefusedError):
        await UnixStream.connect(name.decode())
    UnixListener.bind(name).close()  # gone with its socket: no file is in the way


async def test_peer_cred():
    left, right = UnixStream.pair()
    assert left.peer_cred() == right.peer_cred() == UCred(os.getuid(), os.getgid(), os.getpid())
    assert left.peer_cred().uid == os.getuid()
    left.close()
    right.close()


async def test_accept_by_poll_by_loop_and_cancelled(tmp_path):
    path = tmp_path / "s"
    async with UnixListener.bind(path) as listener:
        counting = CountingWaker()
        assert listener.poll_accept(counting.cx) is Poll.Pending
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.001, listener.accept())
        clients = [await UnixStream.connect(path) for _ in range(3)]
        await listener.readable()
        assert counting.wakes == 1
        accepted = [listener.poll_accept(counting.cx).value[0]]
        async for stream, _ in listener.incoming():
            accepted.append(stream)
            if len(accepted) == 3:
                break
        for n, one in enumerate(clients):
            await one.write_all(b"%d" % n)
        assert [await one.read() for one in accepted] == [b"0", b"1", b"2"]
        for one in clients + accepted:
            one.close()


async def test_connect_waits_while_the_queue_of_the_listener_is_full(tmp_path):
    path = tmp_path / "s"
    async with UnixListener.bind(path, backlog=0) as listener:
        first = await UnixStream.connect(path)
        with pytest.raises(TimeoutError):
            await UnixStream.connect(path, timeout=0.01)
        second = mezame.spawn(UnixStream.connect(path))
        await mezame.yield_now()
        assert not second.is_finished()
        server, _ = await listener.accept()
        other = await second
        again, _ = await listener.accept()
        await other.write_all(b"second")
        assert await again.read() == b"second"
        for one in (first, server, other, again):
            one.close()


async def test_a_failed_connect_leaves_no_descriptor(tmp_path):
    poller = mezame.Handle.current().driver.poller
    before = len(poller.sources()), len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            await UnixStream.connect(tmp_path / "none")
        with pytest.raises(OSError, match="cannot listen"):
            UnixListener.bind(tmp_path / "no" / "folder")
    assert (len(poller.sources()), len(os.listdir("/proc/self/fd"))) == before


async def test_against_pythons_own_sockets(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as std:
        std.bind(path)
        std.listen()
        std.settimeout(10)

        def serve():
            sock, _ = std.accept()
            with sock:
                sock.sendall(sock.recv(100).upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        async with await UnixStream.connect(path) as stream:
            await stream.write_all(b"hello")
            assert await stream.read_to_end() == b"HELLO"
        thread.join(10)


# --- addresses -------------------------------------------------------------------------------------------------------


def test_addresses():
    assert UnixSocketAddr("/a") == UnixSocketAddr(Path("/a")) == UnixSocketAddr(UnixSocketAddr(b"/a"))
    assert UnixSocketAddr("/a") != UnixSocketAddr("/b") and UnixSocketAddr("/a") != "/a"
    assert len({UnixSocketAddr("/a"), UnixSocketAddr(b"/a"), UnixSocketAddr(b"\0a")}) == 2
    assert UnixSocketAddr("").is_unnamed() and "unnamed" in repr(UnixSocketAddr(b""))
    assert repr(UnixSocketAddr("/a")) == "UnixSocketAddr('/a')"
    assert UnixSocketAddr("\0ab").as_abstract_name() == b"ab"
    UnixSocketAddr("x" * 107)
    UnixSocketAddr(b"\0" + b"x" * 107)
    with pytest.raises(ValueError, match="at most 107"):
        UnixSocketAddr("x" * 108)
    with pytest.raises(ValueError, match="at most 107"):
        UnixSocketAddr(b"\0" + b"x" * 108)
    with pytest.raises(ValueError, match="NUL"):
        UnixSocketAddr("a\0b")
    with pytest.raises(TypeError, match="7"):
        UnixSocketAddr(7)


async def test_bad_addresses():
    for call in (UnixListener.bind, UnixDatagram.bind):
        with pytest.raises(ValueError, match="empty"):
            call("")
        with pytest.raises(ValueError, match="at most 107"):
            call("/" + "x" * 200)
    with pytest.raises(ValueError, match="empty"):
        await UnixStream.connect(b"")


# --- descriptors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [UnixStream, UnixDatagram])
async def test_descriptors_travel(kind, tmp_path):
    left, right = kind.pair()
    (tmp_path / "f").write_bytes(b"content")
    with open(tmp_path / "f", "rb") as file:
        receiving = mezame.spawn(right.recv_fds(100, 4))
        await mezame.yield_now()
        assert not receiving.is_finished()
        assert await left.send_fds(b"take this", [file, file.fileno()]) == 9
        data, fds = await receiving
    assert data == b"take this" and len(fds) == 2
    for fd in fds:
        assert not os.get_inheritable(fd)
    assert os.read(fds[0], 3) == b"con" and os.read(fds[1], 10) == b"tent"  # one open file
    for fd in fds:
        os.close(fd)
    left.close()
    right.close()


async def test_too_many_descriptors_are_closed_and_raise():
    left, right = UnixStream.pair()
    before = len(os.listdir("/proc/self/fd"))
    await left.send_fds(b"x", [0] * 40)
    with pytest.raises(FdsLost, match="max_fds=1") as caught:
        await right.recv_fds(10, 1)
    assert caught.value.data == b"x"
    assert len(os.listdir("/proc/self/fd")) == before
    await left.write_all(b"still usable")
    assert await right.recv_fds(100, 1) == (b"still usable", [])
    with pytest.raises(ValueError, match="one byte"):
        left.send_fds(b"", [0])
    with pytest.raises(ValueError, match="-1"):
        left.send_fds(b"x", [-1])
    with pytest.raises(ValueError, match="253"):
        left.send_fds(b"x", [0] * 254)
    with pytest.raises(ValueError, match="-3"):
        right.recv_fds(10, -3)
    with pytest.raises(TypeError, match=r"fileno\(\), not 'x'"):
        left.send_fds(b"x", ["x"])
    await left.write_all(b"abc")
    assert await right.recv_fds(10**12, 10**9) == (b"abc", [])
    left.close()
    assert await right.recv_fds() == (b"", [])
    right.close()


async def test_a_cancelled_recv_fds_loses_nothing():
    left, right = UnixStream.pair()
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.001, right.recv_fds())
    with open(os.devnull) as file:
        await left.send_fds(b"x", [file])
    data, (fd,) = await right.recv_fds()
    assert data == b"x"
    os.close(fd)
    left.close()
    right.close()


# --- datagrams -------------------------------------------------------------------------------------------------------


async def test_datagrams_by_path(tmp_path):
    with UnixDatagram.bind(tmp_path / "a") as a, UnixDatagram.bind(tmp_path / "b") as b:
        assert await a.send_to(b"one", tmp_path / "b") == 3
        message, sender = await b.recv_from()
        assert message == b"one" and sender.as_pathname() == tmp_path / "a"
        await b.send_to(b"two", sender)
        assert await a.peek_from() == (b"two", b.local_addr())
        assert await a.peek_sender() == b.local_addr()
        buffer = bytearray(2)
        assert await a.recv_from_into(buffer) == (2, b.local_addr()) and buffer == b"tw"
        with UnixDatagram.unbound() as loose:
            assert loose.local_addr().is_unnamed()
            await loose.send_to(b"", tmp_path / "a")
            assert await a.recv_from() == (b"", UnixSocketAddr(b""))
            loose.connect(tmp_path / "b")
            assert loose.peer_addr() == b.local_addr()
            assert await loose.send(b"three") == 5
            assert loose.try_send(b"four") == 4
            assert [await b.recv(), await b.recv()] == [b"three", b"four"]
        assert a.try_send_to(b"five", b.local_addr()) == 4
        await b.readable()
        assert b.try_recv_from() == (b"five", a.local_addr())
        with pytest.raises(FileNotFoundError):
            await a.send_to(b"x", tmp_path / "none")
    with UnixDatagram.unbound() as loose, pytest.raises(ConnectionRefusedError):
        await loose.send_to(b"x", tmp_path / "a")


async def test_send_waits_while_the_peers_queue_is_full():
    left, right = UnixDatagram.pair()
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            left.try_send(b"%d" % sent)
            sent += 1
    sending = mezame.spawn(left.send(b"%d" % sent))
    await mezame.yield_now()
    assert not sending.is_finished()
    got = [await right.recv() for _ in range(sent + 1)]  # the last one is there only once the sender was woken
    await sending
    assert got == [b"%d" % n for n in range(sent + 1)]
    left.close()
    with pytest.raises(OSError):
        await right.send(b"x")
    right.close()


def full_receiver(tmp_path):
    """A receiver whose queue is full, and a socket that sends to it without being connected."""
    receiver, loose = UnixDatagram.bind(tmp_path / "full"), UnixDatagram.unbound()
    with pytest.raises(BlockingIOError):
        while True:
            loose.try_send_to(b"x", receiver.local_addr())
    return receiver, loose


@pytest.mark.mezame(start_paused=True)
@pytest.mark.parametrize("way", ["poll_send_to", "send_to"])
async def test_who_waits_for_room_in_anothers_queue_does_not_spin(tmp_path, way):
    receiver, loose = full_receiver(tmp_path)
    async with receiver, loose:
        polls = 0
        sending = loose.send_to(b"mine", receiver.local_addr())

        def poll(cx):
            nonlocal polls
            polls += 1
            if way == "send_to":
                return sending.poll(cx)
            return loose.poll_send_to(cx, b"mine", receiver.local_addr())

        async def drains():
            await mezame.sleep(1.0)
            while await receiver.recv() != b"mine":
                pass

        draining = mezame.spawn(drains())
        turns = mezame.Handle.current().metrics().driver_turns_count
        assert await mezame.future.poll_fn(poll) == 4
        await draining
        # 1, 2, 4, 8, 16 ms, then every 20 ms of the second; one more after it.
        assert 40 < polls <= 60
        assert mezame.Handle.current().metrics().driver_turns_count - turns < 400


@pytest.mark.mezame(start_paused=True)
async def test_a_poll_send_to_another_address_does_not_wait_for_the_first(tmp_path):
    receiver, loose = full_receiver(tmp_path)
    other = UnixDatagram.bind(tmp_path / "other")
    async with receiver, loose, other:
        counting = CountingWaker()
        assert loose.poll_send_to(counting.cx, b"x", receiver.local_addr()) is Poll.Pending
        assert loose.poll_send_to(counting.cx, b"y", other.local_addr()) == Poll.Ready(1)
        assert loose.poll_send_to(counting.cx, b"x", receiver.local_addr()) is Poll.Pending
        await mezame.sleep(0.01)
        assert counting.wakes == 1, "of the pause that goes on; the one that was given up woke nobody"
        assert await other.recv() == b"y"
        with pytest.raises(FileNotFoundError):
            loose.poll_send_to(counting.cx, b"x", tmp_path / "none")


async def test_send_to_goes_on_although_others_had_filled_the_queue(tmp_path):
    with UnixDatagram.bind(tmp_path / "r") as receiver, UnixDatagram.unbound() as a, UnixDatagram.unbound() as b:
        filled = 0
        with pytest.raises(BlockingIOError):
            while True:
                a.try_send_to(b"x", receiver.local_addr())
                filled += 1
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.005, b.send_to(b"never", receiver.local_addr()))
        poller = mezame.Handle.current().driver.poller
        sending = mezame.spawn(b.send_to(b"mine", receiver.local_addr()))
        before = poller.waits
        await mezame.sleep(0.05)
        assert not sending.is_finished()
        assert poller.waits - before < 50  # it does not spin
        for _ in range(filled):
            assert await receiver.recv() == b"x"
        assert await sending == 4
        assert await receiver.recv() == b"mine"
        assert b.source.waiting() == (0, 0)
        sending = b.send_to(b"x", receiver.local_addr())
        sending.close()
        with pytest.raises(RuntimeError):
            await sending
        b.close()
        with pytest.raises(OSError) as caught:
            await b.send_to(b"x", receiver.local_addr())
        assert caught.value.errno == errno.EBADF


async def test_datagrams_by_poll_and_shutdown(tmp_path):
    left, right = UnixDatagram.pair()
    counting = CountingWaker()
    buf = ReadBuf(4)
    assert right.poll_recv_from(counting.cx, buf) is Poll.Pending
    assert left.poll_send(counting.cx, b"long message") == Poll.Ready(12)
    await right.readable()
    assert counting.wakes == 1
    assert right.poll_recv_from(counting.cx, buf) == Poll.Ready(UnixSocketAddr(b""))
    assert bytes(buf.filled()) == b"long"
    with UnixDatagram.bind(tmp_path / "r") as receiver, UnixDatagram.unbound() as loose:
        assert loose.poll_send_to(counting.cx, b"p", receiver.local_addr()) == Poll.Ready(1)
        assert await receiver.recv() == b"p"
    right.shutdown(socket.SHUT_RD)
    with pytest.raises(BrokenPipeError):
        await left.send(b"x")
    left.close()
    right.close()


# --- UnixSocket ------------------------------------------------------------------------------------------------------


async def test_unix_socket_becomes_one_of_three(tmp_path):
    first = UnixSocket.new_stream()
    first.bind(tmp_path / "l")
    assert first.local_addr().as_pathname() == tmp_path / "l"
    async with first.listen() as listener:
        second = UnixSocket.new_stream()
        second.bind(tmp_path / "c")
        async with await second.connect(tmp_path / "l") as client:
            server, address = await listener.accept()
            assert address.as_pathname() == tmp_path / "c" == client.local_addr().as_pathname()
            server.close()
        for used in (first, second):
            with pytest.raises(RuntimeError, match="has become"):
                used.local_addr()
    third = UnixSocket.new_datagram()
    third.bind(tmp_path / "d")
    with pytest.raises(ValueError, match="SOCK_DGRAM"):
        third.listen()
    with pytest.raises(ValueError, match="SOCK_DGRAM"):
        await third.connect(tmp_path / "l")
    with third.datagram() as receiver, UnixDatagram.unbound() as sender:
        await sender.send_to(b"x", tmp_path / "d")
        assert await receiver.recv() == b"x"
    fourth = UnixSocket.new_stream()
    with pytest.raises(ValueError, match="SOCK_STREAM"):
        fourth.datagram()
    fourth.close()
    fourth.close()
    with pytest.raises(RuntimeError):
        fourth.get_socket()


def test_without_a_runtime_nothing_stays_open():
    before = len(os.listdir("/proc/self/fd"))
    for call in (UnixStream.pair, UnixDatagram.pair, UnixDatagram.unbound):
        with pytest.raises(RuntimeError, match="runtime"):
            call()
    with pytest.raises(RuntimeError, match="runtime"):
        UnixListener.bind(b"\0mezame-no-runtime-%d" % os.getpid())
    assert len(os.listdir("/proc/self/fd")) == before
