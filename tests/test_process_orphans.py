"""Children that are dropped, closed or cancelled: they are killed or not, as was set, and always reaped."""

import gc
import os
import signal
import subprocess
import sys

import pytest
from children import leftovers, watch  # noqa: F401
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polling import CountingWaker, until
from sizes import examples

import mezame
from mezame import Poll
from mezame.net.pipe import pipe
from mezame.process import PIPE, Command, ExitStatus, orphans

pytestmark = pytest.mark.mezame

DRIVERS = ["selectors", *(["epoll"] if mezame.driver.epoll.available() else [])]


def held_open(sender):
    """A child that says "up" on ``sender`` and then keeps it open until it ends, with its input."""
    return Command("sh", "-c", "echo up; cat > /dev/null; echo done").stdin(PIPE).stdout(sender)


async def spawn_holding():
    """(the child, what tells that it has ended)."""
    sender, receiver = pipe()
    child = held_open(sender).spawn()
    assert await receiver.read_exact(3) == b"up\n"
    return child, receiver


async def all_reaped():
    await until(lambda: not leftovers() and not orphans.count())


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_a_dropped_child_goes_on_and_is_reaped(flavor, driver):
    async def main():
        child, receiver = await spawn_holding()
        stdin = child.stdin
        del child
        gc.collect()
        assert orphans.count() == 1
        stdin.close()
        assert await receiver.read_to_end() == b"done\n"
        await all_reaped()
        receiver.close()

    mezame.run(main(), flavor=flavor, driver=driver)


async def test_kill_on_drop():
    sender, receiver = pipe()
    child = held_open(sender).kill_on_drop().spawn()
    assert await receiver.read_exact(3) == b"up\n"
    stdin = child.stdin
    del child
    gc.collect()
    assert await receiver.read_to_end() == b""
    await all_reaped()
    stdin.close()
    receiver.close()


async def test_close_and_async_with():
    for kill in (False, True):
        sender, receiver = pipe()
        async with held_open(sender).kill_on_drop(kill).spawn() as child:
            assert await receiver.read_exact(3) == b"up\n"
            stdin, child.stdin = child.stdin, None
        child.close()
        if not kill:
            stdin.close()
        assert await receiver.read_to_end() == (b"" if kill else b"done\n")
        await all_reaped()
        assert await child.wait() == ExitStatus(-signal.SIGKILL if kill else 0)
        stdin.close()
        receiver.close()
    with Command("cat").stdin(PIPE).spawn() as child:
        stdin = child.stdin
    assert stdin.is_closed()
    assert (await child.wait()).success


async def test_dropped_after_its_end():
    child = Command("true").spawn()
    os.waitid(os.P_PID, child.id, os.WEXITED | os.WNOWAIT)
    del child
    gc.collect()
    assert not leftovers() and not orphans.count()


async def test_a_child_in_a_cycle_is_found_by_the_collector():
    child, receiver = await spawn_holding()
    child.me = child
    del child
    gc.collect()
    assert await receiver.read_to_end() == b"done\n"
    await all_reaped()
    receiver.close()


def test_an_orphan_that_outlives_its_runtime():
    async def main():
        child, receiver = await spawn_holding()
        stdin = child.stdin.into_fd()
        child.stdin = None
        receiver.close()
        del child
        gc.collect()
        assert orphans.count() == 1
        return stdin

    stdin = mezame.run(main())
    assert leftovers() and orphans.count() == 1
    os.close(stdin)  # now it ends; the fixture sees it reaped


def test_a_child_that_outlives_its_runtime_and_is_dropped_then():
    async def main():
        child, receiver = await spawn_holding()
        receiver.close()
        return child

    child = mezame.run(main())
    stdin = child.stdin
    del child
    gc.collect()
    assert orphans.count() == 1
    stdin.close()


@pytest.mark.parametrize("kill", [False, True])
@pytest.mark.parametrize("method", ["output", "status"])
async def test_a_cancelled_run(method, kill):
    sender, receiver = pipe()
    stdin, ours = os.pipe()
    number = sender.into_fd()
    program = f"import os; os.write({number}, b'up\\n'); os.read(0, 1); os.write({number}, b'done\\n')"
    command = Command(sys.executable, "-c", program).stdin(stdin).kill_on_drop(kill).popen_kwargs(pass_fds=(number,))
    task = mezame.spawn(getattr(command, method)())
    assert await receiver.read_exact(3) == b"up\n"
    os.close(number)
    os.close(stdin)
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    if kill:
        assert await receiver.read_to_end() == b""
        os.close(ours)
    else:
        os.close(ours)
        assert await receiver.read_to_end() == b"done\n"
    await all_reaped()
    receiver.close()


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 12), st.booleans(), st.sampled_from(["output", "status", "wait"]))
def test_cancelled_after_any_number_of_polls(polls, kill, method):
    """The fixture finds what is left."""

    async def run():
        command = Command("sh", "-c", "echo x; read line; echo y").stdin(PIPE).kill_on_drop(kill)
        if method != "wait":
            return await getattr(command, method)()
        child = command.spawn()
        return await child.wait()

    async def main():
        counting = CountingWaker()
        future = mezame.into_future(run())
        for _ in range(polls):
            if future.poll(counting.cx) is not Poll.Pending:
                break
            await mezame.sleep(0.0005)
        future.close()

    mezame.run(main())


async def test_reap_on_drop_off():
    child = Command("true").reap_on_drop(False).spawn()
    pid = child.id
    del child
    gc.collect()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not orphans.count() and leftovers()
    assert os.waitpid(pid, 0) == (pid, 0)


def test_the_end_of_the_program():
    """Children that nobody waited for do not hold it up, and it says nothing of them."""
    program = """
import mezame
from mezame.process import PIPE, Command
async def main():
    kept = Command("cat").stdin(PIPE).spawn()
    Command("cat").stdin(PIPE).spawn()
    return kept
kept = mezame.run(main())
print("end")
"""
    for pidfd in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", program],
            capture_output=True, text=True, timeout=20, env={**os.environ, "MEZAME_PIDFD": pidfd},
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
