"""Several futures in one task: who is first, who is polled, who is given back, who unwinds."""

import gc
import threading

import pytest
from polling import CountingWaker, Gate

import mezame
from mezame import Poll
from mezame.future import (
    END,
    FuturesOrdered,
    FuturesUnordered,
    Shared,
    failed,
    or_,
    remote_handle,
    select,
    select_all,
    select_ok,
    try_join_all,
    try_race,
)
from mezame.future.remote_handle import RemoteDroppedError


async def fail(message="x"):
    await mezame.yield_now()
    raise ValueError(message)


async def give(value):
    await mezame.yield_now()
    return value


def unwinding(log):
    async def work():
        try:
            await mezame.pending()
        finally:
            await mezame.yield_now()
            log.append("unwound")

    return work()


async def settle():
    for _ in range(6):
        await mezame.yield_now()


# --- the first, with the losers given back -----------------------------------------------------------------


@pytest.mark.mezame
async def test_select_prefers_the_left_and_gives_the_other_back():
    value, other = await select(mezame.ready("left"), mezame.ready("right"))
    assert value == "left" and await other == "right"
    value, other = await select(give("slow"), mezame.ready("quick"))
    assert value == "quick" and await other == "slow"
    task = mezame.spawn(give("task"))
    value, other = await select(task, mezame.ready("quick"))
    assert other is task and await other == "task"
    value, other = await select(mezame.timeout(1, give("limited")), mezame.ready("quick"))
    assert value == "quick" and await other == "limited"
    gate = Gate()
    _, other = await select(mezame.ready(1), gate)
    assert other is gate and gate.closes == 0


@pytest.mark.mezame
async def test_select_all_gives_value_index_and_rest_in_order():
    gates = [Gate() for _ in range(4)]
    gates[2].open("two")
    value, index, rest = await select_all(gates)
    assert (value, index) == ("two", 2) and rest == [gates[0], gates[1], gates[3]]
    assert all(gate.closes == 0 for gate in gates)
    with pytest.raises(ValueError, match="at least one"):
        await select_all([])


@pytest.mark.mezame
async def test_where_nothing_is_given_back_the_owned_unwind():
    log = []
    with pytest.raises(ValueError):
        await select(unwinding(log), fail())
    with pytest.raises(ValueError):
        await select_all([fail(), unwinding(log)])
    assert log == ["unwound"] * 2
    task = mezame.spawn(select(unwinding(log), unwinding(log)))
    await settle()
    task.abort()
    with pytest.raises(mezame.JoinError):
        await task
    assert log == ["unwound"] * 4


@pytest.mark.mezame
async def test_select_ok_skips_failures_and_raises_the_last():
    gate = Gate()
    value, rest = await select_ok([fail(), gate, give("ok")])
    assert value == "ok" and rest == [gate]
    with pytest.raises(ValueError, match="two"):
        await select_ok([failed(ValueError("one")), failed(ValueError("two"))])
    with pytest.raises(ValueError, match="at least one"):
        await select_ok([])


@pytest.mark.mezame
async def test_or_and_try_race_unwind_the_losers():
    log = []
    assert {await or_(mezame.ready(0), mezame.ready(1)) for _ in range(20)} == {0}
    assert await or_(unwinding(log), give(1)) == 1 and log == ["unwound"]
    assert await try_race(unwinding(log), fail(), give(2)) == 2 and log == ["unwound"] * 2
    with pytest.raises(ValueError):
        await try_race(fail(), fail())


@pytest.mark.mezame
@pytest.mark.parametrize("count", [3, 40])
async def test_try_join_all_stops_at_the_first_failure(count):
    log = []
    assert await try_join_all(give(n) for n in range(count)) == list(range(count))
    with pytest.raises(ValueError):
        await try_join_all([*(unwinding(log) for _ in range(count - 1)), fail()])
    assert log == ["unwound"] * (count - 1)


@pytest.mark.mezame
async def test_the_macro_select_looks_once_with_a_default():
    gate, log = Gate(), []
    assert await mezame.select(gate, unwinding(log), default="none") == (None, "none")
    assert gate.polls == 1 and gate.closes == 0 and log == ["unwound"]
    assert await mezame.select(mezame.ready(1), default="none") == (0, 1)


@pytest.mark.mezame
async def test_the_macro_select_gives_way_before_any_branch_when_the_budget_is_gone():
    gate = Gate()
    gate.open(1)
    polls = []

    def poll(cx):
        if not polls:
            while mezame.task.has_budget_remaining():
                assert mezame.task.poll_proceed(cx)
        polls.append(gate.polls)
        return selecting.poll(cx)

    selecting = mezame.into_future(mezame.select(gate))
    assert await mezame.poll_fn(poll) == (0, 1)
    assert polls == [0, 0] and gate.polls == 1


# --- Shared ------------------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_a_shared_future_runs_once_for_all():
    runs, gate = [], Gate()

    async def work():
        runs.append(1)
        return await gate

    shared = Shared(work())
    assert runs == [] and shared.peek("none") == "none"

    async def wait(handle):
        return await handle

    tasks = [mezame.spawn(wait(shared.clone())) for _ in range(3)]
    await settle()
    gate.open("value")
    assert [await task for task in tasks] == ["value"] * 3 and runs == [1]
    assert await shared == "value" == shared.peek()
    assert await mezame.select(shared, mezame.pending()) == (0, "value")


@pytest.mark.mezame
async def test_a_shared_failure_goes_to_all():
    shared = Shared(fail("all"))
    for _ in range(2):
        with pytest.raises(ValueError, match="all"):
            await shared
    with pytest.raises(ValueError, match="all"):
        shared.peek()


@pytest.mark.mezame
async def test_cancelling_the_await_that_polls_leaves_the_others():
    gate = Gate()
    shared = Shared(gate)

    async def wait():
        return await shared

    first, second = mezame.spawn(wait()), mezame.spawn(wait())
    await settle()
    first.abort()
    await settle()
    assert first.cancelled() and gate.closes == 0
    gate.open(1)
    assert await second == 1


def test_an_await_whose_poller_was_woken_and_then_dropped_is_not_left_asleep():
    gate, one, two = Gate(), CountingWaker(), CountingWaker()
    shared = Shared(gate)
    first, second = shared.join_future(), shared.join_future()
    assert first.poll(one.cx) is Poll.Pending and second.poll(two.cx) is Poll.Pending
    gate.open(1)
    assert (one.wakes, two.wakes) == (1, 1)
    first.close()
    assert second.poll(two.cx) == Poll.Ready(1)
    with pytest.raises(RuntimeError, match="completed"):
        second.poll(two.cx)


def test_an_await_that_comes_while_another_polls_is_woken_if_a_wake_came_meanwhile():
    """The race that the second look at ``woken`` settles, forced: a second await and a wake inside the poll."""
    two = CountingWaker()

    class Leaf(mezame.Future):
        def poll(self, cx):
            assert second.poll(two.cx) is Poll.Pending  # stores its waker while the first polls
            cx.waker.wake()
            two_before.append(two.wakes)
            assert second.poll(two.cx) is Poll.Pending  # and again, after the wake
            return Poll.Pending

    two_before = []
    shared = Shared(Leaf())
    first, second = shared.join_future(), shared.join_future()
    one = CountingWaker()
    assert first.poll(one.cx) is Poll.Pending
    first.close()
    assert two_before == [1] and two.wakes == 2


def test_a_dropped_await_keeps_no_waker_and_the_last_one_drops_the_future():
    gate, counting = Gate(), CountingWaker()
    shared = Shared(gate)
    weak = shared.downgrade()
    waiting = shared.join_future()
    assert waiting.poll(counting.cx) is Poll.Pending
    waiting.close()
    gate.wake()
    assert counting.wakes == 0
    assert weak.upgrade().peek("none") == "none"
    del shared, waiting
    gc.collect()
    assert gate.closes == 1 and weak.upgrade() is None


def test_a_shared_future_of_many_threads_runs_once():
    for _ in range(30):
        runs, barrier = [], threading.Barrier(4)

        async def work(runs=runs):
            runs.append(1)
            for _ in range(3):
                await mezame.yield_now()
            return 7

        shared = Shared(work())

        results = []

        def wait(shared=shared, barrier=barrier, results=results):
            barrier.wait()
            results.append(mezame.block_on(shared))

        threads = [threading.Thread(target=wait, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert results == [7] * 4 and runs == [1]


# --- remote_handle -----------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_values_and_failures_arrive_at_the_handle():
    remote, handle = remote_handle(give(1))
    assert await mezame.spawn(remote) is None and await handle == 1
    remote, handle = remote_handle(fail())
    assert await mezame.spawn(remote) is None
    with pytest.raises(ValueError):
        await handle
    with pytest.raises(RuntimeError, match="completed"):
        await handle


@pytest.mark.mezame
async def test_dropping_the_handle_cancels_the_remote_and_forget_does_not():
    log, gate = [], Gate()
    remote, handle = remote_handle(unwinding(log))
    task = mezame.spawn(remote)
    await settle()
    del handle
    gc.collect()
    assert await task is None and log == ["unwound"]
    remote, handle = remote_handle(gate)
    task = mezame.spawn(remote)
    await settle()
    handle.forget()
    del handle
    gc.collect()
    await settle()
    assert not task.is_finished() and gate.closes == 0
    gate.open()
    assert await task is None


@pytest.mark.mezame
async def test_a_dropped_remote_fails_the_handle():
    remote, handle = remote_handle(mezame.pending())

    async def wait():
        return await handle

    waiting = mezame.spawn(wait())
    await settle()
    del remote
    gc.collect()
    with pytest.raises(RemoteDroppedError):
        await waiting


@pytest.mark.mezame
async def test_an_aborted_remote_fails_the_handle():
    remote, handle = remote_handle(mezame.pending())
    task = mezame.spawn(remote)
    del remote
    await settle()
    task.abort()
    await settle()
    del task
    gc.collect()
    with pytest.raises(RemoteDroppedError):
        await mezame.timeout(5, handle)


def test_the_halves_may_be_in_two_runtimes():
    remote, handle = remote_handle(give(3))

    async def main():
        job = mezame.spawn_blocking(mezame.run, remote)
        value = await handle
        await job
        return value

    assert mezame.run(main()) == 3


# --- FuturesUnordered --------------------------------------------------------------------------------------


def test_only_what_was_woken_is_polled():
    counting = CountingWaker()
    gates = [Gate() for _ in range(50)]
    members = FuturesUnordered(gates)
    assert len(members) == 50 and not members.is_empty() and list(members) == gates
    assert members.poll_next(counting.cx) is Poll.Pending
    assert [gate.polls for gate in gates] == [1] * 50
    gates[7].wake()
    gates[7].wake()
    assert counting.wakes == 1 and members.poll_next(counting.cx) is Poll.Pending
    assert sum(gate.polls for gate in gates) == 51
    for index in (9, 3):
        gates[index].open(index)
    assert members.poll_next(counting.cx) == Poll.Ready(9)
    assert members.poll_next(counting.cx) == Poll.Ready(3)
    assert sum(gate.polls for gate in gates) == 53 and len(members) == 48


@pytest.mark.mezame
async def test_empty_is_the_end_and_push_revives():
    members = FuturesUnordered()
    assert await members.next("end") == "end" and [v async for v in members] == []
    assert members.poll_next(CountingWaker().cx) == Poll.Ready(END)
    members.push(give(1))
    members.push(mezame.spawn(give(2)))
    assert sorted([v async for v in members]) == [1, 2]


@pytest.mark.mezame
async def test_pushing_while_iterating():
    members, seen = FuturesUnordered([give(0)]), []
    async for value in members:
        seen.append(value)
        if value < 5:
            members.push(give(value + 1))
    assert seen == list(range(6))


@pytest.mark.mezame
async def test_a_push_wakes_who_waits():
    members = FuturesUnordered([mezame.pending()])

    async def wait():
        return await members.next()

    waiting = mezame.spawn(wait())
    await settle()
    members.push(mezame.ready(4))
    assert await waiting == 4
    members.clear()


@pytest.mark.mezame
async def test_a_failing_member_leaves_the_others():
    members = FuturesUnordered([fail("one"), give(1)])
    seen = []
    for _ in range(2):
        try:
            seen.append(await members.next())
        except ValueError as error:
            seen.append(str(error))
    assert sorted(seen, key=str) == [1, "one"] and members.is_empty()


def test_two_members_that_wake_themselves_let_the_task_go():
    counting, polls = CountingWaker(), [0, 0, 0]

    def busy(index):
        def poll(cx):
            polls[index] += 1
            cx.waker.wake()
            return Poll.Pending

        return mezame.poll_fn(poll)

    members = FuturesUnordered(busy(index) for index in range(3))
    assert members.poll_next(counting.cx) is Poll.Pending and sum(polls) == 2
    woken = counting.wakes
    assert woken >= 1
    assert members.poll_next(counting.cx) is Poll.Pending and polls == [2, 1, 1]


def test_clearing_closes_the_owned_and_leaves_the_borrowed():
    log, gate, counting = [], Gate(), CountingWaker()

    async def work():
        try:
            await inner
        finally:
            log.append("closed")

    inner = Gate()
    members = FuturesUnordered([work(), gate])
    assert members.poll_next(counting.cx) is Poll.Pending
    members.clear()
    assert log == ["closed"] and gate.closes == 0 and inner.closes == 1
    gate.wake()
    assert members.poll_next(counting.cx) == Poll.Ready(END) and gate.polls == 1
    members.push(work())
    inner.answer = Poll.Pending
    members.poll_next(counting.cx)
    del members
    gc.collect()
    assert log == ["closed"] * 2


@pytest.mark.mezame
async def test_leaving_the_block_unwinds_the_owned():
    log = []
    async with FuturesUnordered([unwinding(log), unwinding(log), give(1)]) as members:
        assert await members.next() == 1
    assert log == ["unwound"] * 2 and members.is_empty()


def test_a_failure_while_clearing_is_raised_after_all_are_closed():
    log, counting = [], CountingWaker()

    async def work(n):
        try:
            await Gate()
        finally:
            log.append(n)
            raise ValueError(n)

    members = FuturesUnordered(work(n) for n in range(2))
    members.poll_next(counting.cx)
    with pytest.raises(ValueError):
        members.clear()
    assert log == [0, 1]


def test_wakes_of_members_from_many_threads():
    counting = CountingWaker()
    gates = [Gate() for _ in range(64)]
    members = FuturesUnordered(gates)
    members.poll_next(counting.cx)
    threads = [
        threading.Thread(target=lambda n=n: [gate.open(1) for gate in gates[n::4]], daemon=True) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    total = sum(members.poll_next(counting.cx).value for _ in gates)
    assert total == 64 and members.poll_next(counting.cx) == Poll.Ready(END)


def test_members_completed_by_threads_wake_the_task():
    async def main():
        members = FuturesUnordered(mezame.spawn_blocking(pow, n, 2) for n in range(50))
        return sorted([value async for value in members])

    assert mezame.run(main()) == [n * n for n in range(50)]


# --- FuturesOrdered ----------------------------------------------------------------------------------------


@pytest.mark.mezame
async def test_values_come_in_the_order_of_the_pushes():
    gates = [Gate() for _ in range(3)]
    members = FuturesOrdered(gates)
    members.push_front(mezame.ready("front"))
    assert await members.next() == "front" and len(members) == 3
    counting = CountingWaker()
    gates[2].open(2)
    gates[1].open(1)
    assert members.poll_next(counting.cx) is Poll.Pending and len(members) == 3
    gates[0].open(0)
    assert counting.wakes == 1
    assert [v async for v in members] == [0, 1, 2]
    assert members.is_empty() and await members.next("end") == "end"
    members.push_back(mezame.ready("again"))
    assert await members.next() == "again"


@pytest.mark.parametrize("interrupted", [0, 1, 2])
def test_an_interrupt_is_raised_at_once_and_loses_no_value_of_the_others(interrupted):
    gates = [Gate() for _ in range(3)]
    members = FuturesOrdered([failed(KeyboardInterrupt()) if n == interrupted else gates[n] for n in range(3)])
    cx = CountingWaker().cx
    with pytest.raises(KeyboardInterrupt):
        while members.poll_next(cx) is Poll.Pending:
            pass
    for gate in gates:
        gate.open("value")
    answers = []
    while (answer := members.poll_next(cx)) != Poll.Ready(END):
        if answer is not Poll.Pending:
            answers.append(answer.value)
    assert answers == ["value", "value"] and members.is_empty()


@pytest.mark.mezame
async def test_failures_come_in_order_too():
    members = FuturesOrdered([give(0), fail("one"), mezame.ready(2), failed(mezame.CancelledError()), mezame.ready(4)])
    assert await members.next() == 0
    with pytest.raises(ValueError, match="one"):
        await members.next()
    assert await members.next() == 2
    with pytest.raises(mezame.CancelledError):
        await members.next()
    assert await members.next() == 4


@pytest.mark.mezame
async def test_ordered_members_unwind_and_their_failures_are_raised():
    log = []
    async with FuturesOrdered([unwinding(log), give(1)]) as members:
        members.poll_next(CountingWaker().cx)
    assert log == ["unwound"] and members.is_empty()

    async def bad():
        try:
            await mezame.pending()
        finally:
            raise ValueError("on the way out")

    members = FuturesOrdered([bad()])
    members.poll_next(CountingWaker().cx)
    with pytest.raises(ValueError, match="way out"):
        await members.aclose()
    gate = Gate()
    members = FuturesOrdered([gate])
    members.poll_next(CountingWaker().cx)
    members.clear()
    assert gate.closes == 0 and members.is_empty()


# --- TaskGroup ---------------------------------------------------------------------------------------------


def test_groups_and_sets_spawn_on_an_executor_without_a_runtime():
    async def main():
        async with mezame.TaskGroup() as group:
            one = group.spawn(give(1))
        tasks = mezame.task.JoinSet([give(2)])
        return await one, (await tasks.join_next()).result()

    assert mezame.Executor().run_until(main()) == (1, 2)


@pytest.mark.mezame
async def test_the_place_of_a_spawn_is_that_of_the_caller():
    async with mezame.TaskGroup() as group:
        task = group.spawn(give(1))
        assert "test_future_several.py" in task.spawned_at
    for collection in (mezame.task.JoinSet, mezame.task.JoinQueue):
        tasks = collection([give(1)])
        tasks.spawn(give(1))
        tasks.spawn_on(give(1), mezame.Handle.current())
        assert all("test_future_several.py" in task.spawned_at for task in tasks)
        await tasks.join_all()
    keyed = mezame.task.JoinMap()
    keyed.spawn(1, give(1))
    assert "test_future_several.py" in keyed._by_key[1].spawned_at
    tracked = mezame.task.TaskTracker().spawn(give(1))
    assert "test_future_several.py" in tracked.spawned_at


def test_members_that_completed_while_they_were_queued_are_let_go_one_by_one():
    """Each wakes itself and completes: it stays in the list of the woken. Recursion over all would end the process."""

    class Hasty(mezame.Future):
        def poll(self, cx):
            cx.waker.wake()
            return Poll.Ready(1)

    count, cx = 50_000, CountingWaker().cx
    members = FuturesUnordered(Hasty() for _ in range(count))
    assert sum(members.poll_next(cx).value for _ in range(count)) == count
    del members


def test_a_value_that_is_the_end_itself_keeps_its_place_in_order():
    ordered = FuturesOrdered([mezame.ready(END), mezame.ready(2)])
    cx = CountingWaker().cx
    assert ordered.poll_next(cx) == Poll.Ready(END)
    assert ordered.poll_next(cx) == Poll.Ready(2)
    assert len(ordered) == 0
