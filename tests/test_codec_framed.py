"""Framed, FramedRead, FramedWrite: reading and writing frames, errors, the end, cancellation, backpressure."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polling import CountingWaker
from wire import PENDING, Wire, cuts, drained, outcome

import mezame
from mezame import Poll
from mezame.codec import (
    BytesCodec,
    Decoder,
    Encoder,
    Framed,
    FramedParts,
    FramedRead,
    FramedWrite,
    LengthDelimitedCodec,
    LengthDelimitedCodecError,
    LinesCodec,
    LinesCodecError,
)
from mezame.errors import UnexpectedEof, WriteZero
from mezame.net import TcpListener, TcpStream
from mezame.stream import END

steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


class Grudging(Decoder):
    """Frames of one byte; b"!" raises and is not taken, b"?" raises and is taken."""

    def decode(self, buf):
        if not buf:
            return None
        if buf[:1] == b"!":
            raise ValueError("bad")
        byte = bytes(buf[:1])
        del buf[:1]
        if byte == b"?":
            raise ValueError("odd")
        return byte


class Numbers(Encoder):
    """Writes a part of what it cannot encode, then raises."""

    def encode(self, item, buf):
        buf += b"<"
        buf += str(item + 0).encode()
        buf += b">"


class ReadOnly(mezame.io.AsyncRead):
    pass


# --- reading ----------------------------------------------------------------------------------------------------------


def test_it_reads_only_when_the_decoder_has_no_more():
    wire = Wire([b"a\nb\nc", b"\n"])
    framed = FramedRead(wire, LinesCodec())
    assert outcome(framed) == "a"
    assert outcome(framed) == "b"
    assert len(wire.reads) == 1
    assert outcome(framed) == "c"
    assert framed.read_buffer() == b""


def test_pending_keeps_the_waker_and_loses_nothing():
    counting = CountingWaker()
    wire = Wire([b"a", PENDING, b"b\n"])
    framed = FramedRead(wire, LinesCodec())
    assert outcome(framed, counting.cx) is PENDING
    wire.reader.wake()
    assert counting.wakes == 1
    assert framed.read_buffer() == b"a"
    assert outcome(framed, counting.cx) == "ab"


def test_the_end_is_final_until_there_is_more():
    wire = Wire([b"a\nb", b"", b"", b"c\n", b""])
    framed = FramedRead(wire, LinesCodec())
    assert [outcome(framed) for _ in range(6)] == ["a", "b", END, END, "c", END]
    assert outcome(framed) is END
    framed = FramedRead(Wire([b"", b"d", b"e\n"]), LinesCodec())
    assert [outcome(framed) for _ in range(3)] == [END, "de", END]  # "d" is not the last line any more


def test_several_frames_come_out_at_the_end():
    class AtEnd(Decoder):
        def decode(self, buf):
            return None

        def decode_eof(self, buf):
            return bytes((buf.pop(),)) if buf else None

    framed = FramedRead(Wire([b"ab", b"c"]), AtEnd())
    assert [outcome(framed) for _ in range(5)] == [b"c", b"b", b"a", END, END]


def test_the_end_is_decoded_even_if_nothing_came():
    class Farewell(Decoder):
        said = False

        def decode(self, buf):
            return None

        def decode_eof(self, buf):
            self.said, before = True, self.said
            return None if before else "bye"

    framed = FramedRead(Wire(), Farewell())
    assert [outcome(framed) for _ in range(3)] == ["bye", END, END]


def test_after_an_error_comes_one_end_and_then_what_the_decoder_left():
    framed = FramedRead(Wire([b"a?bc", b"d"]), Grudging())
    assert outcome(framed) == b"a"
    assert isinstance(outcome(framed), ValueError)
    assert outcome(framed) is END
    assert [outcome(framed) for _ in range(5)] == [b"b", b"c", b"d", END, END]


def test_a_decoder_that_took_nothing_is_asked_again_only_when_more_came():
    wire = Wire([b"!", PENDING, b"x", b""])
    framed = FramedRead(wire, Grudging())
    assert isinstance(outcome(framed), ValueError)
    assert outcome(framed) is END
    assert outcome(framed) is PENDING  # it waits for the peer, it does not spin
    assert isinstance(outcome(framed), ValueError)
    assert framed.read_buffer() == b"!x"
    assert outcome(framed) is END
    assert isinstance(outcome(framed), ValueError)  # the end came
    assert [outcome(framed) for _ in range(3)] == [END, END, END]


def test_an_error_of_decode_eof_is_followed_by_one_end_and_the_rest():
    wire = Wire([b"ok", b""])

    class AtEnd(Grudging):
        def decode(self, buf):
            return None

        def decode_eof(self, buf):
            return Grudging.decode(self, buf)

    framed = FramedRead(Wire([b"a?b"]), AtEnd())
    assert outcome(framed) == b"a"
    assert isinstance(outcome(framed), ValueError)
    assert [outcome(framed) for _ in range(4)] == [END, b"b", END, END]
    framed = FramedRead(wire, LengthDelimitedCodec())
    assert isinstance(outcome(framed), UnexpectedEof)
    assert [outcome(framed) for _ in range(3)] == [END, END, END]


def test_an_error_of_the_stream_is_followed_by_one_end():
    wire = Wire([b"a\nb", ConnectionResetError("gone"), PENDING, b"c\n"])
    framed = FramedRead(wire, LinesCodec())
    assert outcome(framed) == "a"
    assert isinstance(outcome(framed), ConnectionResetError)
    assert [outcome(framed) for _ in range(3)] == [END, PENDING, "bc"]


def test_in_async_for_the_error_is_raised_and_a_second_loop_goes_on_after_one_end():
    async def main():
        framed = FramedRead(Wire([b"one\ntoo long\ntwo\n"]), LinesCodec(5))
        seen = []
        with pytest.raises(LinesCodecError):
            async for line in framed:
                seen.append(line)
        assert seen == ["one"]
        assert [line async for line in framed] == []
        return [line async for line in framed]

    assert mezame.run(main()) == ["two"]


def test_a_refused_length_keeps_nothing_however_often_it_is_resumed():
    wire = Wire([b"\xff\xff\xff\xff", *[b"x" * 5000] * 50])
    framed = FramedRead(wire, LengthDelimitedCodec())
    for _ in range(51):
        assert isinstance(outcome(framed), LengthDelimitedCodecError)
        assert outcome(framed) is END
        assert framed.read_buffer() == b""
    assert outcome(framed) is END


def test_an_endless_line_keeps_at_most_its_limit_and_a_read():
    wire = Wire([b"x" * 70_000] * 100)
    framed = FramedRead(wire, LinesCodec(1000))
    errors = 0
    while wire.reads:
        one = outcome(framed)
        errors += isinstance(one, LinesCodecError)
        assert len(framed.read_buffer()) <= 1000 + 65536
    assert errors == 1


@steady
@given(st.lists(st.text("ab目", max_size=20)), st.lists(st.integers(0, 200), max_size=20), st.data())
def test_next_dropped_at_any_time_loses_nothing(lines, places, data):
    raw = "".join(line + "\n" for line in lines).encode()
    reads = []
    for piece in cuts(raw, places):
        reads += [PENDING] * data.draw(st.integers(0, 2)) + [piece]
    framed = FramedRead(Wire(reads), LinesCodec())
    counting = CountingWaker()
    found = []
    while True:
        waiting = framed.next(END)
        answer = waiting.poll(counting.cx)
        if answer is PENDING:
            waiting.close()
            continue
        if answer.value is END:
            break
        found.append(answer.value)
    assert found == lines


def test_reads_grow_while_they_come_full():
    sizes = []

    class Full(Wire):
        def poll_read(self, cx, buf):
            sizes.append(buf.remaining())
            return super().poll_read(cx, buf)

    framed = FramedRead(Full([b"x" * 200_000]), BytesCodec())
    assert b"".join(drained(framed)) == b"x" * 200_000
    assert sizes[:5] == [8192, 16384, 32768, 65536, 65536]
    sizes.clear()
    drained(FramedRead(Full([b"abc"]), BytesCodec(), capacity=2))
    assert sizes == [2, 4, 4]


@pytest.mark.parametrize("bad", [0, -1, 1.5, None])
def test_a_bad_capacity_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="capacity"):
        FramedRead(Wire(), LinesCodec(), capacity=bad)
    with pytest.raises((TypeError, ValueError), match="capacity"):
        Framed.with_capacity(Wire(), LinesCodec(), bad)


def test_what_is_no_codec_or_no_stream_is_refused():
    for make in (FramedRead, Framed):
        with pytest.raises(TypeError, match="poll_read"):
            make(object(), LinesCodec())
        with pytest.raises(TypeError, match="needs a Decoder such as LinesCodec"):
            make(Wire(), Numbers())
        with pytest.raises(TypeError, match="needs a Decoder"):
            make(Wire(), LinesCodec)
    for make in (FramedWrite, Framed):
        with pytest.raises(TypeError, match="poll_write"):
            make(ReadOnly(), LinesCodec())
    with pytest.raises(TypeError, match="needs an Encoder"):
        FramedWrite(Wire(), Grudging())
    with pytest.raises(TypeError, match="needs an Encoder"):
        Framed(Wire(), Grudging())
    with pytest.raises(TypeError, match="needs an Encoder"):
        FramedWrite(Wire(), "text")


# --- writing ----------------------------------------------------------------------------------------------------------


def test_send_writes_and_flushes_and_feed_only_fills_the_buffer():
    wire = Wire()
    sink = FramedWrite(wire, LinesCodec())
    mezame.run(sink.feed("one"))
    assert (wire.writes, wire.flushes) == (0, 0)
    assert sink.write_buffer() == b"one\n"
    mezame.run(sink.send("two"))
    assert wire.written == b"one\ntwo\n"
    assert (wire.writes, wire.flushes) == (1, 1)
    assert sink.write_buffer() == b""
    mezame.run(sink.flush())
    assert (wire.writes, wire.flushes) == (1, 2)


def test_from_8_kib_on_it_flushes_before_it_takes_more():
    counting = CountingWaker()
    wire = Wire(room=[PENDING, 4000, PENDING])
    sink = FramedWrite(wire, LinesCodec())
    assert sink.backpressure_boundary() == 8192
    sink.start_send("x" * 8190)
    assert sink.poll_ready(counting.cx) == Poll.Ready(None)
    sink.start_send("")
    assert sink.poll_ready(counting.cx) is PENDING
    wire.writer.wake()
    assert counting.wakes == 1
    assert sink.poll_ready(counting.cx) is PENDING
    assert len(sink.write_buffer()) == 4192
    assert sink.poll_ready(counting.cx) == Poll.Ready(None)
    assert (wire.writes, wire.flushes) == (3, 0)
    assert sink.poll_flush(counting.cx) == Poll.Ready(None)
    assert wire.written == b"x" * 8190 + b"\n\n"


def test_the_boundary_can_be_set():
    sink = Framed(Wire(room=[PENDING]), LinesCodec())
    sink.set_backpressure_boundary(2)
    assert sink.backpressure_boundary() == 2
    sink.start_send("")
    assert sink.poll_ready(CountingWaker().cx) == Poll.Ready(None)
    sink.start_send("")
    assert sink.poll_ready(CountingWaker().cx) is PENDING
    with pytest.raises(ValueError, match="backpressure boundary"):
        sink.set_backpressure_boundary(-1)


@steady
@given(st.data(), st.lists(st.binary(max_size=30), max_size=12), st.integers(1, 40))
def test_whatever_is_dropped_the_wire_holds_whole_frames_in_order(data, items, boundary):
    room = data.draw(st.lists(st.one_of(st.just(PENDING), st.integers(1, 20)), max_size=60))
    wire = Wire(room=room)
    sink = FramedWrite(wire, LengthDelimitedCodec())
    sink.set_backpressure_boundary(boundary)
    counting = CountingWaker()
    taken = []
    for item in items:
        how = data.draw(st.sampled_from(["send", "feed"]))
        future = getattr(sink, how)(item)
        for _ in range(data.draw(st.integers(1, 4))):
            before = len(sink.write_buffer()) + len(wire.written)
            done = future.poll(counting.cx) is not PENDING
            if len(sink.write_buffer()) + len(wire.written) > before:
                taken.append(item)
            if done:
                break
        future.close()
    while sink.poll_flush(counting.cx) is PENDING:
        pass
    assert drained(FramedRead(Wire([bytes(wire.written)]), LengthDelimitedCodec())) == taken


def test_an_item_that_waits_for_room_is_lost_when_its_send_is_dropped():
    wire = Wire(room=[PENDING])
    sink = FramedWrite(wire, LinesCodec())
    sink.set_backpressure_boundary(1)
    counting = CountingWaker()
    mezame.run(sink.feed("first"))
    send = sink.send("lost")
    assert send.poll(counting.cx) is PENDING
    send.close()
    mezame.run(sink.send("third"))
    assert wire.written == b"first\nthird\n"


def test_an_encoder_that_raises_leaves_nothing_behind():
    wire = Wire()
    sink = FramedWrite(wire, Numbers())
    mezame.run(sink.feed(1))
    with pytest.raises(TypeError):
        mezame.run(sink.send("x"))
    mezame.run(sink.send(2))
    assert wire.written == b"<1><2>"


def test_a_stream_that_takes_nothing_raises_write_zero():
    sink = FramedWrite(Wire(room=[3, 0]), LinesCodec())
    with pytest.raises(WriteZero) as caught:
        mezame.run(sink.send("hello"))
    assert caught.value.written == 3


def test_an_error_of_the_stream_passes_and_keeps_what_was_not_written():
    wire = Wire(room=[2, BrokenPipeError("gone")])
    sink = FramedWrite(wire, LinesCodec())
    with pytest.raises(BrokenPipeError):
        mezame.run(sink.send("hello"))
    assert sink.write_buffer() == b"llo\n"
    mezame.run(sink.flush())
    assert wire.written == b"hello\n"


def test_close_flushes_and_shuts_down_and_async_with_closes_the_stream():
    async def main(sink):
        async with sink:
            await sink.feed("bye")
            await sink.close()

    for make in (FramedWrite, Framed):
        wire = Wire(room=[2, PENDING])
        sink = make(wire, LinesCodec())
        sink.start_send("bye")
        counting = CountingWaker()
        assert sink.poll_close(counting.cx) is PENDING
        assert not wire.shut
        assert sink.poll_close(counting.cx) == Poll.Ready(None)
        assert (wire.written, wire.shut, wire.closed) == (b"bye\n", True, False)
        wire = Wire()
        mezame.run(main(make(wire, LinesCodec())))
        assert (wire.written, wire.shut, wire.closed) == (b"bye\n", True, True)


def test_the_write_buffer_is_one_with_what_a_flush_has_begun():
    wire = Wire(room=[3, PENDING])
    framed = Framed(wire, LinesCodec())
    framed.start_send("hello")
    assert framed.poll_flush(CountingWaker().cx) is PENDING
    framed.start_send("you")
    assert framed.write_buffer() == b"lo\nyou\n"
    framed.write_buffer().extend(b"!")
    mezame.run(framed.flush())
    assert wire.written == b"hello\nyou\n!"


def test_send_all_sends_every_item():
    wire = Wire()
    mezame.run(FramedWrite(wire, LinesCodec()).send_all(mezame.stream.iter(["a", "b"])))
    assert (wire.written, wire.flushes) == (b"a\nb\n", 1)


# --- taking apart -----------------------------------------------------------------------------------------------------


def test_parts_lose_nothing_and_make_a_framed_again():
    wire = Wire([b"one\ntwo\nth", PENDING, b"ree\n"], room=[2, PENDING])
    framed = Framed(wire, LinesCodec())
    assert outcome(framed) == "one"
    framed.start_send("hello")
    assert framed.poll_flush(CountingWaker().cx) is PENDING
    framed.start_send("you")
    parts = framed.into_parts()
    assert parts.io is wire
    assert (parts.read_buf, parts.write_buf) == (b"two\nth", b"llo\nyou\n")
    assert "6 bytes read, 8 bytes to write" in repr(parts)
    again = Framed.from_parts(parts)
    assert again.read_buffer() is parts.read_buf
    assert [outcome(again) for _ in range(4)] == ["two", PENDING, "three", END]
    mezame.run(again.flush())
    assert wire.written == b"hello\nyou\n"


def test_parts_can_be_made_of_any_bytes():
    framed = Framed.from_parts(FramedParts(Wire([b"d\n"]), LinesCodec(), b"a\nb", memoryview(b"x")))
    assert drained(framed) == ["a", "bd"]
    assert framed.write_buffer() == b"x"
    with pytest.raises(TypeError):
        FramedParts(Wire(), LinesCodec(), "text")


def test_map_goes_on_with_the_buffers():
    wire = Wire([b"head\nrest", PENDING, b"!"], room=[PENDING])
    framed = Framed(wire, LinesCodec())
    assert outcome(framed) == "head"
    assert outcome(framed) is PENDING  # LinesCodec has seen "rest", and wants more; BytesCodec does not
    framed.start_send("out")
    framed.set_backpressure_boundary(7)
    other = framed.map_codec(lambda codec: BytesCodec())
    assert isinstance(other.codec(), BytesCodec)
    assert other.backpressure_boundary() == 7
    assert [outcome(other) for _ in range(3)] == [b"rest", b"!", END]
    assert other.write_buffer() == b"out\n"

    reader = FramedRead(Wire([b"head\nrest", PENDING, PENDING]), LinesCodec())
    assert [outcome(reader), outcome(reader)] == ["head", PENDING]
    other = reader.map_decoder(lambda codec: BytesCodec())
    assert outcome(other) == b"rest"
    writer = FramedWrite(wire, LinesCodec())
    writer.start_send("a")
    other = writer.map_encoder(lambda encoder: Numbers())
    other.start_send(1)
    assert other.write_buffer() == b"a\n<1>"


@pytest.mark.parametrize("make", [Framed, FramedRead, FramedWrite])
def test_what_was_given_away_is_not_used_any_more(make):
    wire = Wire()
    framed = make(wire, LinesCodec())
    assert framed.get_ref() is wire
    assert type(wire).__name__ in repr(framed)
    assert framed.into_inner() is wire
    with pytest.raises(RuntimeError, match="has given its byte stream away"):
        mezame.run(framed.flush() if make is FramedWrite else framed.next())
    framed.drop()
    assert not wire.closed
    with pytest.raises((RuntimeError, TypeError)):
        framed.into_inner().poll_read(None, None)


def test_the_parts_of_a_framed_are_there_to_look_at():
    codec = LinesCodec()
    assert FramedRead(Wire(), codec).decoder() is codec
    assert FramedWrite(Wire(), codec).encoder() is codec
    assert codec.framed(Wire()).codec() is codec


# --- in a runtime -----------------------------------------------------------------------------------------------------


async def echo(io):
    framed = Framed(io, LengthDelimitedCodec())
    async for frame in framed:
        await framed.send(frame)
    await framed.close()


async def conversation():
    here, there = mezame.io.duplex(64)
    server = mezame.spawn(echo(there))
    framed = LengthDelimitedCodec().framed(here)
    frames = [bytes((n,)) * (n * 7 % 200) for n in range(200)]

    async def talk():
        for frame in frames:
            await framed.send(frame)
        await framed.close()

    talking = mezame.spawn(talk())
    got = [frame async for frame in framed]
    await talking
    await server
    return got == frames


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_one_task_reads_while_another_writes(flavor):
    options = {"worker_threads": 2} if flavor == "multi_thread" else {}
    with mezame.Runtime(flavor, **options) as runtime:
        assert runtime.block_on(conversation())


def test_a_buffer_full_of_tiny_frames_does_not_keep_the_thread():
    async def main():
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await mezame.yield_now()

        task = mezame.spawn(other())
        framed = FramedRead(Wire([b"\n" * 60_000]), LinesCodec(), capacity=65536)
        count = await framed.count()
        task.abort()
        return count, turns

    count, turns = mezame.run(main())
    assert count == 60_000
    assert turns >= 60_000 // 128


def test_an_aborted_reader_loses_no_frame():
    async def main():
        here, there = mezame.io.duplex(1024)
        sink = FramedWrite(there, LinesCodec())
        framed = FramedRead(here, LinesCodec())
        got = []

        async def read():
            async for line in framed:
                got.append(line)

        for n in range(20):
            reading = mezame.spawn(read())
            await there.write_all(b"li")
            await mezame.yield_now()
            reading.abort()
            with pytest.raises(mezame.JoinError):
                await reading
            await there.write_all(b"ne ")
            await sink.send(str(n))
        sink.drop()
        await read()
        return got

    assert mezame.run(main()) == [f"line {n}" for n in range(20)]


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_frames_over_tcp(flavor):
    async def main():
        async with await TcpListener.bind("127.0.0.1:0") as listener:
            connecting = mezame.spawn(TcpStream.connect(listener.local_addr()))
            stream, _ = await listener.accept()
            server = mezame.spawn(echo(stream))
            reading, writing = (await connecting).into_split()
            reader = FramedRead(reading, LengthDelimitedCodec())
            writer = FramedWrite(writing, LengthDelimitedCodec())
            frames = [bytes((n % 256,)) * (n * 331 % 70_000) for n in range(100)]

            async def talk():
                await writer.send_all(mezame.stream.iter(frames))
                await writer.close()

            talking = mezame.spawn(talk())
            got = [frame async for frame in reader]
            await talking
            await server
            return got == frames

    options = {"worker_threads": 2} if flavor == "multi_thread" else {}
    with mezame.Runtime(flavor, **options) as runtime:
        assert runtime.block_on(main())
