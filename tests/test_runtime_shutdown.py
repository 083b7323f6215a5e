"""How a runtime ends when something leaves its shutdown: every step is taken all the same."""

import signal
import threading

import pytest
from descriptors import descriptors
from polling import until, wait_until

import mezame

FLAVORS = pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])


async def exit_with(code, begun):
    begun.append(code)
    try:
        await mezame.pending()
    finally:
        raise SystemExit(code)


async def refuse_to_unwind(log):
    log.append("begun")
    try:
        await mezame.pending()
    finally:
        log.append("asked")
        try:
            await mezame.pending()
        finally:
            log.append("dropped")


def threads_of(name):
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]


class Pressed:
    """Ctrl-C, once ``condition()`` is so: one ``KeyboardInterrupt`` in the main thread. Use it in ``with``.

    The signal is sent again and again: Python does not see one that comes just before a thread sleeps on a lock.
    """

    def __init__(self, condition):
        self.condition = condition
        self.raised = False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.press)

    def press(self):
        wait_until(self.condition)
        while not self.over.wait(0.02):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def handle(self, number, frame):
        if not self.raised:
            self.raised = True
            raise KeyboardInterrupt

    def __enter__(self):
        self.old = signal.signal(signal.SIGINT, self.handle)
        self.thread.start()

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()
        signal.signal(signal.SIGINT, self.old)


async def begun_in(runtime, tasks, begun):
    for task in tasks:
        runtime.spawn(task)
    await until(lambda: len(begun) == len(tasks))


@FLAVORS
def test_an_exit_of_a_task_that_unwinds_leaves_close_after_all_else_was_closed(flavor):
    before = descriptors()
    begun = []
    with pytest.raises(SystemExit) as caught:
        with mezame.Runtime(flavor, thread_name="ending", watchdog=30) as runtime:
            runtime.block_on(begun_in(runtime, [exit_with(7, begun)], begun))
            runtime.block_on(runtime.spawn_blocking(len, ""))
    assert caught.value.code == 7
    wait_until(lambda: not threads_of("ending") and not threads_of("mezame-watchdog"))
    assert descriptors() == before
    assert not runtime.close()
    with pytest.raises(mezame.RuntimeClosedError):
        runtime.block_on(mezame.yield_now())


@FLAVORS
def test_of_an_exit_of_main_and_one_of_a_task_that_unwinds_the_first_leaves(flavor, caplog):
    async def main():
        begun = []
        await begun_in(mezame.Handle.current(), [exit_with(4, begun)], begun)
        raise SystemExit(3)

    with pytest.raises(SystemExit) as caught:
        mezame.run(main(), flavor=flavor)
    assert caught.value.code == 3
    assert "SystemExit: 4" in caplog.text


@FLAVORS
def test_of_two_exits_of_tasks_that_unwind_one_leaves_and_the_other_is_reported(flavor, caplog):
    runtime = mezame.Runtime(flavor)
    begun = []
    runtime.block_on(begun_in(runtime, [exit_with(3, begun), exit_with(4, begun)], begun))
    with pytest.raises(SystemExit) as caught:
        runtime.close()
    assert sorted([caught.value.code, *(code for code in (3, 4) if f"SystemExit: {code}" in caplog.text)]) == [3, 4]


@FLAVORS
def test_ctrl_c_ends_the_wait_for_a_task_that_does_not_unwind(flavor):
    before = descriptors()
    log = []
    runtime = mezame.Runtime(flavor, thread_name="ending")
    runtime.block_on(begun_in(runtime, [refuse_to_unwind(log)], log))
    with pytest.raises(KeyboardInterrupt), Pressed(lambda: log == ["begun", "asked"]):
        runtime.close()
    assert log == ["begun", "asked", "dropped"]
    wait_until(lambda: not threads_of("ending"))
    assert descriptors() == before
    assert not runtime.close()


@FLAVORS
def test_ctrl_c_ends_the_wait_for_a_blocking_call(flavor, caplog):
    before = descriptors()
    release = threading.Event()
    inside = threading.Event()

    def call():
        inside.set()
        release.wait()

    runtime = mezame.Runtime(flavor, thread_name="ending")
    runtime.spawn_blocking(call)
    inside.wait()
    try:
        with pytest.raises(KeyboardInterrupt), Pressed(lambda: runtime._closed):
            runtime.close()
        assert "ending-blocking-0" in caplog.text  # it was named
        assert descriptors() == before
    finally:
        release.set()
    wait_until(lambda: not threads_of("ending"))


@FLAVORS
def test_an_exit_of_a_task_does_not_cut_a_blocking_call_short(flavor):
    log = []
    begun = []
    inside = threading.Event()

    def call():
        inside.set()
        wait_until(lambda: runtime._closed and not len(runtime._executor))
        log.append("done")

    runtime = mezame.Runtime(flavor, thread_name="ending")
    runtime.block_on(begun_in(runtime, [exit_with(7, begun)], begun))
    runtime.spawn_blocking(call)
    inside.wait()
    with pytest.raises(SystemExit):
        runtime.close()
    assert log == ["done"]
