"""Real threads at the same object: no message, permit or notification is lost or doubled, whoever is faster.

The threads are plain ones with ``block_on``. On a build without a GIL they run at the same time. Nothing here depends
on how they interleave: each test checks sums and orders that hold for every interleaving.
"""

import threading

import pytest
from polling import PATIENCE, CountingWaker

from mezame import block_on
from mezame.sync import Mutex, Notify, Semaphore, mpsc, oneshot

THREADS = 4
ROUNDS = 150


def run_threads(*bodies):
    """Runs the bodies at the same time to their ends; raises what the first failing one raised."""
    start = threading.Barrier(len(bodies))
    failures = []

    def wrap(body):
        try:
            start.wait(PATIENCE)
            body()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=wrap, args=(body,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if failures:
        raise failures[0]
    assert not any(thread.is_alive() for thread in threads), "a thread is stuck"


def try_once(future):
    """Polls once and gives up: True if it was Ready. What a lost select does to a future, at the worst moment."""
    answer = future.poll(CountingWaker().cx)
    if answer.is_ready():
        return True
    future.close()
    return False


@pytest.mark.parametrize("capacity", [1, 3])
def test_mpsc_keeps_every_message_and_the_order_of_each_sender(capacity):
    tx, rx = mpsc.channel(capacity)
    got = []

    def produce(sender, number):
        def body():
            with sender:
                for n in range(ROUNDS):
                    block_on(sender.send((number, n)))

        return body

    def consume():
        while (message := block_on(rx.recv())) is not None:
            got.append(message)

    producers = [produce(tx.clone(), number) for number in range(THREADS)]
    tx.close()
    run_threads(consume, *producers)
    for number in range(THREADS):
        assert [n for who, n in got if who == number] == list(range(ROUNDS))
    assert len(got) == THREADS * ROUNDS and rx.capacity() == capacity


def test_unbounded_senders_in_threads():
    tx, rx = mpsc.unbounded_channel()

    def produce():
        for n in range(ROUNDS * 5):
            tx.send(n)

    got = []

    def consume():
        while len(got) < THREADS * ROUNDS * 5:
            got.extend(block_on(rx.recv_many(50)))

    run_threads(consume, *[produce] * THREADS)
    assert sorted(got) == sorted(list(range(ROUNDS * 5)) * THREADS)


def test_mpsc_senders_that_give_up_lose_no_slot_and_send_nothing():
    tx, rx = mpsc.channel(1)
    sent, got = [0] * THREADS, []
    left = [THREADS]
    guard = threading.Lock()

    def impatient(number):
        def body():
            for n in range(ROUNDS * 2):
                sent[number] += try_once(tx.send((number, n)))
            with guard:
                left[0] -= 1
                last = left[0] == 0
            if last:
                tx.close()

        return body

    def consume():
        while (message := block_on(rx.recv())) is not None:
            got.append(message)

    run_threads(consume, *[impatient(number) for number in range(THREADS)])
    assert len(got) == sum(sent) == len(set(got)) and rx.capacity() == 1


def test_a_receiver_that_goes_away_gives_every_message_or_an_error():
    for _ in range(30):
        tx, rx = mpsc.channel(2)
        outcome = []

        def produce(number, tx=tx, outcome=outcome):
            def body():
                for n in range(10):
                    try:
                        block_on(tx.send((number, n)))
                    except mpsc.SendError as error:
                        assert error.value == (number, n)
                        outcome.append("failed")
                    else:
                        outcome.append("sent")

            return body

        got = []

        def consume(rx=rx, got=got):
            got += [block_on(rx.recv()) for _ in range(5)]
            rx.close()
            while (message := block_on(rx.recv())) is not None:
                got.append(message)

        run_threads(consume, *[produce(number) for number in range(3)])
        assert len(outcome) == 30 and outcome.count("sent") == len(got) == len(set(got))


def test_a_semaphore_never_lets_too_many_in():
    semaphore = Semaphore(3)
    inside, most = [0], [0]
    guard = threading.Lock()

    def body():
        for n in range(ROUNDS):
            count = n % 3 + 1
            permit = block_on(semaphore.acquire_many(count))
            with guard:
                inside[0] += count
                most[0] = max(most[0], inside[0])
            with guard:
                inside[0] -= count
            permit.release()

    run_threads(*[body] * THREADS)
    assert most[0] <= 3 and inside[0] == 0 and semaphore.available_permits() == 3


def test_a_semaphore_gets_back_what_impatient_waiters_gathered():
    semaphore = Semaphore(2)

    def impatient():
        for n in range(ROUNDS * 2):
            try_once(semaphore.acquire_many(n % 2 + 1))

    def patient():
        for _ in range(ROUNDS):
            block_on(semaphore.acquire_many(2)).release()

    run_threads(patient, patient, *[impatient] * 2)
    assert semaphore.available_permits() == 2


def test_a_mutex_guards_its_value():
    mutex = Mutex(0)

    async def add():
        async with mutex as guard:
            before = guard.value
            guard.value = before + 1

    def body():
        for _ in range(ROUNDS):
            block_on(add())

    def impatient():
        for _ in range(ROUNDS):
            try_once(mutex.lock())

    run_threads(impatient, *[body] * THREADS)
    assert mutex.into_inner() == THREADS * ROUNDS and not mutex.is_locked()


def test_notify_one_is_never_lost_between_two_threads():
    there, back = Notify(), Notify()
    count = [0]

    def ping():
        for _ in range(ROUNDS):
            there.notify_one()
            block_on(back.notified())

    def pong():
        for _ in range(ROUNDS):
            block_on(there.notified())
            count[0] += 1
            back.notify_one()

    run_threads(ping, pong)
    assert count[0] == ROUNDS


def test_a_notification_survives_waiters_that_give_up():
    notify, done = Notify(), Notify()

    def impatient():
        for _ in range(ROUNDS):
            if try_once(notify.notified()):
                notify.notify_one()  # it was not for us

    def notifier():
        for _ in range(ROUNDS):
            notify.notify_one()
            block_on(done.notified())

    def patient():
        for _ in range(ROUNDS):
            block_on(notify.notified())
            done.notify_one()

    run_threads(notifier, patient, impatient, impatient)


def test_notify_waiters_reaches_everybody_who_was_there():
    notify = Notify()
    for _ in range(40):
        waiting = [notify.notified() for _ in range(THREADS)]
        run_threads(notify.notify_waiters, *[lambda one=one: block_on(one) for one in waiting])


def test_oneshot_send_against_close_has_one_winner():
    for n in range(60):
        tx, rx = oneshot.channel()
        outcome = {}

        def send(tx=tx, n=n, outcome=outcome):
            try:
                tx.send(n)
                outcome["sent"] = n
            except oneshot.SendError as error:
                outcome["returned"] = error.value

        def receive(rx=rx, outcome=outcome):
            rx.close()
            try:
                outcome["received"] = block_on(rx)
            except oneshot.RecvError:
                outcome["refused"] = True

        run_threads(send, receive)
        assert outcome in ({"sent": n, "received": n}, {"returned": n, "refused": True})


def test_oneshots_in_a_row():
    pairs = [oneshot.channel() for _ in range(ROUNDS * 2)]
    got = []
    run_threads(
        lambda: [tx.send(n) for n, (tx, _) in enumerate(pairs)],
        lambda: got.extend(block_on(rx) for _, rx in pairs),
    )
    assert got == list(range(ROUNDS * 2))
