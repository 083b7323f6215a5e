"""stdin, stdout, stderr: by a thread, one job at a time, nothing lost and nothing mixed."""

import os
import subprocess
import sys
import textwrap

import pytest

import mezame
from mezame.io import BufReader, Stdin, StdWriter
from mezame.io.std_streams import whole_characters


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass


def program(text, given=b""):
    """Runs a program; (what it wrote, its errors)."""
    path = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        input=given, capture_output=True, timeout=30, env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_a_filter():
    out, err = program(
        """
        import mezame
        from mezame.io import BufReader, stdin, stdout, stderr

        async def main():
            out = stdout()
            async for line in BufReader(stdin()).lines():
                await out.write_all(line.upper().encode() + b"\\n")
            await out.flush()
            error = stderr()
            await error.write_all("終わり".encode())
            await error.flush()

        print("first")
        mezame.run(main())
        """,
        "one\n二\nthree".encode(),
    )
    assert out.decode() == "first\nONE\n二\nTHREE\n" and err.decode() == "終わり"


@pytest.mark.mezame
async def test_reads_give_what_there_is_and_then_the_end(pipe):
    stream = Stdin(pipe[0])
    os.write(pipe[1], b"abcdef")
    assert await stream.read(4) == b"abcd" and await stream.read() == b"ef"
    assert stream.fileno() == pipe[0]
    os.close(pipe[1])
    assert await stream.read() == b"" and await stream.read() == b""


@pytest.mark.mezame
async def test_what_comes_after_a_cancelled_read_is_given_to_the_next(pipe):
    stream = Stdin(pipe[0])
    task = mezame.spawn(stream.read())
    await mezame.yield_now()
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    os.write(pipe[1], b"abc")
    assert await stream.read() == b"abc"
    lines = BufReader(stream).lines()
    os.write(pipe[1], b"one\n")
    assert await lines.next_line() == "one"


@pytest.mark.mezame
async def test_errors_of_reads(pipe):
    stream = Stdin(pipe[1])  # the end that cannot be read
    for _ in range(2):
        with pytest.raises(OSError):
            await stream.read()


@pytest.mark.mezame
async def test_a_write_returns_when_it_is_queued_and_flush_waits(pipe):
    stream = StdWriter(pipe[1])
    data = bytes(range(256)) * 1024  # more than a pipe holds
    assert await stream.write(data) == len(data)
    flush = mezame.spawn(stream.flush())
    reader = Stdin(pipe[0])
    assert await reader.read_exact(len(data)) == data
    await flush
    await stream.shutdown()


@pytest.mark.mezame
async def test_the_error_of_a_write_is_raised_by_the_next_call(pipe):
    stream = StdWriter(pipe[1])
    os.close(pipe[0])
    for call in (stream.flush, lambda: stream.write(b"y")):
        assert await stream.write(b"x") == 1
        with pytest.raises(BrokenPipeError):
            await call()
    await stream.flush()
    assert await stream.write(b"") == 0


@pytest.mark.mezame
async def test_descriptors_that_somebody_made_non_blocking(pipe):
    for end in pipe:
        os.set_blocking(end, False)
    reader, writer = Stdin(pipe[0]), StdWriter(pipe[1])
    task = mezame.spawn(reader.read_exact(200_000))
    await mezame.yield_now()
    await writer.write_all(bytes(200_000))
    assert await task == bytes(200_000)
    await writer.flush()


def test_cuts_are_between_characters():
    text = "aé日😀".encode()
    for limit in range(1, len(text) + 2):
        part = whole_characters(text, limit)
        assert 0 < len(part) <= limit
        if limit >= 4:
            assert text.startswith(part.decode().encode())
    assert whole_characters(b"\x80" * 10, 6) == b"\x80" * 6, "what is no UTF-8 is cut anywhere"
    assert whole_characters(memoryview(text), 2).tobytes() == b"a"


def test_std_streams_need_a_runtime():
    with pytest.raises(RuntimeError, match="runtime"):
        mezame.block_on(Stdin(0).read())
