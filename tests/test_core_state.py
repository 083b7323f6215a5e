"""The state machine against its table, its diagram, and all interleavings of waker and poller."""

import itertools

import mezame
from mezame.core import state
from mezame.core.block_on import ThreadLoop
from mezame.core.task import make_task


def fresh():
    async def never():
        await mezame.pending()

    return make_task(never(), ThreadLoop(), "t", None)


PATHS = {
    "SCHEDULED": [],
    "RUNNING": ["start"],
    "NOTIFIED": ["start", "wake"],
    "IDLE": ["start", "pending"],
    "COMPLETE": ["start", "ready"],
    "SCHEDULED+CANCEL": ["cancel"],
    "NOTIFIED+CANCEL": ["start", "cancel"],
}


def test_every_pair_of_the_table_is_what_the_code_does():
    for (before, event), (after, answer) in state.TABLE.items():
        task = fresh()
        for step in PATHS[before]:
            state.transition(task, step)
        assert task.state == before
        assert state.transition(task, event) == answer, (before, event)
        assert task.state == after, (before, event)
        task.get_coro().close()


def test_every_state_of_the_table_is_in_the_diagram():
    for name in {s.split("+")[0] for pair in state.TABLE for s in (pair[0],)}:
        assert name in state.__doc__


def test_every_interleaving_of_wakes_and_polls_queues_exactly_once():
    """k wakes at any places of start, pending, start, pending: the task is in a queue once iff one is unpolled."""
    for order in set(itertools.permutations(["wake"] * 3 + ["poll-step"] * 4)):
        task = fresh()
        queued = 1  # born SCHEDULED
        running = False
        woken_since_start = False
        for step in order:
            if step == "wake":
                queued += state.transition(task, "wake")
                woken_since_start = True
            elif running:
                again = state.transition(task, "pending")
                assert again == woken_since_start
                queued += again
                running = False
            elif queued:
                queued -= 1
                state.transition(task, "start")
                running, woken_since_start = True, False
            assert 0 <= queued <= 1
        task.get_coro().close()
