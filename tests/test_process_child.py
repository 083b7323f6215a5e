"""Child: waiting, killing, its streams."""

import os
import signal
import subprocess
import sys
import threading

import pytest
from children import leftovers, watch  # noqa: F401
from descriptors import descriptors
from polling import CountingWaker, until

import mezame
from mezame import Poll
from mezame.process import PIPE, ChildStdout, Command, ExitStatus, exit_watch
from mezame.signal import SignalKind

pytestmark = pytest.mark.mezame

DRIVERS = ["selectors", *(["epoll"] if mezame.driver.epoll.available() else [])]
FLAVORS = ["current_thread", "multi_thread"]


def waits_for_input(code=0):
    """A child that ends when its input does."""
    return Command("sh", "-c", f"cat > /dev/null; exit {code}").stdin(PIPE)


# --- waiting ----------------------------------------------------------------------------------------------------------


async def test_wait_closes_the_input_first_and_can_be_repeated():
    child = waits_for_input(3).spawn()
    assert isinstance(child.id, int) and repr(child.id) in repr(child)
    assert [await child.wait(), await child.wait()] == [ExitStatus(3)] * 2
    assert child.id is None and child.stdin is None and child.try_wait() == ExitStatus(3)
    assert repr(child) == "<Child <ExitStatus code 3>>"
    await child.kill()
    child.start_kill()
    child.send_signal(signal.SIGTERM)
    assert await child.wait() == ExitStatus(3)


async def test_an_input_that_was_taken_out_stays_open():
    child = waits_for_input().spawn()
    stdin, child.stdin = child.stdin, None
    with pytest.raises(TimeoutError):
        await mezame.timeout(0.01, child.wait())
    stdin.close()
    assert (await child.wait()).success


async def test_try_wait_leaves_the_input_open():
    child = waits_for_input(1).spawn()
    assert child.try_wait() is None and child.id is not None
    await child.stdin.write_all(b"x")
    assert await child.wait() == ExitStatus(1)


async def test_a_cancelled_wait_can_be_repeated():
    child = waits_for_input(5).spawn()
    stdin, child.stdin = child.stdin, None
    for _ in range(3):
        counting = CountingWaker()
        waiting = child.wait()
        assert waiting.poll(counting.cx) is Poll.Pending
        waiting.close()
        waiting.close()
    # Cancelled after the wake: the exit is not lost with it.
    counting = CountingWaker()
    waiting = child.wait()
    assert waiting.poll(counting.cx) is Poll.Pending
    stdin.close()
    await until(lambda: counting.wakes)
    waiting.close()
    assert await child.wait() == ExitStatus(5)


async def test_the_waker_of_the_latest_poll_is_woken():
    child = waits_for_input().spawn()
    stdin, child.stdin = child.stdin, None
    old, new = CountingWaker(), CountingWaker()
    waiting = child.wait()
    assert waiting.poll(old.cx) is waiting.poll(new.cx) is Poll.Pending
    stdin.close()
    await until(lambda: new.wakes)
    assert old.wakes == 0
    assert waiting.poll(new.cx) == Poll.Ready(ExitStatus(0))


async def test_a_wait_is_polled_once():
    child = Command("true").spawn()
    waiting = child.wait()
    await waiting
    with pytest.raises(RuntimeError, match="after it completed"):
        waiting.poll(CountingWaker().cx)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_several_tasks_wait_for_several_children(flavor, driver):
    async def wait(child):
        return (await child.wait()).code

    async def main():
        children = [waits_for_input(n).spawn() for n in range(8)]
        inputs = []
        for child in children:
            inputs.append(child.stdin)
            child.stdin = None
        tasks = [[mezame.spawn(wait(child)) for _ in range(3)] for child in children]
        await until(lambda: all(task.state == "IDLE" for waiting in tasks for task in waiting))
        for stdin in inputs:
            stdin.close()
        for n, waiting in enumerate(tasks):
            assert [await task for task in waiting] == [n] * 3

    mezame.run(main(), flavor=flavor, driver=driver)


async def test_waiting_for_one_that_has_ended_cannot_starve_other_tasks():
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await mezame.yield_now()

    task = mezame.spawn(other())
    child = Command("true").spawn()
    for _ in range(1000):
        await child.wait()
    assert turns >= 5
    task.abort()


async def test_a_status_that_somebody_else_took():
    child = Command("true").spawn()
    os.waitpid(child.id, 0)
    with pytest.raises(ChildProcessError, match="lost"):
        await child.wait()
    with pytest.raises(ChildProcessError, match="lost"):
        child.try_wait()
    assert child.id is None and "lost" in repr(child)
    child.start_kill()


async def test_ignored_sigchld():
    old = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        child = waits_for_input().spawn()
        with pytest.raises(ChildProcessError, match="ignored"):
            await child.wait()
    finally:
        signal.signal(signal.SIGCHLD, old)


async def test_no_pidfd_left_is_no_failure(monkeypatch):
    def fails(pid):
        raise OSError(24, "too many open files")

    if hasattr(os, "pidfd_open"):
        monkeypatch.setattr(os, "pidfd_open", fails)
    child = waits_for_input(2).spawn()
    assert isinstance(child._watch, exit_watch.ThreadWatch)
    assert await child.wait() == ExitStatus(2)


async def test_the_thread_may_be_faster_than_the_one_that_waits(monkeypatch):
    monkeypatch.setattr(exit_watch, "USE_PIDFD", False)
    child = waits_for_input(2).spawn()
    stdin, child.stdin = child.stdin, None
    start = exit_watch.ThreadWatch.start

    def start_and_end(self):
        start(self)
        stdin.close()
        for thread in threading.enumerate():
            if thread.name == f"mezame-process-{child._running.pid}":
                thread.join(20)

    monkeypatch.setattr(exit_watch.ThreadWatch, "start", start_and_end)
    assert child.wait().poll(CountingWaker().cx) == Poll.Ready(ExitStatus(2))


async def test_a_system_without_waitid(monkeypatch):
    monkeypatch.setattr(exit_watch, "USE_PIDFD", False)
    child = waits_for_input(2).spawn()
    with monkeypatch.context() as patch:
        patch.delattr(os, "waitid")
        assert await child.wait() == ExitStatus(2)


def test_after_the_runtime():
    async def main():
        return waits_for_input().spawn(), Command("true").spawn()

    waiting, ended = mezame.run(main())
    os.waitid(os.P_PID, ended.id, os.WEXITED | os.WNOWAIT)
    assert ended.try_wait() == ExitStatus(0)
    assert mezame.run(ended.wait()) == ExitStatus(0)
    waiting.start_kill()
    os.waitid(os.P_PID, waiting.id, os.WEXITED | os.WNOWAIT)
    assert mezame.run(waiting.wait()) == ExitStatus(-signal.SIGKILL)


# --- killing ----------------------------------------------------------------------------------------------------------


async def test_kill():
    child = waits_for_input().spawn()
    stdin, child.stdin = child.stdin, None
    await child.kill()
    assert child.id is None and await child.wait() == ExitStatus(-signal.SIGKILL)
    stdin.close()

    child = waits_for_input().spawn()
    child.start_kill()
    assert child.stdin is not None
    assert (await child.wait()).signal == signal.SIGKILL

    # It has ended, but nobody has waited.
    child = Command("true").spawn()
    os.waitid(os.P_PID, child.id, os.WEXITED | os.WNOWAIT)
    await child.kill()
    assert (await child.wait()).success


async def test_other_signals():
    for kind in (signal.SIGTERM, SignalKind.terminate(), int(signal.SIGTERM)):
        child = Command("cat").stdin(PIPE).spawn()
        child.send_signal(kind)
        stdin, child.stdin = child.stdin, None
        assert (await child.wait()).signal == signal.SIGTERM
        stdin.close()


# --- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_full_pipes_on_all_sides(flavor):
    """More than any pipe holds, both ways at once, to both outputs."""
    size = 1 << 20
    code = (
        "import os, sys, threading\n"
        f"other = threading.Thread(target=lambda: sys.stderr.write('e' * {size}))\n"
        "other.start()\n"
        "sys.stdout.write(sys.stdin.read())\n"
        "other.join()\n"
    )

    async def feed(stdin):
        async with stdin:
            await stdin.write_all(b"o" * size)

    async def main():
        child = Command(sys.executable, "-c", code, stdin=PIPE, stdout=PIPE, stderr=PIPE).spawn()
        stdin, child.stdin = child.stdin, None
        feeding = mezame.spawn(feed(stdin))
        output = await child.wait_with_output()
        await feeding
        return output

    output = mezame.run(main(), flavor=flavor)
    assert output.status.success and output.stdout == b"o" * size and output.stderr == b"e" * size


async def test_wait_with_output_of_what_is_left():
    child = Command("sh", "-c", "cat; echo err >&2; exit 2", stdin=PIPE, stdout=PIPE, stderr=PIPE).spawn()
    await child.stdin.write_all(b"first second")
    assert await child.stdout.read_exact(6) == b"first "
    output = await child.wait_with_output()
    assert (output.status.code, output.stdout, output.stderr) == (2, b"second", b"err\n")
    again = await child.wait_with_output()
    assert (again.status.code, again.stdout, again.stderr) == (2, b"", b"")


async def test_a_dialogue_by_lines():
    child = Command("sh", "-c", "while read line; do echo got $line; done", stdin=PIPE, stdout=PIPE).spawn()
    for word in (b"one", b"two"):
        await child.stdin.write_all(word + b"\n")
        assert await child.stdout.read_exact(8) == b"got " + word + b"\n"
    assert (await child.wait()).success
    assert await child.stdout.read() == b""


async def test_output_can_be_read_after_the_end():
    child = Command("echo", "late").stdout(PIPE).spawn()
    assert (await child.wait()).success
    assert await child.stdout.read_to_end() == b"late\n"


async def test_writing_to_one_that_does_not_read():
    child = Command("true").stdin(PIPE).spawn()
    stdin, child.stdin = child.stdin, None
    await child.wait()
    with pytest.raises(BrokenPipeError):
        await stdin.write_all(b"x")
    stdin.close()


async def test_descriptors_of_streams():
    child = Command("sh", "-c", "cat; cat").stdin(PIPE).stdout(PIPE).spawn()
    number = child.stdout.into_fd()
    assert os.get_blocking(number)
    child.stdout = ChildStdout.from_fd(number)
    await child.stdin.write_all(b"x")
    assert (await child.wait_with_output()).stdout == b"x"


async def test_no_descriptor_leaks():
    async def once():
        await Command("cat", stdin=PIPE).output()
        child = Command("cat").stdin(PIPE).stdout(PIPE).stderr(PIPE).spawn()
        await child.wait_with_output()
        child = Command("cat").stdin(PIPE).stdout(PIPE).spawn()
        child.close()
        with pytest.raises(TimeoutError):
            await mezame.timeout(0.001, Command("sleep", "20").kill_on_drop().output())
        await until(lambda: not leftovers())

    await once()
    before = descriptors()
    for _ in range(3):
        await once()
    assert descriptors() == before


# --- runtimes and threads ---------------------------------------------------------------------------------------------


def test_a_runtime_in_another_thread():
    got = []
    thread = threading.Thread(target=lambda: got.append(mezame.run(Command("echo", "x").output())))
    thread.start()
    thread.join(20)
    assert got[0].stdout == b"x\n"


def test_many_children_at_once(watch):  # noqa: F811
    async def one(n):
        return (await Command("echo", str(n)).output()).stdout

    async def main():
        tasks = [mezame.spawn(one(n)) for n in range(40)]
        return [await task for task in tasks]

    assert mezame.run(main(), flavor="multi_thread", worker_threads=2) == [b"%d\n" % n for n in range(40)]


async def test_other_users_of_subprocess_are_left_alone():
    """``wait`` for our child takes nobody else's."""
    other = subprocess.Popen(["true"])
    assert (await Command("true").status()).success
    assert other.wait() == 0
