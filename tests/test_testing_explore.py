"""explore: every order is tried once, failures replay, deadlocks and what is unfit are told."""

import itertools
import math
import pickle

import pytest

import mezame
from mezame.sync import Mutex, Notify, mpsc
from mezame.testing import Deadlock, ScheduleFailed, TooManyPolls, explore, replay


def orders_of(bodies, **limits):
    """All logs that the program of these bodies makes, in the order in which they were tried."""
    logs = []

    async def program():
        log = []
        await mezame.join_all([mezame.spawn(body(log)) for body in bodies])
        logs.append("".join(log))

    runs = explore(program, **limits)
    assert runs == len(logs)
    return logs


def say(word):
    async def body(log):
        log.append(word)

    return body


def say_slowly(word, times):
    async def body(log):
        for _ in range(times):
            log.append(word)
            await mezame.yield_now()

    return body


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_order_of_single_steps_is_tried(count):
    words = "abcd"[:count]
    logs = orders_of([say(word) for word in words])
    assert set(logs) == {"".join(order) for order in itertools.permutations(words)}
    assert logs[0] == words, "the first run is the usual one"


def test_every_interleaving_of_steps_is_tried():
    logs = orders_of([say_slowly("a", 3), say_slowly("b", 2)])
    assert set(logs) == {"".join(order) for order in set(itertools.permutations("aaabb"))}
    assert len(set(logs)) == math.comb(5, 2)


def test_a_lost_update_is_found_and_replayed():
    async def program():
        balance = 0

        async def deposit():
            nonlocal balance
            read = balance
            await mezame.yield_now()
            balance = read + 1

        await mezame.join_all([mezame.spawn(deposit()) for _ in range(2)])
        assert balance == 2

    with pytest.raises(ScheduleFailed) as caught:
        explore(program)
    failure = caught.value
    assert isinstance(failure.__cause__, AssertionError)
    assert str(failure.schedule) in str(failure)
    with pytest.raises(ScheduleFailed) as again:
        replay(program, failure.schedule)
    assert again.value.schedule == failure.schedule
    copy = pickle.loads(pickle.dumps(failure))
    assert (copy.schedule, copy.runs, str(copy)) == (failure.schedule, failure.runs, str(failure))


def test_a_lock_makes_it_right_in_every_order():
    async def program():
        balance = 0
        lock = Mutex()

        async def deposit():
            nonlocal balance
            async with lock.lock():
                read = balance
                await mezame.yield_now()
                balance = read + 1

        await mezame.join_all([mezame.spawn(deposit()) for _ in range(2)])
        assert balance == 2

    assert explore(program) > 2


def test_a_deadlock_is_found_with_its_stacks():
    async def program():
        one, two = Mutex(), Mutex()

        async def take(first, second):
            async with first.lock():
                await mezame.yield_now()
                async with second.lock():
                    pass

        await mezame.join_all([mezame.spawn(take(one, two), name="one"), mezame.spawn(take(two, one), name="two")])

    with pytest.raises(ScheduleFailed) as caught:
        explore(program)
    assert isinstance(caught.value.__cause__, Deadlock)
    for text in ("task 'one'", "task 'two'", "in take"):
        assert text in str(caught.value.__cause__)


def test_a_lost_wake_up_is_a_deadlock():
    async def program():
        notify, flag = Notify(), False

        async def waits():
            if not flag:
                await mezame.yield_now()  # the flag may be set here, and everybody be told
                await notify.notified()

        async def tells():
            nonlocal flag
            flag = True
            notify.notify_waiters()

        await mezame.join(mezame.spawn(waits()), mezame.spawn(tells()))

    with pytest.raises(ScheduleFailed) as caught:
        explore(program)
    assert isinstance(caught.value.__cause__, Deadlock)


def test_sleeps_and_blocking_calls_are_no_deadlocks():
    async def program():
        await mezame.sleep(3600)
        assert await mezame.spawn_blocking(lambda: 5) == 5
        tx, rx = mpsc.channel(1)

        async def send():
            await mezame.sleep(1)
            await tx.send(7)

        mezame.spawn(send())
        assert await rx.recv() == 7

    assert explore(program, most_runs=20) <= 20


def test_a_failure_that_nobody_looks_at_is_a_failure(caplog):
    async def program():
        async def lost():
            raise ValueError("lost")

        mezame.spawn(lost())
        await mezame.sleep(1)

    with pytest.raises(ScheduleFailed) as caught:
        explore(program)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caplog.text == ""

    async def looks():
        async def lost():
            raise ValueError("lost")

        with pytest.raises(ValueError, match="lost"):
            await mezame.spawn(lost())

    assert explore(looks) >= 1


def test_a_program_that_does_not_end_is_told():
    async def program():
        while True:
            await mezame.yield_now()

    with pytest.raises(ScheduleFailed) as caught:
        explore(program, most_polls=500)
    assert isinstance(caught.value.__cause__, TooManyPolls)


def test_a_program_that_waits_busily_ends():
    async def program():
        done = False

        async def sets():
            nonlocal done
            done = True

        mezame.spawn(sets())
        while not done:
            await mezame.yield_now()

    assert explore(program, most_choices=5) == 6


def test_bounds():
    bodies = [say_slowly(word, 3) for word in "abc"]
    assert len(orders_of(bodies, most_runs=17)) == 17
    few = orders_of(bodies, most_choices=2)
    assert 4 <= len(few) <= 9
    for name in ("most_runs", "most_choices", "most_polls"):
        with pytest.raises(ValueError, match=name):
            explore(orders_of, **{name: 0})


def test_a_program_that_differs_from_run_to_run_is_unfit():
    runs = itertools.count()

    async def program():
        await mezame.join_all([mezame.spawn(say("x")([])) for _ in range(4 - 2 * (next(runs) % 2))])

    with pytest.raises(ScheduleFailed, match="does not do the same in each run"):
        explore(program)


def test_select_is_the_same_in_each_run():
    seen = []

    async def program():
        seen.append((await mezame.select(a=mezame.ready(), b=mezame.ready(), c=mezame.ready()))[0])
        await mezame.join_all([mezame.spawn(say(word)([])) for word in "ab"])

    explore(program)
    assert len(seen) > 1 and len(set(seen)) == 1


@pytest.mark.mezame
async def test_it_is_called_outside_of_a_runtime():
    with pytest.raises(mezame.EnterError, match="plain test"):
        explore(mezame.yield_now)
    with pytest.raises(mezame.EnterError, match="plain test"):
        replay(mezame.yield_now, ())
