"""mezame.trace.dump: every task with its await stack: from inside, other threads, a signal; and no harm is done."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

import mezame
from mezame import sync, trace
from mezame.core.cell import hold, release
from mezame.net import TcpListener
from mezame.trace import dump_signal
from mezame.trace.dump import gil_is_on

FLAVORS = ["current_thread", "multi_thread"]


def runtime(flavor, **options):
    if flavor == "multi_thread":
        options.setdefault("worker_threads", 2)
    return mezame.Runtime(flavor, **options)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.001)


def one(dump, name):
    (found,) = [task for task in dump.tasks if task.name == name]
    return found


def functions(stack):
    return [frame.function for frame in stack.frames]


async def settle(*tasks):
    """Until each of these waits."""
    while any(task.state != "IDLE" for task in tasks):
        await mezame.yield_now()


def look_at(*futures, **options):
    """The dump of tasks that were spawned for ``futures`` (named "0", "1", ...), made when they wait."""

    async def main():
        tasks = [mezame.spawn(future, name=str(index)) for index, future in enumerate(futures)]
        await settle(*tasks)
        dump = trace.dump(mezame.Handle.current())
        for task in tasks:
            task.abort()
        return dump

    return mezame.run(main(), **options)


# --- what is in it -----------------------------------------------------------------------------------------


def test_names_places_states_and_the_chain_of_awaits():
    async def outer():
        await inner()

    async def inner():
        await mezame.pending()

    async def main():
        task = mezame.spawn(outer(), name="deep")
        queued = mezame.spawn(inner(), name="queued")
        await mezame.yield_now()
        again = mezame.spawn(inner(), name="again")
        del queued, again
        return task.id, trace.dump(mezame.Handle.current())

    with mezame.Runtime(name="web") as rt:
        number, dump = rt.block_on(main())
    root, deep, queued, again = dump.tasks
    assert (root.kind, root.state, functions(root.stack)) == ("block_on", "is being polled", ["main"])
    assert (deep.id, deep.name, deep.kind, deep.runtime, deep.state) == (number, "deep", "task", "runtime web", "waits")
    assert functions(deep.stack) == ["outer", "inner"]
    assert deep.stack.frames[0].file == __file__ and "test_trace_dump.py:" in deep.spawned_at
    assert queued.state == "waits"
    assert (again.state, functions(again.stack)) == ("is queued", ["inner"])
    text = str(dump)
    assert "task 'deep' of runtime web, spawned at" in text and "await inner()" in text and "PendingFuture" in text


def test_a_timer_says_how_long_it_has_to_go():
    dump = look_at(mezame.sleep(90), start_paused=True)
    wait = one(dump, "0").stack.wait
    assert wait.kind == "a timer" and "90.000 s from now" in wait.what
    assert str(wait).startswith("a timer: ")


def test_descriptors_locks_channels_and_tasks_are_told_apart():
    async def accepts():
        async with await TcpListener.bind("127.0.0.1:0") as listener:
            await listener.accept()

    lock, semaphore = sync.Mutex(None), sync.Semaphore(0)
    _, oneshot = sync.oneshot.channel()
    held, receiver = sync.mpsc.channel(1)

    async def locks():
        async with lock.lock():
            await mezame.pending()

    async def joins():
        await mezame.spawn(mezame.pending(), name="joined")

    async def acquires():
        await semaphore.acquire()

    async def receives():
        await receiver.recv()

    async def answers():
        await oneshot

    dump = look_at(accepts(), locks(), locks(), joins(), acquires(), receives(), answers())
    waits = [one(dump, str(index)).stack.wait for index in range(7)]
    kinds = [wait.kind for wait in waits]
    assert kinds == [
        "a descriptor", "a future", "a lock", "a task", "a lock", "a channel", "a channel",
    ]  # fmt: skip
    assert "fd=" in waits[0].what and "Mutex" in waits[2].what and "joined" in waits[3].what
    assert "Semaphore" in waits[4].what
    del held


def test_select_join_and_timeout_show_their_branches():
    async def slow():
        await mezame.sleep(60)

    async def selects():
        await mezame.select(slow(), mezame.pending())

    async def joins():
        await mezame.join_all([slow() for _ in range(3)])

    async def joins_many():
        await mezame.join_all([slow() for _ in range(40)])

    async def limits():
        await mezame.timeout(5, slow())

    dump = look_at(selects(), joins(), joins_many(), limits(), mezame.timeout(5, slow()), start_paused=True)
    select = one(dump, "0").stack
    assert functions(select)[0] == "selects"
    assert sorted(branch.wait.kind for branch in select.branches) == ["a future", "a timer"]
    assert [functions(branch) for branch in select.branches if branch.frames] == [["slow"]]
    assert len(one(dump, "1").stack.branches) == 3 and len(one(dump, "2").stack.branches) == 40
    for name in ("3", "4"):
        limit = one(dump, name).stack
        assert [wait.kind for wait in limit.leaves()] == ["a timer", "a timer"]
        assert ["slow"] in [functions(branch) for branch in limit.branches]
    assert "branch 2 of 2:" in str(one(dump, "0"))


def test_what_a_remote_runs_is_shown_where_it_runs():
    kept = []

    async def job():
        await mezame.sleep(5)

    async def remote():
        half, handle = mezame.future.remote_handle(job())
        kept.append(handle)
        await half

    async def waits():
        half, handle = mezame.future.remote_handle(mezame.pending())
        kept.append(half)
        await handle

    dump = look_at(remote(), waits())
    stack = one(dump, "0").stack
    (inside,) = stack.branches
    assert functions(stack) == ["remote"] and "Remote" in stack.wait.what
    assert functions(inside) == ["job"] and inside.wait.kind == "a timer"
    handle = one(dump, "1").stack
    assert functions(handle) == ["waits"] and handle.branches == () and "RemoteHandle" in handle.wait.what


def test_async_generators_and_plain_awaitables():
    async def generates():
        await mezame.pending()
        yield 1

    async def loops():
        async for _ in generates():
            pass

    class Awaitable:
        def __await__(self):
            yield from mezame.pending().__await__()

    async def waits():
        await Awaitable()

    dump = look_at(loops(), waits())
    assert functions(one(dump, "0").stack) == ["loops", "generates"]
    assert functions(one(dump, "1").stack) == ["waits", "__await__"]
    assert [one(dump, name).stack.wait.what for name in "01"] == ["PendingFuture"] * 2


def test_a_local_set_is_in_the_dump_of_everything():
    async def waits():
        await mezame.pending()

    async def main():
        local = mezame.task.LocalSet()
        local.spawn_local(waits(), name="here")
        with pytest.raises(TimeoutError):
            await mezame.timeout(1, local.run_until(mezame.pending()))
        dump = trace.dump()
        await local.shutdown()
        return dump

    here = one(mezame.run(main(), start_paused=True), "here")
    assert here.kind == "local" and here.runtime.startswith("LocalSet ")
    assert (here.state, functions(here.stack)) == ("waits", ["waits"])


def test_a_repr_that_raises_spoils_nothing():
    class Rude(mezame.Future):
        def poll(self, cx):
            return mezame.Poll.Pending

        def __repr__(self):
            raise ValueError("mine")

    dump = look_at(Rude(), mezame.pending())
    assert "Rude" in one(dump, "0").stack.wait.what and "mine" in one(dump, "0").stack.wait.what
    assert one(dump, "1").stack.wait.what == "PendingFuture"


def test_futures_in_futures_have_an_end():
    async def nested(depth):
        if depth == 0:
            await mezame.pending()
        else:
            await mezame.select(nested(depth - 1))

    stack = one(look_at(nested(60)), "0").stack
    depth = 0
    while stack.branches:
        stack, depth = stack.branches[0], depth + 1
    assert depth == 20


def test_no_task_is_left():
    with mezame.Runtime() as rt:
        assert trace.dump(rt) == trace.Dump(()) and str(trace.dump(rt.handle())) == "no task is left"
    with pytest.raises(TypeError, match="not 3"):
        trace.dump(3)


def test_without_an_argument_all_runtimes_are_in_it():
    with mezame.Runtime(name="first") as first, mezame.Runtime(name="second") as second:
        first.spawn(mezame.pending(), name="one")
        second.spawn(mezame.pending(), name="two")
        names = {(task.name, task.runtime) for task in trace.dump().tasks}
        assert {("one", "runtime first"), ("two", "runtime second")} <= names
        assert [task.name for task in trace.dump(first).tasks] == ["one"]


# --- from other threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavor", FLAVORS)
def test_from_another_thread_while_the_runtime_sleeps(flavor):
    async def waits():
        await mezame.pending()

    with runtime(flavor) as rt:
        stop = sync.CancellationToken()

        async def main():
            task = mezame.spawn(waits(), name="waits")
            await stop.cancelled()
            task.abort()

        thread = threading.Thread(target=rt.block_on, args=[main()])
        thread.start()
        until(lambda: {task.state for task in trace.dump(rt).tasks} == {"waits"} and len(trace.dump(rt).tasks) == 2)
        dump = trace.dump(rt)
        stop.cancel()
        thread.join(10)
        assert not thread.is_alive()
    root, task = dump.tasks
    assert root.kind == "block_on" and functions(root.stack)[0] == "main" and root.stack.wait.kind == "a cancellation"
    assert functions(task.stack) == ["waits"]


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_task_that_blocks_its_thread_is_seen_from_outside(flavor):
    go = threading.Event()

    async def blocks():
        go.wait(10)

    with runtime(flavor) as rt:

        async def main():
            await mezame.spawn(blocks(), name="blocks")

        thread = threading.Thread(target=rt.block_on, args=[main()])
        thread.start()
        until(lambda: any(task.state == "is being polled" for task in trace.dump(rt).tasks if task.name == "blocks"))
        found = one(trace.dump(rt), "blocks")
        go.set()
        thread.join(10)
    assert functions(found.stack) == (["blocks"] if gil_is_on() else [])


def test_a_wake_and_a_cancellation_while_a_task_is_held_are_not_lost():
    async def main():
        sender, receiver = sync.oneshot.channel()

        async def waits():
            return await receiver

        woken = mezame.spawn(waits())
        aborted = mezame.spawn(mezame.pending())
        await settle(woken, aborted)
        assert hold(woken) and not hold(woken) and hold(aborted)
        sender.send(42)
        aborted.abort()
        for _ in range(5):
            await mezame.yield_now()
        assert not woken.is_finished() and not aborted.is_finished()
        release(woken)
        release(aborted)
        with pytest.raises(mezame.JoinError):
            await aborted
        return await woken

    assert mezame.run(main()) == 42


@pytest.mark.parametrize("flavor", FLAVORS)
def test_dumps_while_tasks_run_lose_no_wake(flavor):
    rounds, pairs = 200, 8
    stop = threading.Event()
    made = []

    with runtime(flavor) as rt:

        async def ping(receiver, sender):
            for _ in range(rounds):
                await sender.send(await receiver.recv() + 1)

        async def game():
            there, back = sync.mpsc.channel(1), sync.mpsc.channel(1)
            other = mezame.spawn(ping(there[1], back[0]))
            value = 0
            for _ in range(rounds):
                await mezame.select(there[0].send(value), biased=True)
                value = await mezame.timeout(60, back[1].recv())
            await other
            return value

        async def waits():
            await mezame.pending()

        async def main():
            idle = mezame.spawn(waits(), name="idle")
            await settle(idle)
            total, begin = [], len(made)
            while len(made) < begin + 20:
                total += await mezame.join_all([mezame.spawn(game(), name="game") for _ in range(pairs)])
            idle.abort()
            return total

        def look():
            while not stop.is_set():
                made.append(str(trace.dump(rt)))

        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            values = rt.block_on(rt.spawn(main()))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert set(values) == {rounds}
    assert any("in waits" in text for text in made) and any("task 'game'" in text for text in made)


# --- from a signal -----------------------------------------------------------------------------------------

needs_usr1 = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no SIGUSR1 here")


@needs_usr1
@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_signal_writes_a_dump_and_the_runtime_goes_on(flavor):
    texts = []
    seen = threading.Event()

    def write(text):
        texts.append(text)
        seen.set()

    async def waits():
        await mezame.pending()

    async def main():
        task = mezame.spawn(waits(), name="waits")
        await mezame.spawn_blocking(time.sleep, 0.01)
        os.kill(os.getpid(), signal.SIGUSR1)
        await mezame.spawn_blocking(seen.wait, 10)
        task.abort()
        return "went on"

    before = signal.getsignal(signal.SIGUSR1)
    with trace.dump_on_signal(signal.SIGUSR1, write), runtime(flavor) as rt:
        assert rt.block_on(main()) == "went on"
    assert signal.getsignal(signal.SIGUSR1) == before
    assert "task 'waits'" in texts[0] and "the main thread was here:" in texts[0]


@needs_usr1
def test_a_main_thread_that_blocks_shows_where():
    code = """
import mezame, time
async def stuck():
    print("stuck", flush=True)
    time.sleep(30)
async def main(): await mezame.spawn(stuck(), name="culprit")
mezame.trace.dump_on_signal()
mezame.run(main())
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout.readline() == "stuck\n"
            process.send_signal(signal.SIGUSR1)
            text = ""
            while not ("task 'culprit'" in text and "in stuck" in text):
                line = process.stderr.readline()
                assert line, f"it has ended, and wrote no more than {text!r}"
                text += line
        finally:
            process.kill()


@needs_usr1
def test_the_handler_that_was_there_is_called_too_and_comes_back():
    called, texts = [], []
    seen = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda signum, frame: called.append(signum))
    try:
        mine = signal.getsignal(signal.SIGUSR1)
        installed = trace.dump_on_signal(write=lambda text: (texts.append(text), seen.set()))
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seen.wait(10)
        installed.remove()
        installed.remove()
        assert signal.getsignal(signal.SIGUSR1) is mine
        os.kill(os.getpid(), signal.SIGUSR1)
        until(lambda: called == [signal.SIGUSR1] * 2)
        assert len(texts) == 1
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.fixture
def former():
    """A handler of the program's own, and what it was called with."""
    called = []

    def handler(signum, frame):
        called.append(signum)

    before = signal.signal(signal.SIGUSR1, handler)
    yield handler, called
    signal.signal(signal.SIGUSR1, before)


@pytest.fixture
def begun(monkeypatch):
    """What each thread that makes a dump was started with. The handlers do that before they call the former one."""
    found = []

    def start_new_thread(function, args):
        found.append(args)
        return _thread.start_new_thread(function, args)

    monkeypatch.setattr(dump_signal, "_thread", SimpleNamespace(start_new_thread=start_new_thread))
    return found


def send_usr1():
    os.kill(os.getpid(), signal.SIGUSR1)


@needs_usr1
@pytest.mark.parametrize("first", [0, 1])
def test_two_dumps_of_one_signal_go_in_any_order(former, begun, first):
    handler, called = former
    texts = [[], []]
    both = [trace.dump_on_signal(write=text.append) for text in texts]
    both[first].remove()
    send_usr1()
    until(lambda: texts[1 - first] and called)
    assert texts[first] == [] and len(called) == len(begun) == 1
    both[1 - first].remove()
    assert signal.getsignal(signal.SIGUSR1) is handler
    send_usr1()
    until(lambda: len(called) == 2)
    assert len(begun) == sum(map(len, texts)) == 1


@needs_usr1
def test_removed_it_is_silent_also_where_another_handler_calls_it(former, begun):
    _, called = former
    texts = []
    dumps = trace.dump_on_signal(write=texts.append)
    mine = signal.getsignal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, lambda signum, frame: mine(signum, frame))
    dumps.remove()
    send_usr1()
    until(lambda: called)
    assert begun == texts == [] and len(called) == 1


@needs_usr1
def test_removed_it_gives_up_its_place_where_a_listener_puts_it_back(former, begun):
    handler, called = former
    texts = []

    async def main():
        dumps = trace.dump_on_signal(write=texts.append)
        listener = mezame.signal.signal(signal.SIGUSR1)
        dumps.remove()
        listener.close()

    mezame.run(main())
    send_usr1()
    until(lambda: called)
    assert begun == texts == [] and len(called) == 1 and signal.getsignal(signal.SIGUSR1) is handler


@needs_usr1
def test_removed_and_put_back_it_lets_the_system_do_what_it_did_before():
    code = """
import mezame, os, signal
dumps = mezame.trace.dump_on_signal()
mine = signal.getsignal(signal.SIGUSR1)
dumps.remove()
signal.signal(signal.SIGUSR1, mine)
os.kill(os.getpid(), signal.SIGUSR1)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGUSR1 and done.stderr == ""


@needs_usr1
def test_bad_arguments_and_a_writer_that_raises():
    with pytest.raises(TypeError, match="needs a function"):
        trace.dump_on_signal(signal.SIGUSR1, "stderr")
    lost = []
    seen = threading.Event()

    def bad(text):
        raise ValueError("mine")

    with (
        trace.on_unhandled(lambda one: (lost.append(one.error), seen.set())),
        trace.dump_on_signal(signal.SIGUSR1, bad),
    ):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seen.wait(10)
    assert isinstance(lost[0], ValueError)
    failures = []

    def elsewhere():
        try:
            trace.dump_on_signal(signal.SIGUSR1)
        except ValueError as error:
            failures.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert failures
