"""Every adapter against a model on lists: whatever the source does in between, the items are those of itertools."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import WAIT, Script, outcomes, run
from sizes import examples

import mezame
from mezame import Poll
from mezame.stream import END

QUICK = settings(max_examples=examples(50), deadline=None)

ITEMS = st.integers(-5, 5)
# Scripts: items with pauses between them.
SCRIPTS = st.lists(st.one_of(ITEMS, st.just(WAIT)), max_size=12)
COUNTS = st.integers(0, 14)


def items_of(script):
    return [step for step in script if step is not WAIT]


def collect(stream):
    return run(stream.collect())


def odd(n):
    return n % 2 == 1


def chunked(items, size):
    return [items[at : at + size] for at in range(0, len(items), size)]


def accumulate(items):
    """scan's model: running sums, until one is above 8."""
    sums = []
    total = 0
    for item in items:
        total += item
        if total > 8:
            break
        sums.append(total)
    return sums


def running(total, item):
    return None if total + item > 8 else (total + item, total + item)


ADAPTERS = {
    "map": (lambda s: s.map(lambda n: n * 2), lambda xs: [n * 2 for n in xs]),
    "filter": (lambda s: s.filter(odd), lambda xs: [n for n in xs if odd(n)]),
    "filter_map": (lambda s: s.filter_map(lambda n: n or None), lambda xs: [n for n in xs if n]),
    "take_while": (lambda s: s.take_while(odd), lambda xs: list(itertools.takewhile(odd, xs))),
    "map_while": (
        lambda s: s.map_while(lambda n: n * 3 if odd(n) else None),
        lambda xs: [n * 3 for n in itertools.takewhile(odd, xs)],
    ),
    "skip_while": (lambda s: s.skip_while(odd), lambda xs: list(itertools.dropwhile(odd, xs))),
    "enumerate": (lambda s: s.enumerate(3), lambda xs: list(enumerate(xs, 3))),
    "inspect": (lambda s: s.inspect(lambda n: None), list),
    "scan": (lambda s: s.scan(0, running), accumulate),
    "fuse": (lambda s: s.fuse(), list),
    "peekable": (lambda s: s.peekable(), list),
    "by_ref": (lambda s: s.by_ref(), list),
    "flat_map": (lambda s: s.flat_map(lambda n: range(n)), lambda xs: [k for n in xs for k in range(n)]),
    "then": (lambda s: s.then(later), lambda xs: [n + 1 for n in xs]),
    "buffered": (lambda s: s.map(later).buffered(3), lambda xs: [n + 1 for n in xs]),
    "buffered without limit": (lambda s: s.map(later).buffered(None), lambda xs: [n + 1 for n in xs]),
    "or_else": (lambda s: s.or_else(later), list),
    "map_err": (lambda s: s.map_err(lambda e: e), list),
    "delay": (lambda s: s.delay(0), list),
    "throttle": (lambda s: s.throttle(0), list),
    "timeout": (lambda s: s.timeout(1000), list),
    "from_aiter": (lambda s: mezame.stream.from_aiter(again(s)), list),
}


async def again(stream):
    async for item in stream:
        await mezame.yield_now()
        yield item


async def later(n):
    for _ in range(n % 3):
        await mezame.yield_now()
    return n + 1


@pytest.mark.parametrize("name", ADAPTERS)
@QUICK
@given(script=SCRIPTS)
def test_adapter_is_its_model(name, script):
    adapt, model = ADAPTERS[name]
    source = Script(*script)
    stream = adapt(source)
    low, high = stream.size_hint()
    got = collect(stream)
    assert got == model(items_of(script))
    assert low <= len(got) and (high is None or high >= len(got))


COUNTED = {
    "take": (lambda s, n: s.take(n), lambda xs, n: xs[:n]),
    "skip": (lambda s, n: s.skip(n), lambda xs, n: xs[n:]),
    "step_by": (lambda s, n: s.step_by(n + 1), lambda xs, n: xs[:: n + 1]),
    "chunks": (lambda s, n: s.chunks(n + 1), lambda xs, n: chunked(xs, n + 1)),
    "chunks_timeout": (lambda s, n: s.chunks_timeout(n + 1, 1000), lambda xs, n: chunked(xs, n + 1)),
    "cycle": (lambda s, n: s.cycle().take(n), lambda xs, n: list(itertools.islice(itertools.cycle(xs), n))),
}


@pytest.mark.parametrize("name", COUNTED)
@QUICK
@given(script=SCRIPTS, count=COUNTS)
def test_counting_adapter_is_its_model(name, script, count):
    adapt, model = COUNTED[name]
    stream = adapt(Script(*script), count)
    low, high = stream.size_hint()
    got = collect(stream)
    assert got == model(items_of(script), count)
    assert low <= len(got) and (high is None or high >= len(got))


@QUICK
@given(items=st.lists(ITEMS, max_size=9), count=COUNTS)
def test_size_hints_of_what_knows_its_length_are_exact(items, count):
    def source():
        return mezame.stream.iter(items)

    for stream in (
        source().take(count),
        source().skip(count),
        source().map(abs),
        source().enumerate(),
        source().chain(items),
        source().merge(items),
        source().zip(items[:count]),
        source().chunks(count + 1),
        source().map(later).buffered(2),
        source().peekable(),
        source().fuse(),
        mezame.stream.once(1).chain(source()),
        mezame.stream.empty().chain(source()),
    ):
        hint = stream.size_hint()
        assert hint == (len(collect(stream)),) * 2
        assert stream.size_hint() == (0, 0)


TWO = {
    "chain": lambda a, b: a.chain(b),
    "zip": lambda a, b: a.zip(b),
    "merge": lambda a, b: a.merge(b),
    "or_": lambda a, b: a.or_(b),
    "race": lambda a, b: a.race(b),
    "select": mezame.stream.select,
    "select_all": lambda a, b: mezame.stream.select_all([a, b]),
    "flatten_unordered": lambda a, b: mezame.stream.iter([a, b]).flatten_unordered(None),
    "flatten_unordered(1)": lambda a, b: mezame.stream.iter([a, b]).flatten_unordered(1),
    "flatten": lambda a, b: mezame.stream.iter([a, b]).flatten(),
}


@pytest.mark.parametrize("name", TWO)
@QUICK
@given(one=SCRIPTS, other=SCRIPTS)
def test_two_streams_are_their_model(name, one, other):
    left, right = items_of(one), items_of(other)
    tagged = [("a", n) for n in left], [("b", n) for n in right]
    a = Script(*[step if step is WAIT else ("a", step) for step in one])
    b = Script(*[step if step is WAIT else ("b", step) for step in other])
    got = collect(TWO[name](a, b))
    if name in ("chain", "flatten", "flatten_unordered(1)"):
        assert got == tagged[0] + tagged[1]
    elif name == "zip":
        assert got == list(zip(*tagged, strict=False))
    else:  # a shuffle of both: each in its own order
        assert [item for item in got if item[0] == "a"] == tagged[0]
        assert [item for item in got if item[0] == "b"] == tagged[1]
        assert len(got) == len(left) + len(right)
    if name == "or_" and WAIT not in one:
        assert got[: len(left)] == tagged[0]
    if name in ("merge", "select") and WAIT not in one + other:
        assert got == [item for pair in itertools.zip_longest(*tagged) for item in pair if item is not None]


@QUICK
@given(scripts=st.lists(SCRIPTS, max_size=5), limit=st.integers(0, 3))
def test_many_streams_give_each_item_once_and_keep_each_order(scripts, limit):
    def sources():
        return [
            Script(*[step if step is WAIT else (key, step) for step in script]) for key, script in enumerate(scripts)
        ]

    streams = mezame.stream.StreamMap()
    for key, source in enumerate(sources()):
        streams.insert(key, source)
    for got in (
        collect(mezame.stream.select_all(sources())),
        collect(mezame.stream.iter(sources()).flatten_unordered(limit)),
        [item for _, item in collect(streams)],
    ):
        for key, script in enumerate(scripts):
            assert [n for k, n in got if k == key] == items_of(script)
        assert len(got) == sum(len(items_of(script)) for script in scripts)


@QUICK
@given(delays=st.lists(st.integers(1, 6), max_size=8), limit=st.integers(1, 4))
def test_buffering_starts_at_most_the_limit_and_gives_each_value_once(delays, limit):
    running = peak = 0

    async def work(at, delay):
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await mezame.sleep(delay)
        running -= 1
        return at

    def futures():
        return mezame.stream.iter(list(enumerate(delays))).map(lambda pair: work(*pair))

    async def ordered():
        return await futures().buffered(limit).collect()

    async def unordered():
        return await futures().buffer_unordered(limit).collect()

    assert run(ordered(), start_paused=True) == list(range(len(delays)))
    assert peak == min(limit, len(delays))
    peak = 0
    assert sorted(run(unordered(), start_paused=True)) == list(range(len(delays)))
    assert peak == min(limit, len(delays))
    assert running == 0


@QUICK
@given(script=st.lists(st.one_of(ITEMS, st.just(WAIT), st.sampled_from([ValueError(), KeyError()])), max_size=12))
def test_exceptions_pass_through_in_their_place_and_end_nothing(script):
    plain = [step for step in script if step is not WAIT]

    def source():
        return Script(*script)

    async def main():
        for stream in (
            source().map(lambda n: n),
            source().filter(lambda n: True),
            source().filter_map(lambda n: n),
            source().inspect(lambda n: None),
            source().take(100),
            source().skip(0),
            source().skip_while(lambda n: False),
            source().take_while(lambda n: True),
            source().fuse(),
            source().peekable(),
            source().chain([]),
            source().merge([]),
            source().or_([]),
            source().timeout(1000),
            source().throttle(0),
            source().then(same),
            source().take_until(mezame.pending()),
            mezame.stream.select_all([source()]),
            mezame.stream.iter([source()]).flatten(),
            mezame.stream.iter([source()]).flatten_unordered(None),
        ):
            assert await outcomes(stream) == plain, stream
        for stream in (source().chunks(3), source().ready_chunks(3), source().chunks_timeout(3, 1000)):
            got = await outcomes(stream)
            assert [n for one in got if isinstance(one, list) for n in one] == [n for n in plain if type(n) is int]
            assert [one for one in got if not isinstance(one, list)] == [n for n in plain if type(n) is not int]

    run(main())


async def same(n):
    return n


@QUICK
@given(script=SCRIPTS)
def test_consumers_are_their_models(script):
    items = items_of(script)

    async def main():
        def s():
            return Script(*script)

        assert await s().fold(1, lambda total, n: total * 3 + n) == fold(items)
        assert await s().count() == len(items)
        assert await s().last("none") == (items or ["none"])[-1]
        assert await s().sum() == sum(items)
        assert await s().min(default="none") == min(items, default="none")
        assert await s().max(key=abs, default="none") == max(items, key=abs, default="none")
        assert await s().collect(set) == set(items)
        assert await s().all(odd) == all(map(odd, items))
        assert await s().any(odd) == any(map(odd, items))
        assert await s().find(odd) == next(filter(odd, items), None)
        assert await s().find_map(lambda n: str(n) if odd(n) else None) == next(map(str, filter(odd, items)), None)
        assert await s().position(odd) == next((at for at, n in enumerate(items) if odd(n)), None)
        assert await s().nth(2, "none") == ([*items, "none"][2] if len(items) > 2 else "none")
        assert await s().partition(odd) == ([n for n in items if odd(n)], [n for n in items if not odd(n)])
        assert await s().enumerate().unzip() == (list(range(len(items))), items)
        assert await s().map(lambda n: [n]).concat([]) == items
        assert await s().map(str).concat("") == "".join(map(str, items))
        seen = []
        await s().for_each(seen.append)
        assert seen == items
        seen.clear()
        await s().for_each_concurrent(None, lambda n: appended(seen, n))
        assert sorted(seen) == sorted(items)

    run(main())


def fold(items):
    total = 1
    for item in items:
        total = total * 3 + item
    return total


async def appended(seen, n):
    await later(n)
    seen.append(n)


@QUICK
@given(script=SCRIPTS)
def test_stopping_early_leaves_the_rest(script):
    items = items_of(script)

    async def main():
        for stop, taken in (
            (lambda s: s.any(odd), first_odd(items)),
            (lambda s: s.all(lambda n: not odd(n)), first_odd(items)),
            (lambda s: s.find(odd), first_odd(items)),
            (lambda s: s.position(odd), first_odd(items)),
            (lambda s: s.nth(1), min(2, len(items))),
            (lambda s: s.take(3).collect(), min(3, len(items))),
            (lambda s: s.by_ref().take_while(lambda n: not odd(n)).collect(), first_odd(items)),
        ):
            source = Script(*script)
            await stop(source)
            assert await source.collect() == items[taken:]

    run(main())


def first_odd(items):
    """How many items are gone when the first odd one has been seen."""
    return next((at + 1 for at, n in enumerate(items) if odd(n)), len(items))


@QUICK
@given(script=SCRIPTS, plan=st.lists(st.sampled_from(["next", "peek", "next_if", "next_if_eq"]), max_size=12))
def test_peekable_is_its_model(script, plan):
    async def main():
        items = items_of(script)
        stream = Script(*script).peekable()
        for step in plan:
            head = items[0] if items else "end"
            if step == "next":
                assert await stream.next("end") == head
                del items[:1]
            elif step == "peek":
                assert await stream.peek("end") == head
            elif step == "next_if":
                takes = bool(items) and odd(head)
                assert await stream.next_if(odd, "end") == (head if takes else "end")
                del items[:takes]
            else:
                takes = head == 3
                assert await stream.next_if_eq(3, "end") == (head if takes else "end")
                del items[:takes]
        assert await stream.collect() == items

    run(main())


@QUICK
@given(script=SCRIPTS, size=st.integers(1, 4))
def test_ready_chunks_hold_what_is_there_between_two_waits(script, size):
    groups = []
    for is_wait, group in itertools.groupby(script, lambda step: step is WAIT):
        if not is_wait:
            groups += chunked(list(group), size)
    assert collect(Script(*script).ready_chunks(size)) == groups


@QUICK
@given(start=st.integers(0, 20))
def test_unfold_and_successors_are_loops(start):
    async def step(n):
        await mezame.yield_now()
        return (n, n - 1) if n else None

    expected = list(range(start, 0, -1))
    assert collect(mezame.stream.unfold(start, step)) == expected
    assert collect(mezame.stream.successors(start, lambda n: n - 1 if n > 1 else None)) == (expected or [0])


@QUICK
@given(items=st.lists(ITEMS, max_size=8))
def test_a_stream_by_hand_gives_its_items_then_end(items):
    stream = mezame.stream.iter(items).map(lambda n: n)
    cx = mezame.Context.from_waker(mezame.Waker.noop())
    assert [stream.poll_next(cx) for _ in items] == [Poll.Ready(n) for n in items]
    assert stream.poll_next(cx) == Poll.Ready(END)
    assert stream.poll_next(cx) == Poll.Ready(END)
