"""Random programs on a File against an unbuffered file of the standard library: the same bytes, the same positions.

Each step is done on both. Some are begun and dropped, before or after the pool did them; the model then did them (a
write, a seek) or not (a read). The read-ahead and the chunks are a few bytes, so that every edge is met.
"""

import os
import tempfile
import time

import pytest
from sizes import examples

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from polling import PATIENCE, CountingWaker

import mezame
from mezame import fs
from mezame.errors import UnexpectedEof
from mezame.fs import reading
from mezame.io import ReadBuf

STEPS = settings(
    max_examples=examples(120),
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SIZE = st.integers(1, 12)
DATA = st.binary(min_size=1, max_size=14)


def settle(file):
    deadline = time.monotonic() + PATIENCE
    while file._lane.pending:
        assert time.monotonic() < deadline, "the file's queue does not get empty"
        time.sleep(0.0002)  # ``wait_until`` looks less often, and there are thousands of these


class FileMachine(RuleBasedStateMachine):
    """One open file, up to three handles on it, and the model."""

    @initialize(
        content=st.binary(max_size=40), mode=st.sampled_from(["r+", "a+", "w+"]), chunk=st.sampled_from([3, 7, 1 << 21])
    )
    def open(self, content, mode, chunk):
        self.ahead, reading.READ_AHEAD = reading.READ_AHEAD, 5
        self.folder = tempfile.TemporaryDirectory()
        self.paths = [os.path.join(self.folder.name, name) for name in ("real", "model")]
        for path in self.paths:
            with open(path, "wb") as file:
                file.write(content)
        self.runtime = mezame.Runtime()
        self.files = [self.run(fs.open(self.paths[0], mode))]
        self.files[0].set_max_buf_size(chunk)
        self.model = open(self.paths[1], mode.replace("+", "b+"), buffering=0)
        self.model.seek(0)

    def run(self, future):
        return self.runtime.block_on(future)

    def file(self, which):
        return self.files[which % len(self.files)]

    @rule(which=SIZE, size=SIZE)
    def read(self, which, size):
        data = self.run(self.file(which).read(size))
        assert data == self.model.read(len(data)) and len(data) <= size
        if not data:
            assert self.model.read(1) == b""

    @rule(which=SIZE, size=SIZE)
    def read_into(self, which, size):
        buffer = bytearray(size)
        count = self.run(self.file(which).read_into(buffer))
        assert buffer[:count] == self.model.read(count) and (count or self.model.read(1) == b"")

    @rule(which=SIZE, size=SIZE)
    def read_exact(self, which, size):
        expected = self.model.read(size)
        try:
            assert self.run(self.file(which).read_exact(size)) == expected
        except UnexpectedEof as error:
            assert error.partial == expected and len(expected) < size

    @rule(which=SIZE)
    def read_to_end(self, which):
        assert self.run(self.file(which).read_to_end()) == self.model.read()

    @rule(which=SIZE, size=SIZE)
    def poll_read(self, which, size):
        buf = ReadBuf(size)
        self.run(mezame.poll_fn(lambda cx: self.file(which).poll_read(cx, buf)))
        assert buf.filled() == self.model.read(buf.filled_len())

    @rule(which=SIZE, size=SIZE, wait=st.booleans(), kind=st.sampled_from(["read", "read_exact", "poll_read"]))
    def read_and_drop(self, which, size, wait, kind):
        file = self.file(which)
        with self.runtime.enter():
            if kind == "poll_read":
                buf = ReadBuf(size)
                if file.poll_read(CountingWaker().cx, buf).is_ready():
                    self.model.read(buf.filled_len())
            else:
                step = getattr(file, kind)(size)
                try:  # without a GIL the other thread may be quicker than we are
                    answer = step.poll(CountingWaker().cx)
                except UnexpectedEof as error:
                    self.model.read(len(error.partial))
                else:
                    if answer.is_ready():
                        self.model.read(len(answer.value))
            if wait:
                settle(file)
            if kind != "poll_read":
                step.close()
            elif len(self.files) > 1:  # until this handle goes on, the others find the position behind it
                assert self.run(file.tell()) == self.model.tell()

    @rule(which=SIZE, data=DATA, flush=st.booleans())
    def write_all(self, which, data, flush):
        file = self.file(which)
        self.run(file.write_all(data))
        if flush:
            self.run(file.flush())
        self.model.write(data)
        if flush:
            assert self.contents() == self.model_contents()

    @rule(which=SIZE, data=DATA)
    def write(self, which, data):
        count = self.run(self.file(which).write(data))
        assert 0 < count <= len(data)
        self.model.write(data[:count])

    @rule(which=SIZE, offset=st.integers(-6, 60), whence=st.sampled_from([0, 1, 2]), drop=st.booleans())
    def seek(self, which, offset, whence, drop):
        if whence == 0:
            offset = abs(offset)
        file = self.file(which)
        try:
            expected = self.model.seek(offset, whence)
        except OSError:
            expected = None
        with self.runtime.enter():
            step = file.seek(offset, whence)
            if drop:
                try:
                    step.poll(CountingWaker().cx)  # Pending, unless the other thread was very quick
                except OSError:
                    assert expected is None
                step.close()
            elif expected is None:
                with pytest.raises(OSError):
                    self.run(step)
            else:
                assert self.run(step) == expected

    @rule(which=SIZE)
    def tell(self, which):
        assert self.run(self.file(which).tell()) == self.model.tell()

    @rule(which=SIZE, size=st.integers(0, 50), drop=st.booleans())
    def set_len(self, which, size, drop):
        self.model.truncate(size)
        with self.runtime.enter():
            step = self.file(which).set_len(size)
            if drop:
                step.poll(CountingWaker().cx)
                step.close()
            else:
                self.run(step)

    @rule(which=SIZE)
    def metadata(self, which):
        assert self.run(self.file(which).metadata()).st_size == os.fstat(self.model.fileno()).st_size

    @precondition(lambda self: len(self.files) < 3)
    @rule(which=SIZE)
    def clone(self, which):
        self.files.append(self.run(self.file(which).try_clone()))

    @precondition(lambda self: len(self.files) > 1)
    @rule(which=SIZE, wait=st.booleans())
    def close_one(self, which, wait):
        with self.runtime.enter():
            closing = self.files.pop(which % len(self.files)).close()
        if wait:
            self.run(closing)

    @rule(which=SIZE)
    def there_and_back(self, which):
        """into_std and from_std: the position goes along."""
        file = self.files[which % len(self.files)]
        std = self.run(file.into_std())
        assert std.tell() == self.model.tell()
        self.files.remove(file)
        if not self.files:
            self.files = [fs.File.from_std(std)]
        else:
            std.close()

    def contents(self):
        with open(self.paths[0], "rb") as file:
            return file.read()

    def model_contents(self):
        with open(self.paths[1], "rb") as file:
            return file.read()

    def teardown(self):
        if not hasattr(self, "files"):
            return
        reading.READ_AHEAD = self.ahead
        with self.runtime.enter():  # a close that has something to wait for is a job
            for file in self.files:
                file.close()
        self.runtime.close()  # and this runs what is queued
        assert self.contents() == self.model_contents()
        self.model.close()
        self.folder.cleanup()


FileMachine.TestCase.settings = STEPS
TestFileMachine = FileMachine.TestCase
