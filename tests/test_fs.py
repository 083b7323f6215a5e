"""The functions of mezame.fs: what they do, what they raise, and what is left of a cancelled one."""

import errno
import gc
import logging
import os
import shutil
import stat

import pytest
from polling import CountingWaker, wait_until
from test_fs_file import get, held, one_thread, put

import mezame
from mezame import fs
from mezame.errors import RuntimeClosedError
from mezame.fs import folder, whole


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file")


def run(future):
    return mezame.run(future)


# --- whole files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_read_and_write(path, flavor):
    async def main():
        assert await fs.write(path, b"\xc3\xa4\r\n") is None
        assert await fs.read(path) == b"\xc3\xa4\r\n"
        assert await fs.read_to_string(path) == "ä\r\n"
        await fs.write(path, "ö")
        assert await fs.read(path) == "ö".encode()
        for data in (bytearray(b"abc"), memoryview(b"xabcx")[1:4], memoryview(b"abc").cast("c")):
            await fs.write(path, data)
            assert get(path) == b"abc"
        await fs.write(path, b"\xff")
        with pytest.raises(UnicodeDecodeError):
            await fs.read_to_string(path)
        with pytest.raises(FileNotFoundError) as caught:
            await fs.read(path + "x")
        assert caught.value.filename == path + "x"
        big = os.urandom(5_000_000)
        await fs.write(path, big)
        assert await fs.read(path) == big

    with mezame.Runtime(flavor) as runtime:
        runtime.block_on(main())


def test_each_is_one_job(path):
    """One thread that is held at the right moments would stop a second job."""
    with one_thread() as runtime:
        jobs = []
        submit = runtime._pool.submit

        class Counting:
            def __init__(self, pool):
                self.pool = pool

            def submit(self, *args):
                jobs.append(args[0])
                return submit(*args)

        runtime._handle.pool = Counting(runtime._pool)

        async def main():
            root = os.path.dirname(path)
            for call in (
                fs.write(path, bytes(5_000_000)),
                fs.read(path),
                fs.copy(path, path + "2"),
                fs.create_dir_all(f"{root}/a/b/c/d/e"),
                fs.remove_dir_all(f"{root}/a"),
            ):
                jobs.clear()
                await call
                assert len(jobs) == 1, call

        runtime.block_on(main())
        runtime._handle.pool = runtime._pool


def test_nothing_happens_before_it_is_awaited(path):
    async def main():
        fs.write(path, b"x")
        call = fs.write(path, b"x")
        call.close()
        with pytest.raises(RuntimeError, match="closed"):
            await call
        assert not os.path.exists(path)
        done = fs.write(path, b"x")
        await done
        with pytest.raises(RuntimeError, match="polled after it completed"):
            await done

    run(main())


@pytest.mark.parametrize("in_kernel", [True, False])
def test_copy(path, in_kernel, monkeypatch):
    if not in_kernel:
        def refuse(*_):
            raise OSError(errno.EXDEV, "not across")

        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    target = path + "2"

    async def main():
        data = os.urandom(3_000_000)
        put(path, data)
        os.chmod(path, 0o640)
        put(target, bytes(4_000_000))
        assert await fs.copy(path, target) == len(data)
        assert get(target) == data and stat.S_IMODE(os.stat(target).st_mode) == 0o640
        put(path, b"")
        assert await fs.copy(path, target) == 0 and get(target) == b""
        put(path, b"abc")
        os.symlink(path, target + "l")
        for same in (path, target + "l"):
            with pytest.raises(shutil.SameFileError):
                await fs.copy(path, same)
        assert get(path) == b"abc"
        with pytest.raises(OSError) as caught:
            await fs.copy(os.path.dirname(path), target)
        assert caught.value.errno == errno.EINVAL
        with pytest.raises(FileNotFoundError):
            await fs.copy(path + "x", target)

    run(main())


@pytest.mark.skipif(not os.path.exists("/proc/version"), reason="needs /proc")
def test_copy_of_a_file_whose_size_says_nothing(path):
    assert run(fs.copy("/proc/version", path)) == len(get("/proc/version")) == len(get(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_copy_does_not_wait_for_a_pipe(path):
    os.mkfifo(path)
    with pytest.raises(OSError, match="plain file"):
        run(fs.copy(path, path + "2"))


def test_a_copy_that_fails_in_the_kernel_raises(path, monkeypatch):
    put(path, b"abc")

    def fail(*_):
        raise OSError(errno.EIO, "torn disk")

    monkeypatch.setattr(os, "copy_file_range", fail, raising=False)
    with pytest.raises(OSError, match="torn disk"):
        run(fs.copy(path, path + "2"))


def test_short_writes_are_gone_on_with(path, monkeypatch):
    real = os.write
    data = os.urandom(100)
    monkeypatch.setattr(whole, "_CHUNK", 64)

    def short(fd, part):
        return real(fd, part[:7]) if len(part) <= 100 else real(fd, part)

    async def main():
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", short)
            patch.setattr(os, "copy_file_range", None, raising=False)
            await fs.write(path, data)
            await fs.copy(path, path + "2")
        assert get(path) == data == get(path + "2")

    run(main())


# --- cancellation and shutdown --------------------------------------------------------------------------------------


def test_a_cancelled_write_happens_all_the_same(path):
    with one_thread() as runtime:

        async def main():
            data = bytearray(b"before")
            with held(runtime._pool):
                call = fs.write(path, data)
                data[:] = b"after!"
                with pytest.raises(mezame.time.Elapsed):
                    await mezame.timeout(0.01, call)
            await mezame.spawn_blocking(int)

        runtime.block_on(main())
        assert get(path) == b"before"


def test_what_changes_something_is_run_at_shutdown_and_what_looks_is_not(path):
    put(path + "1", b"abc")
    with one_thread() as runtime, held(runtime._pool) as go:
        looks = []

        async def main():
            cx = CountingWaker().cx
            calls = [
                fs.write(path, b"saved"),
                fs.rename(path + "1", path + "2"),
                fs.create_dir_all(path + "d/e"),
                fs.Path(path + "3").touch(),
                fs.open(path + "4", "w"),
            ]
            looks.extend([fs.read(path + "x"), fs.metadata(path), fs.try_exists(path)])
            for call in calls + looks:
                assert call.poll(cx).is_pending()

        runtime.block_on(main())
        assert runtime.close(0.0).threads
        with runtime.enter():
            for look in looks:
                with pytest.raises(RuntimeClosedError):
                    look.poll(CountingWaker().cx)
        go.set()
        wait_until(lambda: os.path.exists(path + "4"))  # the last of them
        assert get(path) == b"saved" and get(path + "2") == b"abc" and get(path + "3") == b""
        assert os.path.isdir(path + "d/e")


@pytest.mark.parametrize("when", ["queued", "done"])
def test_the_failure_of_a_cancelled_change_is_reported_and_that_of_a_look_is_not(path, caplog, when):
    with one_thread() as runtime:

        async def main(*calls):
            cx = CountingWaker().cx
            with held(runtime._pool):
                for call in calls:
                    assert call.poll(cx).is_pending()
                if when == "queued":
                    for call in calls:
                        call.close()
            if when == "done":
                await mezame.spawn_blocking(int)
                for call in calls:
                    call.close()

        with caplog.at_level(logging.ERROR, logger="mezame"):
            runtime.block_on(main(fs.read(path), fs.metadata(path), fs.read_link(path), fs.read_dir(path)))
            runtime.close()
            gc.collect()
            assert not caplog.records
    with one_thread() as runtime:
        with caplog.at_level(logging.ERROR, logger="mezame"):
            runtime.block_on(main(fs.remove_file(path)))
            runtime.close()
            gc.collect()
        assert len(caplog.records) == 1 and "nobody looked" in caplog.text and "test_fs.py" in caplog.text


def test_no_runtime(path):
    call = fs.read(path)
    with pytest.raises(RuntimeError, match="needs a runtime"):
        call.poll(CountingWaker().cx)


# --- entries --------------------------------------------------------------------------------------------------------


def test_entries(tmp_path):
    one, two, link = tmp_path / "one", tmp_path / "two", tmp_path / "link"

    async def main():
        await fs.write(one, b"abc")
        assert (await fs.metadata(one)).st_size == 3
        assert await fs.try_exists(one) and not await fs.try_exists(two)
        with pytest.raises(NotADirectoryError):
            await fs.try_exists(one / "below")
        await fs.set_permissions(one, 0o600)
        assert stat.S_IMODE((await fs.metadata(one)).st_mode) == 0o600
        await fs.write(two, b"old")
        await fs.rename(one, two)
        assert get(two) == b"abc" and not one.exists()
        await fs.hard_link(two, one)
        assert (await fs.metadata(one)).st_nlink == 2
        await fs.symlink(two, link)
        found = await fs.read_link(link)
        assert found == fs.Path(two) and isinstance(found, fs.Path)
        assert stat.S_ISLNK((await fs.symlink_metadata(link)).st_mode)
        assert stat.S_ISREG((await fs.metadata(link)).st_mode)
        assert await fs.canonicalize(link) == fs.Path(os.path.realpath(two))
        assert await fs.canonicalize(os.fsencode(link)) == fs.Path(os.path.realpath(two))
        with pytest.raises(OSError) as caught:
            await fs.read_link(one)
        assert caught.value.errno == errno.EINVAL
        for gone in (fs.metadata, fs.canonicalize, fs.remove_file, fs.symlink_metadata, fs.read_link):
            with pytest.raises(FileNotFoundError):
                await gone(tmp_path / "nothing")
        with pytest.raises(FileExistsError):
            await fs.symlink(one, link)
        await fs.remove_file(link)
        assert two.exists() and not link.is_symlink()

    run(main())


def test_folders(tmp_path):
    async def main():
        root = str(tmp_path / "a")
        await fs.create_dir(root)
        with pytest.raises(FileExistsError):
            await fs.create_dir(root)
        with pytest.raises(FileNotFoundError):
            await fs.create_dir(root + "/b/c")
        await fs.create_dir(root + "/b/c", parents=True, mode=0o700)
        assert stat.S_IMODE(os.stat(root + "/b").st_mode) == 0o700
        await fs.create_dir_all(root + "/b/c/")
        await fs.create_dir_all(os.fsencode(root + "/d/e/"))
        assert os.path.isdir(root + "/d/e")
        await fs.DirBuilder().create(root + "/single")
        put(root + "/file", b"")
        for bad in (root + "/file", root + "/file/below"):
            with pytest.raises((FileExistsError, NotADirectoryError)):
                await fs.create_dir_all(bad)
        with pytest.raises(OSError):
            await fs.remove_dir(root)
        await fs.remove_dir(root + "/single")
        os.symlink(root + "/b", root + "/link")
        await fs.remove_dir_all(root + "/link")
        assert os.path.isdir(root + "/b/c") and not os.path.lexists(root + "/link")
        with pytest.raises(NotADirectoryError):
            await fs.remove_dir_all(root + "/file")
        await fs.remove_dir_all(root)
        assert not os.path.exists(root)
        with pytest.raises(FileNotFoundError):
            await fs.remove_dir_all(root)
        with pytest.raises(FileNotFoundError):
            await fs.create_dir_all("")

    run(main())


def test_a_folder_that_cannot_be_made_is_an_error_and_not_a_recursion(tmp_path, monkeypatch):
    """A file system that answers "not found" for a folder whose parent exists, as /proc does."""
    bad = str(tmp_path / "bad")
    real = os.mkdir

    def mkdir(path, mode):
        if path == bad:
            raise FileNotFoundError(errno.ENOENT, "no", path)
        real(path, mode)

    monkeypatch.setattr(folder.os, "mkdir", mkdir)
    with pytest.raises(FileNotFoundError):
        run(fs.create_dir_all(bad))


# --- opening --------------------------------------------------------------------------------------------------------


def contents_after(path, data, **options):
    async def main():
        async with fs.open(path, **options) as file:
            await file.write_all(data)
        return get(path)

    return run(main())


def test_open_options(path):
    assert contents_after(path, b"one", write=True, create_new=True) == b"one"
    with pytest.raises(FileExistsError):
        contents_after(path, b"two", write=True, create_new=True)
    assert contents_after(path, b"T", write=True) == b"Tne"
    assert contents_after(path, b"!", append=True) == b"Tne!"
    assert contents_after(path, b"x", write=True, truncate=True) == b"x"
    with pytest.raises(FileNotFoundError):
        contents_after(path + "2", b"x", write=True)
    assert contents_after(path + "2", b"x", write=True, create=True, permissions=0o600) == b"x"
    assert stat.S_IMODE(os.stat(path + "2").st_mode) == 0o600
    os.symlink(path, path + "3")
    with pytest.raises(OSError):
        contents_after(path + "3", b"x", write=True, custom_flags=os.O_NOFOLLOW | os.O_RDWR)
    with pytest.raises(OSError):  # the flags of access in custom_flags do not count: it cannot be written
        contents_after(path, b"x", read=True, custom_flags=os.O_WRONLY)


def test_modes(path):
    async def use(mode):
        async with fs.open(path, mode) as file:
            await file.write_all(b"ab")
            if "+" in mode:
                await file.seek(0)
                return await file.read()
            with pytest.raises(OSError):
                await file.read()

    assert run(use("x+b")) == b"ab"
    with pytest.raises(FileExistsError):
        run(use("x"))
    run(use("ab"))
    assert run(use("a+")) == b"ababab"
    assert run(use("rb+")) == b"ababab"
    assert run(use("w+")) == b"ab"
    run(use("w"))
    assert get(path) == b"ab"

    async def default():
        file = await fs.open(path)
        async with file:
            return await file.read()

    assert run(default()) == b"ab"


def test_options_that_do_not_go_together(path):
    for options in (
        {"truncate": True},
        {"read": True, "create": True},
        {"read": True, "create_new": True},
        {"read": True, "truncate": True},
        {"append": True, "truncate": True},
        {"mode": "r", "write": True},
        {"mode": "rt"},
        {"mode": "rw"},
        {"mode": ""},
        {"mode": "rbb"},
        {"mode": "U"},
        {"permissions": -1, "write": True},
    ):
        with pytest.raises(ValueError):
            fs.open(path, **options)
    for options in ({"mode": 3}, {"write": 1}, {"permissions": "600"}, {"write": True, "custom_flags": "x"}):
        with pytest.raises(TypeError):
            fs.open(path, **options)
    with pytest.raises(ValueError, match="without read, write and append"):
        fs.OpenOptions().open(path)
    assert "append" in repr(fs.OpenOptions().append()) and "nothing" in repr(fs.OpenOptions())
    assert contents_after(path, b"x", append=True, create_new=True, truncate=True) == b"x"


def test_what_is_no_path(path):
    put(path, b"")
    calls = [
        fs.read, fs.read_to_string, fs.metadata, fs.symlink_metadata, fs.try_exists, fs.remove_file, fs.read_link,
        fs.canonicalize, fs.create_dir, fs.create_dir_all, fs.remove_dir, fs.remove_dir_all, fs.read_dir, fs.open,
        fs.File.open, fs.File.create, fs.File.create_new,
        lambda bad: fs.write(bad, b""), lambda bad: fs.copy(path, bad), lambda bad: fs.copy(bad, path),
        lambda bad: fs.rename(path, bad), lambda bad: fs.hard_link(bad, path), lambda bad: fs.symlink(path, bad),
        lambda bad: fs.set_permissions(bad, 0), lambda bad: fs.DirBuilder().create(bad),
        lambda bad: fs.Path(path).rename(bad),
    ]  # fmt: skip
    for call in calls:
        for bad in (3, None, 1.5, [path]):
            with pytest.raises(TypeError):
                call(bad)
    for bad in (5, None, [1]):
        with pytest.raises(TypeError):
            fs.write(path, bad)
    with pytest.raises(ValueError):
        run(fs.read("null\0byte"))
    for bad in (-1, 0o10000):
        with pytest.raises(ValueError):
            fs.create_dir(path, mode=bad)
    with pytest.raises(TypeError):
        fs.DirBuilder().recursive(1)


# --- Path -----------------------------------------------------------------------------------------------------------


def test_path(tmp_path):
    async def main():
        root = fs.Path(tmp_path) / "root"
        assert isinstance(root, fs.Path) and isinstance(root.parent, fs.Path) and os.fspath(root) == str(root)
        await root.mkdir()
        await (root / "a" / "b").mkdir(parents=True, mode=0o700)
        file = root / "file.txt"
        assert not await file.exists()
        await file.touch()
        await file.touch()
        with pytest.raises(FileExistsError):
            await file.touch(exist_ok=False)
        await file.write_text("häh")
        assert await file.read_text() == "häh" and await file.read_bytes() == "häh".encode()
        await file.write_bytes(b"abc")
        assert [await one.is_file() for one in (file, root, root / "x")] == [True, False, False]
        assert [await one.is_dir() for one in (file, root, file / "x")] == [False, True, False]
        assert await file.try_exists() and (await file.metadata()).st_size == 3
        link = root / "link"
        await link.symlink_to(file)
        assert await link.is_symlink() and not await file.is_symlink()
        assert await link.read_link() == file == await link.readlink()
        assert stat.S_ISLNK((await link.lstat()).st_mode) and stat.S_ISREG((await link.stat()).st_mode)
        assert await link.resolve() == await file.canonicalize()
        await (root / "hard").hardlink_to(file)
        assert (await file.symlink_metadata()).st_nlink == 2
        await file.chmod(0o600)
        async with file.open() as opened:
            assert await opened.read() == b"abc"
        assert await file.copy(root / "copy") == 3
        moved = await file.rename(root / "moved")
        assert moved == root / "moved" and isinstance(moved, fs.Path)
        assert sorted([one.name async for one in root.iterdir()]) == ["a", "copy", "hard", "link", "moved"]
        assert all([isinstance(one, fs.Path) async for one in root.iterdir()])
        assert {one.file_name async for one in root.read_dir()} == {"a", "copy", "hard", "link", "moved"}
        await moved.unlink()
        await (root / "a" / "b").rmdir()
        with pytest.raises(TypeError, match="write_text"):
            moved.write_text(b"x")
        assert not await moved.exists()

    run(main())
