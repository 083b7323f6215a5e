"""Signals: what listeners get, what becomes of the handlers, and in which threads it works."""

import _thread
import gc
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polling import PATIENCE, CountingWaker, in_thread, until, wait_until
from sizes import examples

import mezame
from mezame import Context, Poll
from mezame.signal import SignalKind, ctrl_c, handlers
from mezame.signal import signal as listen
from mezame.signal.door import Door

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
FLAVORS = ["current_thread", "multi_thread"]
DRIVERS = ["selectors", *(["epoll"] if mezame.driver.epoll.available() else [])]


@pytest.fixture(autouse=True)
def _handlers_stay():
    """Whatever a test does, each signal has its old handler afterwards."""
    watched = [USR1, USR2, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
    before = [signal.getsignal(number) for number in watched]
    yield
    gc.collect()
    after = [signal.getsignal(number) for number in watched]
    for number, handler in zip(watched, before, strict=True):
        signal.signal(number, handler)
    assert after == before


def options(flavor, **more):
    return {"flavor": flavor, **({"worker_threads": 2} if flavor == "multi_thread" else {}), **more}


def interrupt_the_sleep(executor):
    """A thread that sends SIGUSR1, without interrupting a call, when all threads of the runtime sleep."""

    def interrupt():
        wait_until(lambda: all(loop.is_parked for loop in getattr(executor, "loops", [executor])))
        _thread.interrupt_main(USR1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


def events():
    """How many the driver has handed on."""
    return mezame.Handle.current().metrics().io_driver_ready_count


def is_pending(future):
    """One poll of ``future`` with a waker that does nothing."""
    return future.poll(Context.from_waker(mezame.Waker.noop())) is Poll.Pending


# --- what a listener gets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_signal_wakes_a_sleeping_runtime(flavor, driver):
    async def wait(listener):
        return await listener.recv()

    async def main():
        with listen(USR1) as listener:
            waiting = mezame.spawn(wait(listener))
            # From another process: it comes while this runtime sleeps, or is about to.
            subprocess.Popen([sys.executable, "-c", f"import os; os.kill({os.getpid()}, {int(USR1)})"]).wait()
            return await waiting

    assert mezame.run(main(), **options(flavor, driver=driver)) == SignalKind.user_defined1()


@pytest.mark.parametrize("flavor", FLAVORS)
def test_every_listener_gets_it_and_only_its_own_signal(flavor):
    async def collect(listener, got):
        async for kind in listener:
            got.append(kind)
            if len(got) == 2:
                return

    async def main():
        lists = [[], [], []]
        listeners = [listen(USR1), listen(USR1), listen(USR2)]
        tasks = [mezame.spawn(collect(*pair)) for pair in zip(listeners, lists, strict=True)]
        for _ in range(2):
            count = len(lists[0])
            signal.raise_signal(USR1)
            await until(lambda count=count: len(lists[0]) > count and len(lists[1]) > count)
        assert lists == [[SignalKind.user_defined1()] * 2] * 2 + [[]]
        for listener in listeners:
            listener.close()
        for task in tasks:
            await task

    mezame.run(main(), **options(flavor))


@pytest.mark.mezame
async def test_deliveries_coalesce_and_none_is_lost_between_two_waits():
    with listen(USR1) as listener:
        for _ in range(3):
            signal.raise_signal(USR1)
        await listener.recv()
        assert is_pending(listener.recv())
        signal.raise_signal(USR1)
        await listener.recv()
        assert is_pending(listener.recv())


@pytest.mark.mezame
async def test_a_listener_hears_nothing_of_what_came_before_it():
    with listen(USR1) as first:
        signal.raise_signal(USR1)
        with listen(USR1) as second:
            assert is_pending(second.recv())
        await first.recv()


@pytest.mark.mezame
async def test_a_cancelled_wait_loses_nothing():
    with listen(USR1) as listener:
        counting = CountingWaker()
        waiting = listener.recv()
        assert waiting.poll(counting.cx) is Poll.Pending
        signal.raise_signal(USR1)
        await until(lambda: counting.wakes)
        waiting.close()
        await listener.recv()

        waiting = listener.recv()
        assert waiting.poll(counting.cx) is Poll.Pending
        waiting.close()
        waiting.close()
        before = events()
        signal.raise_signal(USR1)
        await until(lambda: events() > before)
        assert counting.wakes == 1
        await listener.recv()


@pytest.mark.mezame
async def test_the_one_who_empties_the_socket_does_so_for_the_others():
    with listen(USR1) as one, listen(USR2) as two:
        counting = CountingWaker()
        first, second = one.recv(), two.recv()
        assert first.poll(counting.cx) is Poll.Pending
        signal.raise_signal(USR2)
        await until(lambda: counting.wakes)  # the driver has seen it
        assert first.poll(counting.cx) is Poll.Pending  # it has emptied the socket for nothing
        assert second.poll(counting.cx) == Poll.Ready(SignalKind.user_defined2())
        signal.raise_signal(USR1)
        assert await first == SignalKind.user_defined1()


@pytest.mark.mezame
async def test_a_delivery_between_the_look_and_the_wait(monkeypatch):
    """It comes when the waiter has found nothing, and another waiter empties the socket before this one waits."""
    look = Door._look
    calls = []

    def interrupted_look(door, news):
        try:
            look(door, news)
        except BlockingIOError:
            if not calls:
                calls.append(None)
                signal.raise_signal(USR1)
                door._drain()
            raise

    monkeypatch.setattr(Door, "_look", interrupted_look)
    with listen(USR1) as listener:
        counting = CountingWaker()
        recv = listener.recv()
        assert recv.poll(counting.cx) is Poll.Pending
        assert calls and counting.wakes == 1
        assert recv.poll(counting.cx) == Poll.Ready(SignalKind.user_defined1())


@pytest.mark.mezame
async def test_polling_by_hand():
    with listen(USR1) as listener:
        old, new = CountingWaker(), CountingWaker()
        assert listener.poll_recv(old.cx) is Poll.Pending
        assert listener.poll_recv(new.cx) is Poll.Pending
        signal.raise_signal(USR1)
        await until(lambda: new.wakes)
        assert old.wakes == 0
        assert listener.poll_recv(new.cx) == Poll.Ready(SignalKind.user_defined1())
        assert listener.poll_recv(new.cx) is Poll.Pending
        signal.raise_signal(USR1)
        recv = listener.recv()
        assert recv.poll(new.cx) == Poll.Ready(SignalKind.user_defined1())
        with pytest.raises(RuntimeError, match="after it completed"):
            recv.poll(new.cx)
    with pytest.raises(RuntimeError, match="closed"):
        listener.poll_recv(new.cx)
    with pytest.raises(RuntimeError, match="closed"):
        listener.poll_recv(new.cx)


@pytest.mark.mezame
async def test_signals_without_end_cannot_starve_other_tasks():
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await mezame.yield_now()

    task = mezame.spawn(other())
    with listen(USR1) as listener:
        for _ in range(1000):
            signal.raise_signal(USR1)
            await listener.recv()
    assert turns >= 5
    task.abort()


@pytest.mark.mezame
async def test_more_signals_than_a_socket_holds():
    with listen(USR1) as listener:
        assert is_pending(listener.recv())
        for _ in range(5000):
            signal.raise_signal(USR1)
        await listener.recv()
        assert is_pending(listener.recv())
        signal.raise_signal(USR1)
        await listener.recv()


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("raise"), st.sampled_from([USR1, USR2])),
            st.tuples(st.just("listen"), st.sampled_from([USR1, USR2])),
            st.tuples(st.sampled_from(["recv", "close"]), st.integers(0, 5)),
        ),
        max_size=40,
    )
)
def test_model(steps):
    """Each listener is a flag: set by its signal, taken by ``recv``; a signal without listeners has its old handler."""
    unheard = []
    before = [signal.signal(number, lambda got, frame: unheard.append(got)) for number in (USR1, USR2)]

    async def main():
        model = []  # [listener, number, flag, pending recv]
        missed = []
        for what, value in steps:
            if what == "raise":
                signal.raise_signal(value)
                hearing = [entry for entry in model if entry[1] == value]
                for entry in hearing:
                    entry[2] = True
                if not hearing:
                    missed.append(value)
            elif what == "listen":
                listener = listen(value)
                model.append([listener, value, False, None])
            elif value < len(model):
                entry = model[value]
                if what == "close":
                    entry[0].close()
                    if entry[3] is not None:
                        entry[3].close()
                    model.remove(entry)
                else:
                    recv = entry[3] or entry[0].recv()
                    entry[3] = None
                    if entry[2]:
                        assert await recv == SignalKind(entry[1])
                        entry[2] = False
                    else:
                        assert is_pending(recv)
                        entry[3] = recv
            assert unheard == missed
        for entry in model:
            if entry[2]:
                await (entry[3] or entry[0].recv())
            entry[0].close()

    try:
        mezame.run(main())
    finally:
        for number, handler in zip((USR1, USR2), before, strict=True):
            signal.signal(number, handler)


# --- closed ends and bad input ----------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_closing_wakes_whoever_waits_and_ends_the_iteration():
    listener = listen(USR1)

    async def iterate():
        return [kind async for kind in listener]

    async def wait():
        await listener.recv()

    iterating, waiting = mezame.spawn(iterate()), mezame.spawn(wait())
    await mezame.yield_now()  # now both wait
    assert not listener.is_closed()
    listener.close()
    listener.close()
    assert await iterating == []
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    with pytest.raises(RuntimeError, match="closed"):
        await listener.recv()
    assert listener.is_closed() and "closed" in repr(listener)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSTOP", "SIGILL", "SIGFPE", "SIGSEGV"])
def test_forbidden_signals(name):
    with pytest.raises(ValueError, match=name):
        listen(getattr(signal, name))
    with pytest.raises(ValueError, match=name):
        SignalKind.from_raw(getattr(signal, name))


@pytest.mark.parametrize("bad", [0, -1, 65, 1000])
def test_unknown_signals(bad):
    with pytest.raises(ValueError, match=str(bad)):
        listen(bad)


@pytest.mark.parametrize("bad", ["SIGINT", None, 2.0, True])
def test_what_is_no_signal(bad):
    with pytest.raises(TypeError, match=repr(bad)):
        listen(bad)


def test_kinds():
    made = {
        SignalKind.alarm(): "SIGALRM",
        SignalKind.child(): "SIGCHLD",
        SignalKind.hangup(): "SIGHUP",
        SignalKind.interrupt(): "SIGINT",
        SignalKind.io(): "SIGIO",
        SignalKind.pipe(): "SIGPIPE",
        SignalKind.quit(): "SIGQUIT",
        SignalKind.terminate(): "SIGTERM",
        SignalKind.user_defined1(): "SIGUSR1",
        SignalKind.user_defined2(): "SIGUSR2",
        SignalKind.window_change(): "SIGWINCH",
    }
    for kind, name in made.items():
        number = getattr(signal, name)
        assert kind.as_raw_value() == number
        assert kind == SignalKind.from_raw(number) == SignalKind(number) == SignalKind(kind)
        assert eval(repr(kind)) == kind
    assert len(made) == 11
    assert SignalKind.interrupt() != SignalKind.quit() and SignalKind.interrupt() != 2
    if not hasattr(signal, "SIGINFO"):
        with pytest.raises(ValueError, match="SIGINFO"):
            SignalKind.info()
    if hasattr(signal, "SIGRTMIN"):
        real_time = SignalKind.from_raw(signal.SIGRTMIN + 1)
        assert repr(real_time) == f"SignalKind.from_raw({signal.SIGRTMIN + 1})"
        with listen(real_time) as listener:
            assert listener.kind is real_time


def test_waiting_needs_a_runtime_with_io():
    with listen(USR1) as listener:
        with pytest.raises(RuntimeError, match=r"mezame\.run"):
            mezame.block_on(listener.recv())
        with pytest.raises(RuntimeError, match="enable_io"):
            mezame.run(listener.recv(), enable_io=False)
        signal.raise_signal(USR1)
        assert mezame.block_on(listener.recv()) == SignalKind.user_defined1()  # it had come already


# --- handlers ---------------------------------------------------------------------------------------------------------


def test_the_old_handler_is_back_with_the_last_listener():
    got = []

    def handler(number, frame):
        got.append(number)

    old = signal.signal(USR1, handler)
    try:
        first, second = listen(USR1), listen(USR1)
        signal.raise_signal(USR1)
        first.close()
        signal.raise_signal(USR1)
        assert got == []
        second.close()
        signal.raise_signal(USR1)
        assert got == [USR1]
        third = listen(USR1)
        del third
        gc.collect()
        assert signal.getsignal(USR1) is handler
    finally:
        signal.signal(USR1, old)


def test_a_dropped_listener_that_was_polled_is_gone_too():
    async def main():
        listener = listen(USR1)
        assert listener.poll_recv(CountingWaker().cx) is Poll.Pending
        del listener
        gc.collect()
        return signal.getsignal(USR1)

    assert mezame.run(main()) == signal.SIG_DFL


def test_a_handler_that_the_program_set_meanwhile_stays():
    listener = listen(USR1)
    signal.signal(USR1, signal.SIG_IGN)
    listener.close()
    assert signal.getsignal(USR1) == signal.SIG_IGN
    signal.signal(USR1, signal.SIG_DFL)


def test_a_runtime_takes_its_descriptors_along():
    async def main():
        with listen(USR1) as listener:
            signal.raise_signal(USR1)
            await listener.recv()
            assert is_pending(listener.recv())

    mezame.run(main())
    before = os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []
    for _ in range(3):
        mezame.run(main())
    assert not before or len(os.listdir("/proc/self/fd")) == len(before)


def test_one_listener_in_one_runtime_after_the_other():
    with listen(USR1) as listener:

        async def main():
            assert is_pending(listener.recv())
            signal.raise_signal(USR1)
            return await listener.recv()

        for _ in range(2):
            assert mezame.run(main()) == SignalKind.user_defined1()
        runtime = mezame.Runtime()
        with runtime.enter():
            runtime.close()
            with pytest.raises(mezame.RuntimeClosedError):
                listener.recv().poll(CountingWaker().cx)


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def run_and_interrupt(main):
    """KeyboardInterrupt, or not."""
    try:
        mezame.run(main)
    except KeyboardInterrupt:
        return True
    return False


async def interrupted():
    """Raises SIGINT; true if that cancels the root."""
    signal.raise_signal(signal.SIGINT)
    try:
        await mezame.sleep(20)
    except mezame.CancelledError:
        return True
    return False


@pytest.mark.mezame
async def test_ctrl_c_waits_for_the_next_one():
    waiting = mezame.spawn(ctrl_c())
    await mezame.yield_now()
    assert not waiting.is_finished()
    signal.raise_signal(signal.SIGINT)
    assert await waiting is None


def test_ctrl_c_listens_from_its_first_poll_on():
    async def main():
        waiting = ctrl_c()
        before = signal.getsignal(signal.SIGINT)
        assert is_pending(waiting)
        assert signal.getsignal(signal.SIGINT) is not before
        waiting.close()
        waiting.close()
        assert signal.getsignal(signal.SIGINT) == before

    mezame.run(main())


def test_after_ctrl_c_the_next_one_cancels_the_root_again():
    async def main():
        counting = CountingWaker()
        waiting = ctrl_c()
        assert waiting.poll(counting.cx) is Poll.Pending
        signal.raise_signal(signal.SIGINT)
        await waiting
        with pytest.raises(RuntimeError, match="after it completed"):
            waiting.poll(counting.cx)
        unwound.append(await interrupted())
        raise mezame.CancelledError

    unwound = []
    assert run_and_interrupt(main())
    assert unwound == [True]


def test_a_listener_from_before_run_gives_ctrl_c_back_to_run():
    async def main():
        signal.raise_signal(signal.SIGINT)
        await listener.recv()
        listener.close()
        unwound.append(await interrupted())
        raise mezame.CancelledError

    unwound = []
    listener = listen(signal.SIGINT)
    assert run_and_interrupt(main())
    assert unwound == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_listener_that_outlives_run_gives_ctrl_c_back_to_python():
    async def main():
        return listen(signal.SIGINT)

    listener = mezame.run(main())
    assert handlers._records[signal.SIGINT].old is signal.default_int_handler  # and not that of the run, with its root
    signal.raise_signal(signal.SIGINT)
    assert mezame.run(listener.recv()) == SignalKind.interrupt()
    listener.close()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_graceful_server(flavor):
    """Signals from outside: the first begins the shutdown, the second cuts it short."""
    program = """
import mezame, signal, sys
async def main():
    with mezame.signal.signal(signal.SIGINT) as interrupt:
        print("up", flush=True)
        await interrupt.recv()
    print("shutting down", flush=True)
    try:
        await mezame.sleep(20)
    finally:
        print("cut short", flush=True)
try:
    mezame.run(main, **eval(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program, repr(options(flavor))], stdout=subprocess.PIPE, text=True
    )
    for expected in ("up", "shutting down"):
        assert process.stdout.readline().strip() == expected
        process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert out.split("\n") == ["cut short", "interrupted", ""]


# --- threads and processes --------------------------------------------------------------------------------------------


def test_only_the_main_thread_can_install():
    def attempt():
        listen(USR1)

    with pytest.raises(RuntimeError, match=r"main thread.*SIGUSR1"):
        in_thread(attempt)
    with pytest.raises(RuntimeError, match="SIGINT"):
        in_thread(lambda: mezame.run(ctrl_c()))
    assert signal.getsignal(USR1) == signal.SIG_DFL
    with listen(USR1):
        in_thread(attempt)  # it is installed


def test_listeners_on_workers():
    async def worker(ready):
        with listen(USR1) as listener:
            assert threading.current_thread() is not threading.main_thread()
            ready.append(listener)
            return await listener.recv()

    async def main():
        with pytest.raises(RuntimeError, match="main thread"):
            await mezame.spawn(worker([]))
        with listen(USR1):
            ready = []
            tasks = [mezame.spawn(worker(ready)) for _ in range(10)]
            await until(lambda: len(ready) == 10)
            signal.raise_signal(USR1)
            return {await task for task in tasks}

    assert mezame.run(main(), flavor="multi_thread", worker_threads=4) == {SignalKind.user_defined1()}


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("driver", DRIVERS)
def test_a_runtime_in_another_thread(flavor, driver):
    """The main thread made the listener, and gets the signal while it waits for the other thread."""
    listener = listen(USR1)
    running = threading.Event()

    async def main():
        got = mezame.spawn(first())
        await mezame.yield_now()
        running.set()
        return await got

    async def first():
        return await listener.recv()

    got = []
    thread = threading.Thread(target=lambda: got.append(mezame.run(main(), **options(flavor, driver=driver))))
    thread.start()
    assert running.wait(20)
    os.kill(os.getpid(), USR1)
    thread.join(20)
    assert got == [SignalKind.user_defined1()]
    listener.close()


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_signal_that_ends_no_sleep(flavor, driver):
    """As one that comes when the main thread is about to sleep: its C handler has run, no call is interrupted."""

    async def main():
        with listen(USR1) as listener:
            thread = interrupt_the_sleep(mezame.Handle.current().executor)
            await listener.recv()
            thread.join(PATIENCE)

    mezame.run(main(), **options(flavor, driver=driver))


def test_a_signal_while_another_thread_drives():
    """The main thread waits for the core, asleep on a lock."""
    runtime = mezame.Runtime()
    gone = mezame.sync.Notify()
    driving = threading.Event()

    async def drive():
        driving.set()
        await gone.notified()

    async def main():
        with listen(USR1) as listener:
            # Most likely this thread sleeps when it comes, which nobody can see; if not, it must be heard as well.
            threading.Timer(0.05, lambda: _thread.interrupt_main(USR1)).start()
            await listener.recv()
        gone.notify_one()

    with runtime:
        thread = threading.Thread(target=runtime.block_on, args=(drive(),))
        thread.start()
        driving.wait(20)
        runtime.block_on(main())
        thread.join(20)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_signal_under_constant_load(flavor, driver):
    """Tasks are always ready, so no thread ever sleeps in the driver; the main thread sleeps on a lock."""
    handled, begun, seen = threading.Event(), threading.Event(), []

    async def busy(first):
        begun.set()
        for turn in range(100_000_000):
            if handled.is_set():
                return
            if first and turn == 1000:
                _thread.interrupt_main(USR1)  # as one that ends no sleep
            await mezame.yield_now()

    async def load():
        await mezame.join_all([mezame.spawn(busy(first)) for first in (True, False, False)])

    def handler(number, frame):
        seen.append(threading.get_ident())
        handled.set()

    old = signal.signal(USR1, handler)
    try:
        with mezame.Runtime(**options(flavor, driver=driver)) as runtime:
            if flavor == "multi_thread":
                runtime.block_on(load())
            else:
                gone = mezame.sync.Notify()

                async def drive():
                    await load()
                    gone.notify_one()

                thread = threading.Thread(target=runtime.block_on, args=(drive(),))
                thread.start()
                assert begun.wait(20)
                runtime.block_on(gone.notified())
                thread.join(20)
    finally:
        signal.signal(USR1, old)
    assert seen == [threading.main_thread().ident]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_ctrl_c_under_constant_load(flavor, driver):
    over = threading.Event()

    async def busy(first):
        turn = 0
        while not over.is_set():
            turn += 1
            if first and turn == 1000:
                _thread.interrupt_main()
            await mezame.yield_now()

    async def main():
        tasks = [mezame.spawn(busy(first)) for first in (True, False, False)]
        try:
            await mezame.pending()
        finally:
            over.set()
            await mezame.join_all(tasks)

    with pytest.raises(KeyboardInterrupt):
        mezame.run(main(), **options(flavor, driver=driver))


@pytest.mark.skipif("epoll" not in DRIVERS, reason="needs epoll")
def test_an_idle_look_makes_no_system_call_but_for_a_signal():
    """With nothing registered ``wait(0)`` costs nothing; and where signals may come, one look in four is a true one."""
    poller = mezame.driver.epoll.EpollPoller()
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    heard = []
    looks = lambda: [poller.wait(0) for _ in range(8)]  # noqa: E731
    looks()
    poller.watch(receiver, lambda: heard.append(1))
    looks()
    assert poller.waits == 0, "in the thread that handles signals there is nothing to look for"
    sender.send(b"x")
    in_thread(looks)
    assert poller.waits == 2 and heard == [1]
    poller.unwatch(receiver)
    in_thread(looks)
    assert poller.waits == 2
    poller.close()
    receiver.close()
    sender.close()


def test_two_runtimes_hear_the_same_signal():
    ready = threading.Barrier(3)

    async def main():
        with listen(USR1) as mine:
            assert is_pending(mine.recv())
            await mezame.spawn_blocking(ready.wait)
            return await mine.recv()

    with listen(USR1):
        got = []
        threads = [threading.Thread(target=lambda: got.append(mezame.run(main()))) for _ in range(2)]
        for thread in threads:
            thread.start()
        ready.wait(20)
        os.kill(os.getpid(), USR1)
        for thread in threads:
            thread.join(20)
        assert got == [SignalKind.user_defined1()] * 2


def test_closed_in_another_thread_the_old_handler_gets_the_next_one():
    got = []
    old = signal.signal(USR1, lambda number, frame: got.append(number))
    mine = signal.getsignal(USR1)
    try:
        listener = listen(USR1)
        in_thread(listener.close)
        assert signal.getsignal(USR1) is not mine
        signal.raise_signal(USR1)
        assert got == [USR1] and signal.getsignal(USR1) is mine

        listener = listen(USR1)
        in_thread(listener.close)
        again = listen(USR1)  # ours is there still
        signal.raise_signal(USR1)
        assert got == [USR1]
        again.close()
        assert signal.getsignal(USR1) is mine
    finally:
        signal.signal(USR1, old)


def test_closed_in_another_thread_the_default_action_takes_place():
    program = """
import signal, threading
from mezame.signal import signal as listen
listener = listen(signal.SIGTERM)
thread = threading.Thread(target=listener.close)
thread.start(); thread.join()
signal.raise_signal(signal.SIGTERM)
print("still here")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, ""), done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_the_old_handlers():
    program = """
import os, signal, mezame
from mezame.signal import signal as listen
async def main():
    with listen(signal.SIGUSR1) as listener:
        pid = os.fork()
        if pid == 0:
            signal.raise_signal(signal.SIGUSR1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        context = mezame.Context.from_waker(mezame.Waker.noop())
        print(os.WTERMSIG(status) == signal.SIGUSR1, listener.recv().poll(context))
mezame.run(main())
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "True Poll.Pending", done.stderr


@pytest.mark.skipif("epoll" not in DRIVERS, reason="needs epoll")
def test_the_socket_that_python_writes_to_is_emptied():
    """A full one has no more edges: the next signal would not end a sleep."""
    poller = mezame.driver.epoll.EpollPoller()
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    poller.watch(receiver)
    for _ in range(3):
        for _ in range(200):
            sender.send(b"x")
        poller.wait(1_000_000_000)
        with pytest.raises(BlockingIOError):
            receiver.recv(1)
    poller.unwatch(receiver)
    poller.close()
    receiver.close()
    sender.close()
