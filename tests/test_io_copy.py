"""copy, copy_buf and copy_bidirectional: every byte, flushes at the right moments, errors and ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import CountingWaker
from streams import PEND, Both, Recorder, Script, cut

import mezame
from mezame import Poll
from mezame.io import (
    BufReader,
    BufWriter,
    Cursor,
    WriteZero,
    copy,
    copy_bidirectional,
    copy_buf,
    copy_buf_abortable,
    duplex,
    empty,
    join,
    repeat,
    sink,
)  # fmt: skip


@given(
    st.binary(max_size=80),
    st.lists(st.integers(0, 9), max_size=20),
    st.lists(st.one_of(st.integers(1, 5), st.just(PEND)), max_size=20),
    st.integers(1, 20),
)
def test_copies_are_whole_whatever_the_chunks(data, sizes, script, size):
    async def main():
        writer = Recorder(*script)
        assert await copy(Script(*cut(data, sizes)), writer, buffer_size=size) == len(data)
        assert writer.data == data and writer.calls[-1] == "flush"
        writer = Recorder(*script)
        assert await copy_buf(BufReader(Script(*cut(data, sizes)), size), writer) == len(data)
        assert writer.data == data and writer.calls[-1] == "flush" and "shutdown" not in writer.calls

    mezame.run(main())


@pytest.mark.mezame
async def test_copy_flushes_when_the_reader_has_nothing_and_once_at_the_end():
    writer = Recorder()
    assert await copy(Script(PEND, b"ab", b"c", PEND, PEND, b"d"), writer) == 4
    assert writer.calls == [b"ab", b"c", "flush", b"d", "flush"]


@pytest.mark.mezame
async def test_a_conversation_through_a_buffered_writer_does_not_stand_still():
    """The peer answers only to what it has seen: copy must not keep the question in the buffer."""
    question, asked = duplex(64)
    answered, answer = duplex(64)
    task = mezame.spawn(copy(asked, BufWriter(answered)))
    await question.write_all(b"?")
    assert await answer.read() == b"?"
    question.close()
    assert await task == 1


@pytest.mark.mezame
async def test_copy_reads_on_while_the_writer_has_no_room():
    reader, writer = Script(b"ab", b"cd", b"ef"), Recorder(PEND, 4)
    assert await copy(reader, writer) == 6
    assert writer.calls[0] == b"abcd", "what came meanwhile went out with it"


def test_copy_fills_up_while_the_writer_has_no_room():
    waker, reader = CountingWaker(), Script(b"ab", b"cd")
    assert copy(reader, Recorder(PEND), buffer_size=8).poll(waker.cx) is Poll.Pending
    assert reader.asked == [8, 6]


@pytest.mark.mezame
async def test_a_copy_that_has_to_wait_uses_no_budget():
    def wait(cx):
        for future in (copy(Script(*[PEND] * 200), sink()), copy_buf(BufReader(Script(*[PEND] * 200)), sink())):
            for _ in range(200):
                assert future.poll(cx) is Poll.Pending
        assert mezame.task.has_budget_remaining()
        return Poll.Ready(None)

    await mezame.poll_fn(wait)


@pytest.mark.mezame
async def test_copy_raises_what_its_ends_raise():
    with pytest.raises(ConnectionResetError):
        await copy(Script(b"ab", ConnectionResetError()), Recorder())
    with pytest.raises(BrokenPipeError):
        await copy(Script(b"ab"), Recorder(BrokenPipeError()))
    with pytest.raises(WriteZero):
        await copy(Script(b"ab"), Recorder(0))
    with pytest.raises(WriteZero):
        await copy_buf(Cursor(b"ab"), Recorder(0))
    with pytest.raises(TypeError, match="poll_read"):
        copy(b"bytes", Recorder())
    with pytest.raises(TypeError, match="poll_write"):
        copy(Script(), Script())
    with pytest.raises(TypeError, match="poll_fill_buf"):
        copy_buf(Script(), Recorder())
    with pytest.raises(ValueError):
        copy(Script(), Recorder(), buffer_size=0)
    assert await copy(empty(), sink()) == 0


def test_copies_give_way_though_their_ends_never_wait():
    class Endless(Script):
        def poll_read(self, cx, buf):
            buf.put_slice(bytes(buf.remaining()))
            return Poll.Ready(None)

    async def main():
        buffered = copy_buf(BufReader(Endless()), Recorder())
        for endless in (copy(Endless(), Recorder()), buffered, copy(repeat(0), sink())):
            task = mezame.spawn(endless)
            await mezame.yield_now()
            await mezame.yield_now()
            task.abort()

    mezame.run(main())


@pytest.mark.mezame
async def test_copy_buf_that_was_cancelled_goes_on_where_it_was():
    waker, reader, writer = CountingWaker(), Cursor(b"abcdef"), Recorder(2, PEND)
    future = copy_buf(reader, writer)
    assert future.poll(waker.cx) is Poll.Pending
    future.close()
    assert await copy_buf(reader, writer) == 4 and writer.data == b"abcdef"


@pytest.mark.mezame
async def test_copy_buf_can_be_aborted():
    ours, theirs = duplex(64)
    future, handle = copy_buf_abortable(BufReader(ours), Recorder())
    task = mezame.spawn(future)
    await mezame.yield_now()
    handle.abort()
    with pytest.raises(mezame.future.Aborted):
        await task
    future, handle = copy_buf_abortable(Cursor(b"abc"), Recorder())
    assert await future == 3
    theirs.close()


# --- both ways --------------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_each_direction_ends_by_itself():
    client, a = duplex(16)
    b, server = duplex(16)
    task = mezame.spawn(copy_bidirectional(a, b))
    await client.write_all(b"request")
    await client.shutdown()
    assert await server.read_to_end() == b"request", "the end was passed on"
    for _ in range(10):
        await server.write_all(b"0123456789")
        assert await client.read_exact(10) == b"0123456789", "the other direction goes on"
    assert not task.is_finished()
    server.close()
    assert await task == (7, 100) and await client.read() == b""


@pytest.mark.mezame
async def test_an_error_of_one_direction_ends_both():
    client, a = duplex(16)
    with pytest.raises(ConnectionResetError):
        await copy_bidirectional(a, Both(b"ab", ConnectionResetError()))
    task = mezame.spawn(copy_bidirectional(join(Script(), Recorder(BrokenPipeError())), join(Script(b"x"), Recorder())))
    with pytest.raises(BrokenPipeError):
        await task
    client.close()


@pytest.mark.mezame
async def test_a_direction_that_never_rests_does_not_starve_the_other():
    ours, a = duplex(16)
    task = mezame.spawn(copy_bidirectional(join(repeat(0), a), join(a, sink())))
    await ours.write_all(b"x" * 100)
    assert not task.is_finished()
    task.abort()


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(1, 30), st.integers(1, 30), st.integers(1, 20))
def test_a_proxy_passes_everything_on(up, down, one, two, size):
    async def talk(stream, data):
        async def send():
            await stream.write_all(data)
            await stream.shutdown()

        _, got = await mezame.join(send(), stream.read_to_end())
        return got

    async def main():
        client, a = duplex(one)
        b, server = duplex(two)
        task = mezame.spawn(copy_bidirectional(a, b, size, size + 1))
        assert await mezame.join(talk(client, up), talk(server, down)) == (down, up)
        assert await task == (len(up), len(down))

    mezame.run(main())
