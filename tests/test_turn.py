"""Turn: one thread at a time, re-entrant, and nobody who waits is forgotten."""

import threading

from polling import in_thread

from mezame.core.turn import Turn


def test_it_is_re_entrant_and_free_only_after_the_last_leave():
    turn = Turn()
    order = []
    turn.enter()
    turn.enter()
    started = threading.Event()

    def other():
        started.set()
        turn.enter()
        order.append("other")
        turn.leave()

    thread = threading.Thread(target=other, daemon=True)
    thread.start()
    started.wait(20)
    turn.leave()
    order.append("first left once")
    turn.leave()
    thread.join(20)
    assert not thread.is_alive() and order == ["first left once", "other"]


def test_the_work_of_many_threads_is_never_interleaved():
    turns = [Turn(), Turn()]
    inside = [0, 0]
    most = [0, 0]
    done = [0, 0]
    pause = threading.Event()  # never set: waiting for it lets other threads run in the middle of the work

    def work(which, rounds):
        for n in range(rounds):
            turns[which].enter()
            try:
                inside[which] += 1
                most[which] = max(most[which], inside[which])
                if n % 10 == 0:
                    pause.wait(0.0005)
                done[which] += 1
                inside[which] -= 1
            finally:
                turns[which].leave()

    def all_threads():
        threads = [threading.Thread(target=work, args=(k % 2, 200), daemon=True) for k in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
        return [one.is_alive() for one in threads]

    assert not any(in_thread(all_threads))
    assert most == [1, 1] and done == [800, 800]
