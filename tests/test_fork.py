"""A fork inside of a runtime: the child is told, can make a runtime of its own, and does not disturb its parent."""

import os
import subprocess
import sys
import warnings

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

FLAVORS = pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
DRIVERS = pytest.mark.parametrize("driver", ["epoll", "selectors"])

HEAD = """
import mezame, os, sys, warnings
from mezame.net import TcpListener, TcpStream
warnings.simplefilter("ignore")
FLAVOR, DRIVER = {flavor!r}, {driver!r}

def run(main):
    options = {{"worker_threads": 2}} if FLAVOR == "multi_thread" else {{}}
    return mezame.run(main, flavor=FLAVOR, driver=DRIVER, **options)

def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""


def output(program, flavor, driver="epoll"):
    """What the program prints; warnings and errors go with it, if it fails."""
    with warnings.catch_warnings():
        command = [sys.executable, "-W", "ignore", "-c", HEAD.format(flavor=flavor, driver=driver) + program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@FLAVORS
@DRIVERS
@pytest.mark.parametrize("leaf", ["mezame.sleep(0.01)", "mezame.yield_now()", "mezame.spawn(mezame.ready(1))"])
def test_the_root_of_a_forked_child_is_told_at_its_next_await(flavor, driver, leaf):
    program = f"""
async def main():
    pid = os.fork()
    if pid:
        await mezame.sleep(0.001)
        print(ended(pid), flush=True)
        await mezame.sleep(0.001)  # the parent goes on
        return "parent"
    await {leaf}
    os._exit(1)

top = os.getpid()
try:
    print(run(main()))
except RuntimeError as error:
    os._exit(7 if os.getpid() != top and "fork" in str(error) else 8)
"""
    assert output(program, flavor, driver) == ["7", "parent"]


@FLAVORS
def test_code_that_tries_again_in_a_forked_child_ends(flavor):
    """The child's coroutine may catch the error; its loop polls nothing more nevertheless."""
    program = """
async def other():
    while True:
        await mezame.yield_now()
        if os.getpid() != top:
            os._exit(9)  # a task of the parent goes on in the child

async def main():
    mezame.spawn(other())
    await mezame.yield_now()
    pid = os.fork()
    if pid:
        print(ended(pid), flush=True)
        return
    for _ in range(3):
        try:
            await mezame.sleep(0)
        except RuntimeError:
            pass
    await mezame.into_future(mezame.poll_fn(lambda cx: mezame.Poll.Pending))

top = os.getpid()
try:
    run(main())
except RuntimeError as error:
    if os.getpid() != top:
        os._exit(7 if "fork" in str(error) else 8)
    raise
"""
    assert output(program, flavor) == ["7"]


@FLAVORS
@DRIVERS
def test_a_child_that_closes_what_it_inherited_takes_nothing_from_its_parent(flavor, driver):
    """An epoll is one object in both processes: what the child takes out of it, the parent waits for in vain."""
    program = """
async def main():
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        client = await TcpStream.connect(listener.local_addr())
        server, _ = await listener.accept()
        reading = mezame.spawn(server.read(10))
        await mezame.yield_now()
        pid = os.fork()
        if pid == 0:
            for each in (server, client, listener):
                each.close()
            os._exit(3)
        print(ended(pid))
        await client.write_all(b"hello")
        print((await mezame.timeout(10, reading)).decode())
        with client, server:
            pass

run(main())
"""
    assert output(program, flavor, driver) == ["3", "hello"]


@FLAVORS
@DRIVERS
def test_a_child_may_run_a_runtime_of_its_own(flavor, driver):
    """As with multiprocessing's "fork": the child's work is called where the parent forked."""
    program = """
async def child():
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        with await TcpStream.connect(listener.local_addr()) as client:
            server, _ = await listener.accept()
            with server:
                await client.write_all(b"x")
                await mezame.sleep(0.001)
                return len(await server.read(5))

def work():
    os._exit(10 + run(child()))

async def main():
    pid = os.fork()
    if pid == 0:
        work()
    await mezame.sleep(0.001)
    return ended(pid)

print(run(main()))
"""
    assert output(program, flavor, driver) == ["11"]


def test_a_worker_that_forks_ends_with_the_error_in_the_child():
    """In the child only its thread is there, and the tasks that it would poll next are the parent's."""
    program = """
async def other():
    while True:
        await mezame.yield_now()
        if os.getpid() != top:
            os._exit(9)

async def fork():
    pid = os.fork()
    if pid == 0:
        import threading
        threading.excepthook = lambda args: os._exit(7 if "fork" in str(args.exc_value) else 8)
        return 0
    return pid

async def main():
    for _ in range(20):
        mezame.spawn(other())
    pid = await mezame.spawn(fork())
    print(ended(pid))

top = os.getpid()
run(main())
"""
    assert output(program, "multi_thread") == ["7"]
