"""One object, many threads: what one replaces while others read it. Without a guard a free-threaded build crashes.

Each case runs in an interpreter of its own, as a crash would end the whole run. The threads go on until each has done a
number of steps: with a GIL this shows little, without one an unguarded field is hit within a fraction of them.
"""

import os
import subprocess
import sys
import textwrap

import pytest

BEGIN = """
import threading
import mezame
from mezame import Context, Executor, Poll, Waker

def together(count, *steps):
    # Each step in a thread of its own, again and again, until each has been done count times.
    ready = threading.Barrier(len(steps))
    done = [0] * len(steps)
    failures = []
    def run(index, step):
        ready.wait()
        try:
            while min(done) < count and not failures:
                for number in range(done[index], done[index] + 200):
                    step(number)
                done[index] += 200
        except BaseException as error:
            failures.append(error)
    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures

async def nothing():
    pass

executor = Executor()
task = executor.spawn(nothing())
noop = Context.from_waker(Waker.noop())

wakers, contexts = [], []

class Keep(mezame.Future):
    # Keeps what it was polled with; done at the second poll.
    def __init__(self):
        self.polled = False
    def poll(self, cx):
        contexts[:] = [cx]
        wakers[:] = [cx.waker]
        if self.polled:
            return Poll.Ready(None)
        self.polled = True
        cx.waker.wake()
        return Poll.Pending
"""

CASES = {
    "name": """
        together(
            300_000,
            lambda n: task.set_name(f"a-{n}"),
            lambda n: task.set_name(f"b-{n}"),
            lambda n: task.name,
            lambda n: task.name,
        )
    """,
    "message of a cancellation": """
        async def goes_on():
            while True:
                try:
                    await mezame.pending()
                except mezame.CancelledError:
                    pass
        going = executor.spawn(goes_on())
        cancel = lambda n: going.cancel(f"message-{n}")
        together(100_000, lambda n: executor.run_until_stalled(), cancel, cancel, cancel)
    """,
    "poll": """
        tasks = [task]
        def turn(n):
            tasks[0] = executor.spawn(nothing())
            executor.run()
        together(50_000, turn, *[lambda n: tasks[0].poll(noop)] * 3)
    """,
    "waker of a task that ends": """
        async def keep(): await Keep()
        def turn(n):
            executor.spawn(keep())
            executor.run()
        together(50_000, turn, *[lambda n: [repr(waker) for waker in wakers]] * 2)
    """,
    "slot of a waker": """
        slot = mezame.task.AtomicWaker()
        together(
            300_000,
            lambda n: slot.register(Waker.from_callable(lambda: None)),
            *[lambda n: repr(slot)] * 2,
        )
    """,
    "context of another thread": """
        async def keep(): await Keep()
        def ask(n):
            for cx in contexts:
                assert "of another thread" in repr(cx)
                try:
                    cx.waker
                except RuntimeError as error:
                    assert "on the thread that polls" in str(error)
                else:
                    raise AssertionError("a foreign thread was given the waker")
        def turn(n):
            executor.spawn(keep())
            executor.run()
        together(40_000, turn, *[ask] * 2)
    """,
    "histogram": """
        class Histogram:
            def record(self, ns): pass
        def swap(n):
            executor.histogram = Histogram()
        def turn(n):
            executor.spawn(nothing())
            executor.run()
        together(40_000, turn, swap, swap, lambda n: executor.histogram)
    """,
    "value of a watch channel": """
        sender, receiver = mezame.sync.watch.channel("first")
        together(100_000, lambda n: sender.send(f"value-{n}"), *[lambda n: (sender.borrow(), receiver.borrow())] * 2)
    """,
    "value of a mutex whose guard is shared": """
        guard = mezame.sync.Mutex("first").try_lock()
        def write(n):
            guard.value = f"value-{n}"
        together(200_000, write, write, *[lambda n: guard.value] * 2)
    """,
    "value of a rwlock whose guard is shared": """
        guard = mezame.sync.RwLock("first").try_write()
        def write(n):
            guard.value = f"value-{n}"
        together(200_000, write, write, *[lambda n: guard.value] * 2)
    """,
    "callbacks that are removed while the task ends": """
        called, removed = [], []
        callback = called.append
        tasks = [task]
        def turn(n):
            fresh = executor.spawn(nothing())
            for _ in range(3):
                fresh.add_done_callback(callback)
            tasks[0] = fresh
            executor.run()
            turned.append(n)
        turned = []
        together(40_000, turn, *[lambda n: removed.append(tasks[0].remove_done_callback(callback))] * 2)
        assert len(called) + sum(removed) == 3 * len(turned)
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_from_many_threads(case):
    code = BEGIN + textwrap.dedent(CASES[case])
    env = {**os.environ, "PYTHONMALLOC": "debug"}  # what is freed is overwritten, so that its use shows
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=55, env=env)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
