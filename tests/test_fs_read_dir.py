"""read_dir: 32 entries a job, none lost, none twice; errors, closing and cancellation in every position."""

import errno
import os
import sys
import threading

import pytest
from descriptors import descriptors
from polling import CountingWaker, until
from test_fs_file import held, one_thread, put

import mezame
from mezame import fs

module = sys.modules["mezame.fs.read_dir"]


@pytest.fixture
def folder(tmp_path):
    """100 files."""
    for number in range(100):
        put(tmp_path / f"{number:03}", b"x" * number)
    return tmp_path


NAMES = [f"{number:03}" for number in range(100)]


async def names_of(entries):
    return sorted([entry.file_name async for entry in entries])


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
@pytest.mark.parametrize("awaited", [False, True])
def test_all_entries_come_once(folder, flavor, awaited):
    async def main():
        entries = fs.read_dir(folder)
        if awaited:
            assert await entries is entries and await entries is entries
        names = await names_of(entries)
        assert await entries.next_entry() is None and await entries.next_entry() is None
        return names

    with mezame.Runtime(flavor) as runtime:
        assert runtime.block_on(main()) == NAMES


def test_32_entries_are_one_job(folder, monkeypatch):
    sizes = []
    fetch = module.Scan.fetch

    def counting(self):
        answer = fetch(self)
        sizes.append(len(answer[0]))
        return answer

    monkeypatch.setattr(module.Scan, "fetch", counting)
    assert mezame.run(names_of(fs.read_dir(folder))) == NAMES
    assert sizes == [32, 32, 32, 4]


def test_an_empty_folder(tmp_path):
    assert mezame.run(names_of(fs.read_dir(tmp_path))) == []


def test_what_an_entry_says(tmp_path):
    put(tmp_path / "file", b"abc")
    os.mkdir(tmp_path / "dir")
    os.symlink("file", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")

    async def main():
        found = {entry.file_name: entry async for entry in fs.read_dir(str(tmp_path))}
        kinds = {name: await entry.file_type() for name, entry in found.items()}
        assert [(k.is_file(), k.is_dir(), k.is_symlink()) for _, k in sorted(kinds.items())] == [
            (False, True, False),
            (True, False, False),
            (False, False, True),
            (False, False, False),
        ]
        entry = found["file"]
        assert entry.path == fs.Path(tmp_path / "file") and isinstance(entry.path, fs.Path)
        assert os.fspath(entry) == str(tmp_path / "file") and await fs.read(entry) == b"abc"
        assert entry.ino == os.stat(tmp_path / "file").st_ino
        assert (await entry.metadata()).st_size == 3
        put(tmp_path / "file", b"abcdef")
        assert (await entry.metadata()).st_size == 6
        assert (await found["link"].metadata()).st_ino == os.lstat(tmp_path / "link").st_ino
        assert repr(entry) == "<DirEntry 'file'>" and repr(kinds["dir"]) == "<FileType dir>"
        assert len({kinds["dir"], kinds["dir"], kinds["file"]}) == 2
        entry = await fs.read_dir(os.fsencode(tmp_path / "dir" / "..")).next_entry()
        assert isinstance(entry.file_name, str) and isinstance(entry.path, fs.Path)

    mezame.run(main())


def test_a_type_that_cannot_be_found_out_raises_where_it_is_asked_for():
    class Bad:
        name = "bad"

        def is_symlink(self):
            raise PermissionError("no")

    entry = module.DirEntry(Bad(), module.type_of(Bad()))
    with pytest.raises(PermissionError):
        entry.file_type()


def test_opening_fails(tmp_path):
    put(tmp_path / "file", b"")

    async def main():
        with pytest.raises(FileNotFoundError):
            await fs.read_dir(tmp_path / "nothing")
        entries = fs.read_dir(tmp_path / "file")
        with pytest.raises(NotADirectoryError):
            await entries.next_entry()
        assert await entries.next_entry() is None
        with pytest.raises(FileNotFoundError):
            async with fs.read_dir(tmp_path / "nothing"):
                pytest.fail("entered")

    mezame.run(main())


def test_an_error_in_the_middle_comes_after_the_entries_before_it(folder, monkeypatch):
    real = os.scandir

    class Failing:
        def __init__(self, path):
            self.real = real(path)
            self.count = 0
            self.close = self.real.close

        def __next__(self):
            self.count += 1
            if self.count == 41:
                raise OSError(errno.EIO, "torn disk")
            return next(self.real)

    monkeypatch.setattr(module.os, "scandir", Failing)

    async def main():
        entries, seen = fs.read_dir(folder), []
        with pytest.raises(OSError, match="torn disk"):
            async for entry in entries:
                seen.append(entry.file_name)
        assert len(set(seen)) == 40
        assert await entries.next_entry() is None

    mezame.run(main())


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("first", [0, 1, 32, 33])
def test_a_dropped_next_entry_loses_nothing(folder, first, done):
    with one_thread() as runtime:

        async def main():
            entries = fs.read_dir(folder)
            names = [(await entries.next_entry()).file_name for _ in range(first)]
            with held(runtime._pool):
                step = entries.next_entry()
                answer = step.poll(CountingWaker().cx)
                if answer.is_ready():
                    names.append(answer.value.file_name)
                elif not done:
                    step.close()
                    with pytest.raises(RuntimeError, match="closed"):
                        step.poll(CountingWaker().cx)
            if done:
                await mezame.spawn_blocking(int)
                step.close()
            return sorted(names + await names_of(entries))

        assert runtime.block_on(main()) == NAMES


def test_a_timeout_loses_nothing(folder):
    with one_thread() as runtime:

        async def main():
            entries = fs.read_dir(folder)
            with held(runtime._pool), pytest.raises(mezame.time.Elapsed):
                await mezame.timeout(0.01, entries.next_entry())
            return await names_of(entries)

        assert runtime.block_on(main()) == NAMES


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("when", ["fresh", "opening", "open", "fetching", "at work", "ended"])
def test_closing_gives_the_handle_back(folder, when, monkeypatch):
    with one_thread() as runtime:

        async def main():
            await mezame.spawn_blocking(int)
            before = descriptors()
            entries = fs.read_dir(folder)
            cx = CountingWaker().cx
            if when == "opening":
                with held(runtime._pool):
                    assert entries.next_entry().poll(cx).is_pending()
                    entries.close()
            elif when != "fresh":
                await entries
            if when == "ended":
                await names_of(entries)
            if when in ("fetching", "at work"):
                for _ in range(32):
                    await entries.next_entry()
            if when == "fetching":
                with held(runtime._pool):
                    assert entries.next_entry().poll(cx).is_pending()
                    entries.close()
            if when == "at work":
                entered, go = threading.Event(), threading.Event()

                def slow(entry):
                    entered.set()
                    assert go.wait(20)
                    return module.FileType("file")

                monkeypatch.setattr(module, "type_of", slow)
                assert entries.next_entry().poll(cx).is_pending()
                assert entered.wait(20)
                entries.close()
                go.set()
            entries.close()
            entries.close()
            for step in (entries.next_entry(), entries):
                with pytest.raises(OSError, match="closed"):
                    await step
            await until(lambda: descriptors() == before)  # what was at work in a thread ends it there

        runtime.block_on(main())


def test_async_with_closes(folder):
    async def main():
        async with fs.read_dir(folder) as entries:
            assert await entries.next_entry() is not None
        with pytest.raises(OSError, match="closed"):
            await entries.next_entry()

    mezame.run(main())


def test_entries_out_of_the_buffer_give_way(folder):
    for number in range(100, 400):
        put(folder / f"{number:03}", b"")

    async def main():
        turns = []

        async def count():
            while True:
                turns.append(1)
                await mezame.yield_now()

        task = mezame.spawn(count())
        await names_of(fs.read_dir(folder))
        task.abort()
        return len(turns)

    assert mezame.run(main()) >= 2
