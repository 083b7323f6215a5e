"""KeyboardInterrupt and SystemExit out of a callback (a done callback, a waker, a hook): they leave ``block_on``.

And nothing else goes with them: the other callbacks are called, who was to be queued is queued, every thread lives, and
``close`` ends. On a thread that drives no tasks they are raised where the callback was called.
"""

import sys
import threading

import pytest
from polling import PATIENCE, in_thread, until, wait_until

import mezame
from mezame import Context, Executor, Waker
from mezame.core.hooks import Hooks

FLAVORS = [("current_thread", {}), ("multi_thread", {"worker_threads": 1}), ("multi_thread", {"worker_threads": 2})]


def leave(*_):
    sys.exit(3)


def interrupt(*_):
    raise KeyboardInterrupt("out of a callback")


@pytest.fixture(params=FLAVORS, ids=["current", "one-worker", "two-workers"])
def runtime(request):
    flavor, options = request.param
    made = mezame.Runtime(flavor, **options)
    yield made
    made.close()


async def nothing():
    pass


def check_alive(runtime):
    """All workers poll, sleep and are woken."""

    async def main():
        for _ in range(20):
            tasks = [mezame.spawn(mezame.sleep(0.0001)) for _ in range(20)]
            for task in tasks:
                await task
        return "alive"

    assert runtime.block_on(main()) == "alive"
    wait_until(lambda: not runtime.handle().tasks())  # a joined task is let go of a moment after


def raises(runtime, future, kind):
    with pytest.raises(kind):
        runtime.block_on(future)
    check_alive(runtime)


@pytest.mark.parametrize(("callback", "kind"), [(leave, SystemExit), (interrupt, KeyboardInterrupt)])
def test_out_of_a_done_callback(runtime, callback, kind):
    called = []

    async def main():
        ready = mezame.sync.Notify()
        task = mezame.spawn(ready.notified())
        task.add_done_callback(lambda _: called.append("before"))
        task.add_done_callback(callback)
        task.add_done_callback(lambda _: called.append("after"))
        ready.notify_one()
        await until(lambda: False)

    raises(runtime, main(), kind)
    assert called == ["before", "after"]


def test_out_of_a_waker_while_others_wait(runtime):
    woken = []

    async def main():
        notify = mezame.sync.Notify()
        waiting = [notify.notified() for _ in range(3)]
        for future, callback in zip(waiting, [lambda: woken.append(1), leave, lambda: woken.append(2)], strict=True):
            future.poll(Context.from_waker(Waker.from_callable(callback)))

        async def wake():
            notify.notify_waiters()
            woken.append("the task goes on")

        mezame.spawn(wake())
        await until(lambda: False)

    raises(runtime, main(), SystemExit)
    assert woken == [1, 2, "the task goes on"]


@pytest.mark.parametrize("kind", ["callable", "class"])
def test_out_of_a_waker_in_a_turn_of_the_driver(runtime, kind):
    class Leaving(Waker):
        def wake(self):
            sys.exit(3)

    waker = Waker.from_callable(leave) if kind == "callable" else Leaving()

    async def main():
        sleep = mezame.sleep(0.001)
        sleep.poll(Context.from_waker(waker))
        await until(lambda: False)

    raises(runtime, main(), SystemExit)


@pytest.mark.parametrize("kind", ["callable", "class"])
def test_out_of_a_waker_in_a_turn_while_all_sleep(kind):
    """The worker that sleeps in the driver is interrupted there, and is still found when there is work."""

    class Leaving(Waker):
        def wake(self):
            sys.exit(3)

    waker = Waker.from_callable(leave) if kind == "callable" else Leaving()
    with mezame.Runtime("multi_thread", worker_threads=2) as runtime:

        async def main():
            sleep = mezame.sleep(0.001)
            sleep.poll(Context.from_waker(waker))
            await mezame.pending()

        for _ in range(5):
            raises(runtime, main(), SystemExit)


HOOKS = ["on_spawn", "on_poll", "on_pending", "on_later", "on_wake", "on_complete", "on_park", "on_unpark"]


@pytest.mark.parametrize("name", HOOKS)
def test_out_of_a_hook(runtime, name):
    class Leaving(Hooks):
        armed = True

        def leave(self, *_):
            if self.armed:
                self.armed = False
                sys.exit(3)

    hooks = Leaving()
    setattr(hooks, name, hooks.leave)
    ended = []

    async def main():
        runtime._executor.hooks = hooks

        async def work():
            for _ in range(3):
                await mezame.yield_now()
                await mezame.sleep(0.0001)
            ended.append(True)

        await mezame.spawn(work())
        await until(lambda: False)

    with pytest.raises(SystemExit):
        runtime.block_on(main())
    runtime.block_on(until(lambda: ended))  # the task was not lost
    check_alive(runtime)


def test_out_of_a_hook_in_a_thread_that_drives_nothing():
    class Leaving(Hooks):
        def on_wake(self, task):
            sys.exit(3)

    with mezame.Runtime("multi_thread", worker_threads=1) as runtime:
        tx, rx = mezame.sync.oneshot.channel()

        async def receive():
            return await rx

        task = runtime.spawn(receive())
        runtime.block_on(until(lambda: task.state == "IDLE"))
        runtime._executor.hooks = Leaving()
        with pytest.raises(SystemExit):
            in_thread(lambda: tx.send("sent"))
        runtime._executor.hooks = None
        assert runtime.block_on(task) == "sent"


def test_a_hook_at_a_foreign_spawn_loses_no_task():
    class Leaving(Hooks):
        def on_spawn(self, task):
            sys.exit(3)

    ended = []

    async def work():
        ended.append(True)

    executor = Executor(hooks=Leaving())
    with pytest.raises(SystemExit):
        executor.spawn(work())
    executor.hooks = None
    executor.run()
    assert ended == [True]


def test_out_of_the_callback_of_a_root(runtime):
    with pytest.raises(SystemExit):
        runtime._executor.block_on(nothing(), attach=lambda root: root.add_done_callback(leave))
    check_alive(runtime)


def test_out_of_a_waker_in_the_root_of_a_block_on_without_a_runtime():
    went_on = []

    async def main():
        Waker.from_callable(leave).wake()
        went_on.append(True)

    with pytest.raises(SystemExit):
        mezame.block_on(main())
    assert went_on == [True]
    assert mezame.block_on(mezame.ready(3)) == 3


async def unwinding(log):
    """Is interrupted by a callback on its own thread, and unwinds with an await on its way."""
    Waker.from_callable(leave).wake()
    try:
        await mezame.pending()
    finally:
        log.append("unwinds")
        await mezame.yield_now()
        log.append("unwound")


def test_the_root_of_a_block_on_without_a_runtime_unwinds():
    log = []
    with pytest.raises(SystemExit):
        mezame.block_on(unwinding(log))
    assert log == ["unwinds", "unwound"]


def test_the_root_of_a_runtime_unwinds(runtime):
    log = []
    raises(runtime, unwinding(log), SystemExit)
    assert log == ["unwinds", "unwound"]


def test_the_root_of_a_thread_without_the_core_unwinds():
    """Another thread drives; the second root is polled on its own thread, and unwinds there."""
    log = []
    free, driving = mezame.sync.Notify(), threading.Event()

    async def drive():
        driving.set()
        await free.notified()

    with mezame.Runtime() as runtime:
        thread = threading.Thread(target=runtime.block_on, args=(drive(),))
        thread.start()
        assert driving.wait(PATIENCE)
        with pytest.raises(SystemExit):
            runtime.block_on(unwinding(log))
        assert log == ["unwinds", "unwound"]
        free.notify_one()
        thread.join()
        check_alive(runtime)


def test_a_root_that_takes_the_core_over_while_it_unwinds(caplog):
    """Interrupted without the core, its clean-up needs a task; then the thread with the core goes."""
    log = []
    free, driving = mezame.sync.Notify(), threading.Event()

    async def drive():
        driving.set()
        await free.notified()

    async def other():
        await until(lambda: not thread.is_alive())
        log.append("task")

    async def root():
        Waker.from_callable(leave).wake()
        try:
            await mezame.pending()
        finally:
            task = mezame.spawn(other())
            free.notify_one()
            await task
            log.append("unwound")

    with mezame.Runtime() as runtime:
        thread = threading.Thread(target=runtime.block_on, args=(drive(),))
        thread.start()
        assert driving.wait(PATIENCE)
        with pytest.raises(SystemExit):
            runtime.block_on(root())
        assert log == ["task", "unwound"]
        assert not caplog.records
        check_alive(runtime)


def test_an_interrupt_in_a_root_that_unwinds_for_an_exit_of_a_task_is_reported(caplog):
    async def main():
        mezame.spawn(exit_with(First()))
        try:
            await mezame.pending()
        finally:
            Waker.from_callable(lambda: raising(Second())(None)).wake()

    for flavor in ("current_thread", "multi_thread"):
        caplog.clear()
        with pytest.raises(First):
            mezame.run(main(), flavor=flavor)
        assert "Second" in caplog.text


async def exit_with(error):
    raise error


def test_out_of_a_waker_on_a_plain_thread():
    with pytest.raises(SystemExit):
        Waker.from_callable(leave).wake()


def test_in_try_tick():
    executor = Executor()
    executor.spawn(nothing()).add_done_callback(leave)
    with pytest.raises(SystemExit):
        executor.try_tick()
    assert executor.is_empty()
    executor.close()


def test_a_histogram_that_raises_is_removed(runtime):
    class Bad:
        def record(self, ns):
            raise ValueError("not recorded")

    async def main():
        runtime._executor.histogram = Bad()
        await mezame.spawn(nothing())
        await mezame.spawn(nothing())

    runtime.block_on(main())
    wait_until(lambda: runtime._executor.histogram is None)
    check_alive(runtime)


def test_a_thread_hook_that_leaves_costs_no_thread():
    armed = []

    def hook():
        if armed:
            armed.clear()
            sys.exit(3)

    with mezame.Runtime("multi_thread", worker_threads=1, on_thread_start=hook) as runtime:

        async def main():
            armed.append(True)
            return await mezame.spawn_blocking(lambda: "done")

        try:
            assert runtime.block_on(main()) == "done"
        except SystemExit:
            pass
        check_alive(runtime)


class First(SystemExit):
    pass


class Second(SystemExit):
    pass


def raising(error):
    def callback(_):
        raise error

    return callback


@pytest.mark.parametrize("flavor", ["current_thread", "multi_thread"])
def test_of_two_interrupts_the_first_is_raised_and_the_other_is_reported(flavor, caplog):
    async def work(error):
        mezame.task.current().add_done_callback(raising(error))

    async def main():
        mezame.spawn(work(First()))
        try:
            await mezame.pending()
        finally:  # the first one ends this
            await mezame.spawn(work(Second()))

    with pytest.raises(First):
        mezame.run(main(), flavor=flavor)
    assert "Second" in caplog.text


def test_of_two_interrupts_in_a_block_on_without_a_runtime_too(caplog):
    async def main():
        Waker.from_callable(lambda: raising(First())(None)).wake()
        Waker.from_callable(lambda: raising(Second())(None)).wake()

    with pytest.raises(First):
        mezame.block_on(main())
    assert "Second" in caplog.text
