"""DelayQueue: values come out at their deadlines, in order, and whoever waits learns of every change."""

import random

import pytest
from polling import CountingWaker

import mezame
from mezame import Poll
from mezame.time import DelayQueue, Expired, advance, now

pytestmark = pytest.mark.mezame(start_paused=True)


async def settle():
    for _ in range(5):
        await mezame.yield_now()


async def test_values_come_in_the_order_of_their_deadlines():
    queue, start = DelayQueue(), now()
    for delay in (3, 1, 2):
        queue.insert(delay, delay)
    queue.insert_at("at", start + 2.5)
    seen = [(expired.value, round(now() - start, 1)) async for expired in queue]
    assert seen == [(1, 1.0), (2, 2.0), ("at", 2.5), (3, 3.0)]
    assert await queue.next() is None and queue.is_empty()


async def test_equal_deadlines_are_first_in_first_out_and_the_past_is_due_at_once():
    queue, deadline = DelayQueue(), now() + 1
    for value in range(5):
        queue.insert_at(value, deadline)
    past = queue.insert_at("past", 0)
    expired = await queue.next()
    assert isinstance(expired, Expired) and (expired.value, expired.key) == ("past", past)
    assert expired.deadline == 0 and [one.value async for one in queue] == list(range(5))
    queue.insert("again", 1)
    assert (await queue.next()).value == "again"


async def test_it_is_never_early():
    queue = DelayQueue()
    queue.insert(1, 0.0101)
    cx = CountingWaker().cx
    assert queue.poll_expired(cx) is Poll.Pending
    await advance(0.010)
    assert queue.poll_expired(cx) is Poll.Pending
    await advance(0.002)
    await settle()
    assert queue.poll_expired(cx).value.value == 1
    assert queue.poll_expired(cx) == Poll.Ready(None)


async def wait(queue):
    return await queue.next()


async def test_an_earlier_insert_or_reset_wakes_who_waits_and_a_later_one_does_not():
    queue, counting = DelayQueue(), CountingWaker()
    late = queue.insert("late", 100)
    assert queue.poll_expired(counting.cx) is Poll.Pending
    queue.insert("later", 200)
    assert counting.wakes == 0
    queue.insert("early", 50)
    assert counting.wakes == 1
    assert queue.poll_expired(counting.cx) is Poll.Pending
    queue.reset(late, 10)
    assert counting.wakes == 2
    start, waiting = now(), mezame.spawn(wait(queue))
    assert (await waiting).value == "late" and round(now() - start) == 10


async def test_reset_moves_both_ways():
    queue, start = DelayQueue(), now()
    one, two = queue.insert(1, 1), queue.insert(2, 2)
    queue.reset_at(one, start + 3)
    assert queue.deadline(one) == pytest.approx(start + 3) and queue.peek() is two
    assert [expired.value async for expired in queue] == [2, 1] and round(now() - start) == 3


async def test_removing_and_unknown_keys():
    queue = DelayQueue()
    one, two = queue.insert(1, 1), queue.insert(2, 2)
    assert one in queue and len(queue) == 2 and queue.remove(one).value == 1
    for use in (queue.remove, queue.deadline, lambda key: queue.reset(key, 1), lambda key: queue.reset_at(key, 1)):
        with pytest.raises(KeyError, match="not in this DelayQueue"):
            use(one)
    assert queue.try_remove(one) is None and queue.try_remove(two).value == 2 and queue.peek() is None
    with pytest.raises(KeyError):
        queue.remove(DelayQueue().insert(3, 3))


async def test_emptying_it_ends_the_wait():
    for empty in (lambda queue, key: queue.clear(), lambda queue, key: queue.remove(key)):
        queue = DelayQueue()
        key = queue.insert(1, 1000)
        waiting = mezame.spawn(wait(queue))
        await settle()
        empty(queue, key)
        await settle()
        assert waiting.is_finished() and await waiting is None


async def test_cancelling_the_wait_loses_nothing_and_keeps_no_timer():
    timers, queue = mezame.Handle.current().timers, DelayQueue()
    queue.insert("kept", 5)
    waiting = mezame.spawn(wait(queue))
    await settle()
    assert len(timers) == 1
    waiting.abort()
    await settle()
    assert waiting.cancelled() and len(timers) == 0
    future = queue.next()
    assert (await future).value == "kept"
    with pytest.raises(RuntimeError, match="completed"):
        await future


async def test_bad_times_are_named():
    queue = DelayQueue()
    with pytest.raises(ValueError, match=r"insert: the delay"):
        queue.insert(1, float("nan"))
    with pytest.raises(TypeError, match=r"insert_at"):
        queue.insert_at(1, "soon")
    assert queue.is_empty()


async def test_it_agrees_with_a_sorted_list():
    rng = random.Random(5)
    for _ in range(20):
        queue, model, keys = DelayQueue(), {}, []
        for step in range(200):
            what = rng.random()
            if what < 0.5 or not model:
                key = queue.insert(step, delay := rng.randrange(1, 50))
                model[key] = (round(now() + delay, 3), step)
                keys.append(key)
            elif what < 0.8:
                key = rng.choice(list(model))
                queue.reset(key, delay := rng.randrange(1, 50))
                model[key] = (round(now() + delay, 3), step)
            else:
                key = rng.choice(list(model))
                queue.remove(key)
                del model[key]
            assert len(queue) == len(model)
        order = [expired.key async for expired in queue]
        assert order == sorted(model, key=model.__getitem__)


async def test_what_was_reset_often_does_not_pile_up():
    queue = DelayQueue()
    key = queue.insert(1, 1)
    for _ in range(10_000):
        queue.reset(key, 1)
    assert len(queue._heap) <= 65
    assert (await queue.next()).value == 1
