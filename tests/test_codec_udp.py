"""UdpFramed: datagrams as frames with addresses, on a socket that does what its script says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polling import CountingWaker, Gate
from wire import PENDING, outcome

import mezame
from mezame import Poll
from mezame.codec import BytesCodec, Decoder, Encoder, LengthDelimitedCodec, LinesCodec, LinesCodecError, UdpFramed
from mezame.errors import UnexpectedEof
from mezame.net import UdpSocket

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

HERE, THERE = ("127.0.0.1", 1), ("127.0.0.1", 2)


class Socket:
    """Gives the datagrams, then waits; sends as ``answers`` say: Gates, exceptions or a number of bytes."""

    def __init__(self, datagrams=(), answers=()):
        self.datagrams = list(datagrams)
        self.answers = list(answers)
        self.sent = []
        self.limits = []
        self.closed = False

    def recv_from(self, limit):
        self.limits.append(limit)
        found = self.datagrams.pop(0) if self.datagrams else Gate()
        return found if isinstance(found, Gate) else self.answer(found)

    def send_to(self, data, address):
        if address is None:
            raise TypeError("no address")
        self.sent.append((data, address))
        found = self.answers.pop(0) if self.answers else len(data)
        return found if isinstance(found, Gate) else self.answer(found)

    async def answer(self, found):
        await mezame.ready(None)
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self):
        self.closed = True


def test_a_datagram_may_hold_several_frames():
    socket = Socket([(b"a\nb\nc", HERE), (b"", THERE), (b"d", THERE)])
    framed = UdpFramed(socket, LinesCodec())
    assert [outcome(framed) for _ in range(3)] == [("a", HERE), ("b", HERE), ("c", HERE)]
    assert len(socket.datagrams) == 2
    assert [outcome(framed) for _ in range(2)] == [("d", THERE), PENDING]
    assert min(socket.limits) > 65507  # the largest datagram comes whole


def test_what_is_left_of_a_datagram_is_dropped():
    class First(Decoder, Encoder):
        def decode(self, buf):
            return None

        def decode_eof(self, buf):
            return bytes((buf.pop(0),)) if len(buf) > 2 else None

        def encode(self, item, buf):
            buf += item

    framed = UdpFramed(Socket([(b"abcd", HERE), (b"xyz", THERE)]), First())
    assert [outcome(framed) for _ in range(4)] == [(b"a", HERE), (b"b", HERE), (b"x", THERE), PENDING]
    assert framed.read_buffer() == b""


def test_a_bad_datagram_raises_once_and_says_nothing_of_the_next():
    framed = UdpFramed(Socket([(b"ok\n\xff\nrest", HERE), (b"ok", THERE)]), LinesCodec())
    assert outcome(framed) == ("ok", HERE)
    assert isinstance(outcome(framed), LinesCodecError)
    assert [outcome(framed) for _ in range(2)] == [("ok", THERE), PENDING]


def test_no_frame_goes_on_in_the_next_datagram():
    datagrams = [(b"\0\0\0\x05ab", HERE), (b"\0\0\0\x02hi", THERE), (b"\xff\xff\xff\xff", HERE), (b"\0\0\0\x01x", HERE)]
    framed = UdpFramed(Socket(datagrams), LengthDelimitedCodec())
    assert isinstance(outcome(framed), UnexpectedEof)
    assert outcome(framed) == (b"hi", THERE)
    assert isinstance(outcome(framed), ValueError)
    assert outcome(framed) == (b"x", HERE)
    framed = UdpFramed(Socket([(b"too long", HERE), (b"new\nx", THERE)]), LinesCodec(3))
    assert isinstance(outcome(framed), LinesCodecError)
    assert [outcome(framed) for _ in range(2)] == [("new", THERE), ("x", THERE)]


def test_an_error_of_the_socket_does_not_end_it():
    framed = UdpFramed(Socket([ConnectionRefusedError("port closed"), (b"a", HERE)]), LinesCodec())
    assert isinstance(outcome(framed), ConnectionRefusedError)
    assert outcome(framed) == ("a", HERE)


def test_a_dropped_next_leaves_its_receive_to_the_one_after_it():
    gate = Gate()
    socket = Socket([gate])
    framed = UdpFramed(socket, LinesCodec())
    counting = CountingWaker()
    waiting = framed.next()
    assert waiting.poll(counting.cx) is PENDING
    waiting.close()
    assert gate.closes == 0
    gate.open((b"kept", HERE))
    assert counting.wakes == 1
    assert framed.next().poll(counting.cx) == Poll.Ready(("kept", HERE))
    assert len(socket.limits) == 1


def test_each_item_is_sent_as_one_datagram():
    socket = Socket()
    framed = UdpFramed(socket, LinesCodec())
    mezame.run(framed.feed(("a", HERE)))
    assert socket.sent == []
    mezame.run(framed.send(("b", THERE)))
    assert socket.sent == [(b"a\n", HERE), (b"b\n", THERE)]
    mezame.run(framed.close())
    assert not socket.closed


def test_an_item_waits_until_the_one_before_is_sent():
    gate = Gate()
    socket = Socket(answers=[gate])
    framed = UdpFramed(socket, LinesCodec())
    counting = CountingWaker()
    mezame.run(framed.feed(("a", HERE)))
    sending = framed.send(("b", THERE))
    assert sending.poll(counting.cx) is PENDING
    with pytest.raises(RuntimeError, match="before poll_ready was Ready"):
        framed.start_send(("c", HERE))
    gate.open(2)
    assert counting.wakes == 1
    assert sending.poll(counting.cx) == Poll.Ready(None)
    assert socket.sent == [(b"a\n", HERE), (b"b\n", THERE)]


def test_a_dropped_send_leaves_its_datagram_on_its_way():
    gate = Gate()
    socket = Socket(answers=[gate])
    framed = UdpFramed(socket, LinesCodec())
    counting = CountingWaker()
    sending = framed.send(("a", HERE))
    assert sending.poll(counting.cx) is PENDING
    sending.close()
    gate.open(2)
    mezame.run(framed.send(("b", HERE)))
    assert socket.sent == [(b"a\n", HERE), (b"b\n", HERE)]


def test_a_datagram_that_cannot_be_sent_does_not_stand_in_the_way():
    socket = Socket(answers=[OSError(90, "Message too long"), 1])
    framed = UdpFramed(socket, LinesCodec())
    with pytest.raises(OSError, match="Message too long"):
        mezame.run(framed.send(("a", HERE)))
    with pytest.raises(OSError, match="1 of 2 bytes of a datagram were sent to"):
        mezame.run(framed.send(("b", HERE)))
    mezame.run(framed.send(("c", HERE)))
    assert socket.sent[-1] == (b"c\n", HERE)
    with pytest.raises(TypeError, match="no address"):
        mezame.run(framed.send(("b", None)))
    with pytest.raises(TypeError, match="LinesCodec encodes str"):
        mezame.run(framed.send((b"bytes", HERE)))
    mezame.run(framed.send(("d", HERE)))
    assert socket.sent[-1] == (b"d\n", HERE)


def test_an_encoder_that_raises_leaves_nothing_for_the_next_datagram():
    class Halting(LinesCodec):
        def encode(self, item, buf):
            buf += b"half"
            super().encode(item, buf)

    socket = Socket()
    framed = UdpFramed(socket, Halting())
    with pytest.raises(TypeError):
        mezame.run(framed.send((1, HERE)))
    mezame.run(framed.send(("a", HERE)))
    assert socket.sent == [(b"halfa\n", HERE)]


@steady
@given(st.lists(st.tuples(st.binary(min_size=1), st.integers(1, 65535)), max_size=8))
def test_what_is_sent_arrives_with_its_address(items):
    socket = Socket()
    framed = UdpFramed(socket, BytesCodec())
    for data, port in items:
        mezame.run(framed.send((data, ("::1", port))))
    back = UdpFramed(Socket(socket.sent), BytesCodec())
    assert [outcome(back) for _ in items] == [(data, ("::1", port)) for data, port in items]
    assert outcome(back) is PENDING


def test_drop_ends_what_was_begun_and_closes_the_socket():
    for end in ("drop", "into_inner"):
        receiving, sending = Gate(), Gate()
        socket = Socket([receiving], [sending])
        framed = UdpFramed(socket, LinesCodec())
        assert framed.get_ref() is socket
        assert isinstance(framed.codec(), LinesCodec)
        counting = CountingWaker()
        assert framed.poll_next(counting.cx) is PENDING
        framed.start_send(("a", HERE))
        assert framed.poll_flush(counting.cx) is PENDING
        getattr(framed, end)()
        assert (receiving.closes, sending.closes) == (1, 1)
        assert socket.closed is (end == "drop")
        framed.drop()
    with pytest.raises(RuntimeError, match="given its byte stream away"):
        framed.poll_next(counting.cx)


@pytest.mark.mezame
async def test_leaving_the_block_waits_until_a_send_has_unwound():
    seen = []

    class Slow(Socket):
        async def send_to(self, data, address):
            try:
                await mezame.sleep(100)
            finally:
                await mezame.yield_now()
                seen.append("unwound")

    async with UdpFramed(Slow(), LinesCodec()) as framed:
        await framed.feed(("a", HERE))
        with pytest.raises(mezame.time.Elapsed):
            await mezame.timeout(0.001, framed.flush())
    assert seen == ["unwound"]
    assert framed.get_ref().closed


def test_a_datagram_full_of_tiny_frames_does_not_keep_the_thread():
    async def main():
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await mezame.yield_now()

        task = mezame.spawn(other())
        framed = UdpFramed(Socket([(b"\n" * 60_000, HERE)]), LinesCodec())
        count = await framed.take(60_000).count()
        task.abort()
        return count, turns

    count, turns = mezame.run(main())
    assert count == 60_000
    assert turns >= 60_000 // 128


def test_what_is_no_socket_codec_or_item_is_refused():
    with pytest.raises(TypeError, match="recv_from and send_to"):
        UdpFramed(object(), LinesCodec())
    with pytest.raises(TypeError, match="needs a Decoder"):
        UdpFramed(Socket(), object())
    framed = UdpFramed(Socket(), LinesCodec())
    for bad in ("ab", ("a",), 7):
        with pytest.raises(TypeError, match=r"sends \(frame, address\)" if bad != "ab" else "."):
            framed.start_send(bad if bad != "ab" else (1, HERE))


@pytest.mark.mezame
async def test_datagrams_over_a_real_socket():
    here = UdpFramed(await UdpSocket.bind("127.0.0.1:0"), LinesCodec())
    there = UdpFramed(await UdpSocket.bind("127.0.0.1:0"), LinesCodec())
    async with here, there:
        for n in range(20):
            await here.send((f"line {n}", there.get_ref().local_addr()))
            line, address = await there.next()
            assert (line, address) == (f"line {n}", here.get_ref().local_addr())
        with pytest.raises(OSError, match="too long"):
            await here.send(("x" * 70_000, there.get_ref().local_addr()))
        await here.send(("still there", there.get_ref().local_addr()))
        assert (await there.next())[0] == "still there"
