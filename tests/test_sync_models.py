"""Random sequences of operations on the real objects, driven by hand, against small models in plain Python.

Each machine holds a real object and a list-based model of it, applies the same operation to both, and compares: what
came out, what is left, and who was woken. Nothing runs by itself: every poll, wake, cancel and drop is a step, so a
failing sequence is printed as a program and is the same on every machine.
"""

import pytest
from sizes import examples

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from polling import CountingWaker

from mezame.sync import AcquireError, Mutex, Notify, Semaphore, TryAcquireError, TryLockError, mpsc, oneshot

STEPS = settings(
    max_examples=examples(250),
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
WHICH = st.integers(0, 5)  # an index, modulo how many there are
FEW = 4  # objects at a time: so that several steps meet the same one


class Waiting:
    """A real future that waits, what the model expects of it, and the waker of its latest poll."""

    def __init__(self, future, needs=1, value=None):
        self.future = future
        self.needs = needs  # of the model; 0: it was served
        self.wanted = needs
        self.value = value
        self.waker = CountingWaker()
        self.parked = False  # the latest poll was Pending

    def poll(self):
        self.waker = CountingWaker()  # an earlier waker may be woken no more
        self.parked = False
        answer = self.future.poll(self.waker.cx)
        self.parked = answer.is_pending()
        return answer

    def check(self, woken):
        assert self.waker.wakes == (1 if woken else 0), "woken" if self.waker.wakes else "not woken"


def pick(items, which):
    return items[which % len(items)]


class SlotModel:
    """Free slots (or permits), and a first-in first-out list of those who gather them."""

    def __init__(self, free):
        self.free = free
        self.queue = []

    def take(self, wanted):
        if self.free >= wanted:
            self.free -= wanted
            return True
        return False

    def join(self, waiting):
        """``waiting`` comes last; it gathers at once what is free, and that is all there is."""
        if not self.queue:
            taken = min(self.free, waiting.needs)
            self.free -= taken
            waiting.needs -= taken
        self.queue.append(waiting)

    def give(self, count):
        while count and self.queue:
            first = self.queue[0]
            given = min(count, first.needs)
            first.needs -= given
            count -= given
            if first.needs == 0:
                self.queue.pop(0)
        self.free += count

    def leave(self, waiting):
        if waiting in self.queue:
            self.queue.remove(waiting)
        self.give(waiting.wanted - waiting.needs)

    def close(self):
        for waiting in self.queue:
            self.free += waiting.wanted - waiting.needs
            waiting.needs = waiting.wanted
        self.queue = []


# --- Semaphore --------------------------------------------------------------------------------------------------------


class SemaphoreMachine(RuleBasedStateMachine):
    @initialize(permits=st.integers(0, 4))
    def start(self, permits):
        self.real = Semaphore(permits)
        self.model = SlotModel(permits)
        self.total = permits
        self.waiting = []
        self.held = []
        self.closed = False

    @rule(count=st.integers(0, 4))
    def acquire(self, count):
        waiting = Waiting(self.real.acquire_many(count), count)
        if self.closed:
            with pytest.raises(AcquireError):
                waiting.poll()
        elif self.model.take(count):
            self.held.append(waiting.poll().value)
        else:
            assert waiting.poll().is_pending()
            self.model.join(waiting)
            self.waiting.append(waiting)

    @rule(count=st.integers(0, 4))
    def try_acquire(self, count):
        if self.closed:
            with pytest.raises(TryAcquireError.Closed):
                self.real.try_acquire_many(count)
        elif self.model.take(count):
            self.held.append(self.real.try_acquire_many(count))
        else:
            with pytest.raises(TryAcquireError.NoPermits):
                self.real.try_acquire_many(count)

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def poll(self, which):
        waiting = pick(self.waiting, which)
        if self.closed:
            with pytest.raises(AcquireError):
                waiting.poll()
            self.model.give(waiting.wanted - waiting.needs)
            self.waiting.remove(waiting)
        elif waiting.needs == 0:
            permit = waiting.poll().value
            assert permit.num_permits() == waiting.wanted
            self.held.append(permit)
            self.waiting.remove(waiting)
        else:
            assert waiting.poll().is_pending()

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def cancel(self, which):
        waiting = pick(self.waiting, which)
        self.waiting.remove(waiting)
        self.model.leave(waiting)
        waiting.future.close()

    @precondition(lambda self: self.held)
    @rule(which=WHICH, how=st.sampled_from(["release", "drop", "forget", "with"]))
    def give_back(self, which, how):
        permit = pick(self.held, which)
        count = permit.num_permits()
        self.held = [one for one in self.held if one is not permit]
        if how == "forget":
            self.total -= count
            permit.forget()
        else:
            self.model.give(count)
            if how == "release":
                permit.release()
            elif how == "with":
                with permit:
                    pass
        del permit

    @precondition(lambda self: self.held)
    @rule(which=WHICH, count=st.integers(0, 4))
    def split(self, which, count):
        permit = pick(self.held, which)
        before = permit.num_permits()
        part = permit.split(count)
        assert (part is None) == (count > before)
        if part is not None:
            assert (part.num_permits(), permit.num_permits()) == (count, before - count)
            self.held.append(part)

    @precondition(lambda self: len(self.held) > 1)
    @rule(which=WHICH, other=WHICH)
    def merge(self, which, other):
        into, out = pick(self.held, which), pick(self.held, other)
        before = into.num_permits() + (out.num_permits() if out is not into else 0)
        into.merge(out)
        assert into.num_permits() == before

    @rule(count=st.integers(0, 3))
    def add(self, count):
        self.total += count
        self.model.give(count)
        self.real.add_permits(count)

    @rule(count=st.integers(0, 3))
    def forget(self, count):
        taken = min(count, self.model.free)
        self.model.free -= taken
        self.total -= taken
        assert self.real.forget_permits(count) == taken

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 4))
    def close(self, really):
        if really == 0:  # seldom: most of what is to be seen happens before
            self.closed = True
            self.model.close()
            self.real.close()

    @invariant()
    def same(self):
        if not hasattr(self, "real"):
            return
        assert self.real.available_permits() == self.model.free
        for waiting in self.waiting:
            waiting.check(woken=self.closed or waiting.needs == 0)
        out = sum(permit.num_permits() for permit in self.held)
        gathered = sum(waiting.wanted - waiting.needs for waiting in self.waiting)
        assert self.model.free + out + gathered == self.total


TestSemaphoreModel = SemaphoreMachine.TestCase
TestSemaphoreModel.settings = STEPS


# --- Mutex ------------------------------------------------------------------------------------------------------------


class MutexMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.real = Mutex(0)
        self.model = SlotModel(1)
        self.waiting = []
        self.guard = None
        self.written = 0

    def got(self, guard):
        assert self.guard is None, "two hold the lock"
        assert guard.value == self.written
        self.guard = guard

    @rule()
    def lock(self):
        waiting = Waiting(self.real.lock())
        if self.model.take(1):
            self.got(waiting.poll().value)
        else:
            assert waiting.poll().is_pending()
            self.model.join(waiting)
            self.waiting.append(waiting)

    @rule()
    def try_lock(self):
        if self.model.take(1):
            self.got(self.real.try_lock())
        else:
            with pytest.raises(TryLockError):
                self.real.try_lock()

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def poll(self, which):
        waiting = pick(self.waiting, which)
        answer = waiting.poll()
        if waiting.needs == 0:
            self.waiting.remove(waiting)
            waiting.future.close()  # nothing is left in it to be dropped
            self.got(answer.value)
        else:
            assert answer.is_pending()

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def cancel(self, which):
        waiting = pick(self.waiting, which)
        self.waiting.remove(waiting)
        self.model.leave(waiting)
        waiting.future.close()

    @precondition(lambda self: self.guard)
    @rule(how=st.sampled_from(["unlock", "with"]))
    def unlock(self, how):
        self.written += 1
        self.guard.value = self.written
        self.model.give(1)
        if how == "with":
            with self.guard:
                pass
        else:
            self.guard.unlock()
            self.guard.unlock()
        with pytest.raises(RuntimeError):
            _ = self.guard.value
        self.guard = None

    @invariant()
    def same(self):
        assert self.real.is_locked() == (self.model.free == 0)
        for waiting in self.waiting:
            waiting.check(woken=waiting.needs == 0)
        served = sum(waiting.needs == 0 for waiting in self.waiting)
        assert self.model.free + served + (self.guard is not None) == 1


TestMutexModel = MutexMachine.TestCase
TestMutexModel.settings = STEPS


# --- Notify -----------------------------------------------------------------------------------------------------------


class NotifyMachine(RuleBasedStateMachine):
    """State of a Notified: "new", "waiting" (queued), "one" (chosen; ``newest``: by notify_last), "all", "done"."""

    def __init__(self):
        super().__init__()
        self.real = Notify()
        self.permit = False
        self.queue = []
        self.all = []

    @precondition(lambda self: len(self.all) < FEW)
    @rule()
    def create(self):
        waiting = Waiting(self.real.notified())
        waiting.state = "new"
        self.all.append(waiting)

    def enter(self, waiting):
        """What a poll or ``enable`` does in the model; True: it is complete."""
        if waiting.state == "new":
            if self.permit:
                self.permit = False
                waiting.state = "done"
            else:
                waiting.state = "waiting"
                self.queue.append(waiting)
        elif waiting.state in ("one", "all"):
            waiting.state = "done"
        return waiting.state == "done"

    @precondition(lambda self: self.all)
    @rule(which=WHICH)
    def poll(self, which):
        waiting = pick(self.all, which)
        assert waiting.poll().is_ready() == self.enter(waiting)

    @precondition(lambda self: self.all)
    @rule(which=WHICH)
    def enable(self, which):
        waiting = pick(self.all, which)
        assert waiting.future.enable() == self.enter(waiting)

    def notify(self, newest):
        if not self.queue:
            self.permit = True
            return
        chosen = self.queue.pop(-1 if newest else 0)
        chosen.state = "one"
        chosen.newest = newest

    @rule(newest=st.booleans())
    def notify_one(self, newest):
        self.notify(newest)
        if newest:
            self.real.notify_last()
        else:
            self.real.notify_one()

    @rule()
    def notify_waiters(self):
        for waiting in self.all:
            if waiting.state in ("new", "waiting"):
                waiting.state = "all" if waiting.state == "waiting" else "done"
        self.queue = []
        self.real.notify_waiters()

    @precondition(lambda self: self.all)
    @rule(which=WHICH, again=st.booleans())
    def cancel(self, which, again):
        waiting = pick(self.all, which)
        before = waiting.state
        if before == "waiting":
            self.queue.remove(waiting)
        if before in ("waiting", "one"):
            waiting.state = "new"
            waiting.parked = False
        waiting.future.close()
        if before == "one":
            self.notify(waiting.newest)
        if not again:
            self.all.remove(waiting)

    @invariant()
    def same(self):
        assert repr(self.real) == f"<Notify {len(self.queue)} waiting{', a permit stored' if self.permit else ''}>"
        for waiting in self.all:
            if waiting.parked:  # else it never gave a waker to be woken
                waiting.check(woken=waiting.state != "waiting")


TestNotifyModel = NotifyMachine.TestCase
TestNotifyModel.settings = STEPS


# --- mpsc -------------------------------------------------------------------------------------------------------------


class ChannelMachine(RuleBasedStateMachine):
    @initialize(capacity=st.integers(1, 3), full=st.booleans())
    def start(self, capacity, full):
        self.tx, self.rx = mpsc.channel(capacity)
        self.watch = self.tx.downgrade()
        self.senders = [self.tx]
        self.model = SlotModel(capacity)
        self.capacity = capacity
        self.buffer = []  # the messages that wait, oldest first
        self.waiting = []  # Send, Reserve and ReserveMany
        self.permits = []  # single ones that are out
        self.receiving = None
        self.closed = False
        self.serial = 0
        self.sent = []
        self.received = []
        while full and self.model.take(1):  # the interesting part begins where somebody has to wait
            self.put(self.message())
            self.tx.try_send(self.serial)

    def message(self):
        self.serial += 1
        return self.serial

    def put(self, value):
        self.buffer.append(value)
        self.sent.append(value)

    def fails(self, call, error, value):
        with pytest.raises(error) as caught:
            call()
        assert caught.value.value == value

    def is_over(self):
        no_senders = not self.senders and not self.waiting  # a waiting future keeps its sender
        out = len(self.permits) + sum(one.wanted - one.needs for one in self.waiting)
        return not self.buffer and not out and (self.closed or no_senders)

    # senders

    @precondition(lambda self: self.senders and len(self.waiting) < FEW)
    @rule(which=WHICH, kind=st.sampled_from(["send", "send", "reserve", "many"]), count=st.integers(0, 3))
    def send(self, which, kind, count):
        sender = pick(self.senders, which)
        value = self.message() if kind == "send" else None
        if kind == "send":
            waiting = Waiting(sender.send(value), 1, value)
        elif kind == "reserve":
            waiting = Waiting(sender.reserve(), 1)
        else:
            count = min(count, self.capacity)
            waiting = Waiting(sender.reserve_many(count), count)
        waiting.kind = kind
        if self.closed:
            self.fails(waiting.poll, mpsc.SendError, value)
        elif self.model.take(waiting.wanted):
            waiting.needs = 0
            self.served(waiting, waiting.poll())
        else:
            assert waiting.poll().is_pending()
            self.model.join(waiting)
            self.waiting.append(waiting)

    def served(self, waiting, answer):
        if waiting.kind == "send":
            self.put(waiting.value)
        elif waiting.kind == "reserve":
            self.permits.append(answer.value)
        else:
            assert len(answer.value) == waiting.wanted
            self.permits += list(answer.value)

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def poll(self, which):
        waiting = pick(self.waiting, which)
        if self.closed:
            self.fails(waiting.poll, mpsc.SendError, waiting.value)
            self.waiting.remove(waiting)
            self.model.give(waiting.wanted - waiting.needs)
        elif waiting.needs == 0:
            self.waiting.remove(waiting)
            self.served(waiting, waiting.poll())
        else:
            assert waiting.poll().is_pending()

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def cancel(self, which):
        waiting = pick(self.waiting, which)
        self.waiting.remove(waiting)
        self.model.leave(waiting)
        waiting.future.close()

    @precondition(lambda self: self.senders)
    @rule(which=WHICH)
    def try_send(self, which):
        value = self.message()
        sender = pick(self.senders, which)
        if self.closed:
            self.fails(lambda: sender.try_send(value), mpsc.TrySendError.Closed, value)
        elif self.model.take(1):
            sender.try_send(value)
            self.put(value)
        else:
            self.fails(lambda: sender.try_send(value), mpsc.TrySendError.Full, value)

    @precondition(lambda self: self.senders)
    @rule(which=WHICH, count=st.integers(0, 4))
    def try_reserve_many(self, which, count):
        sender = pick(self.senders, which)
        if self.closed:
            self.fails(lambda: sender.try_reserve_many(count), mpsc.TrySendError.Closed, None)
        elif self.model.take(count):
            self.permits += list(sender.try_reserve_many(count))
        else:
            self.fails(lambda: sender.try_reserve_many(count), mpsc.TrySendError.Full, None)

    @precondition(lambda self: self.permits)
    @rule(which=WHICH, how=st.sampled_from(["send", "send", "release", "drop"]))
    def use_permit(self, which, how):
        permit = self.permits.pop(which % len(self.permits))
        if how == "send":
            value = self.message()
            permit.send(value)
            self.put(value)
            return
        self.model.give(1)
        if how == "release":
            permit.release()
        del permit  # the last reference

    @precondition(lambda self: 0 < len(self.senders) < FEW)
    @rule(which=WHICH)
    def clone(self, which):
        self.senders.append(pick(self.senders, which).clone())

    @rule()
    def upgrade(self):
        alive = self.senders or self.waiting
        sender = self.watch.upgrade()
        assert (sender is not None) == bool(alive)
        if sender is not None:
            self.senders.append(sender)

    @precondition(lambda self: len(self.senders) > 1)
    @rule(which=WHICH)
    def close_sender(self, which):
        self.senders.pop(which % len(self.senders)).close()  # by reference counting: see test_sync_mpsc.py

    @precondition(lambda self: self.senders and not self.waiting)
    @rule(really=st.integers(0, 2))
    def close_senders(self, really):
        if really == 0:
            for sender in self.senders:
                sender.close()
            self.senders = []

    # the receiver

    @rule(limit=st.integers(0, 4), many=st.booleans())
    def recv(self, limit, many):
        if self.receiving is None:
            self.receiving = Waiting(self.rx.recv_many(limit) if many else self.rx.recv("end"), limit if many else 1)
            self.receiving.many = many
        receiving = self.receiving
        limit = receiving.wanted
        got = self.buffer[:limit]
        if got or limit == 0:
            assert receiving.poll().value == (got if receiving.many else got[0])
            self.took(got)
        elif self.is_over():
            assert receiving.poll().value == ([] if receiving.many else "end")
        else:
            assert receiving.poll().is_pending()
            return
        self.receiving = None

    def took(self, got):
        del self.buffer[: len(got)]
        self.received += got
        self.model.give(len(got))

    @rule()
    def try_recv(self):
        if self.buffer:
            assert self.rx.try_recv() == self.buffer[0]
            self.took(self.buffer[:1])
        else:
            error = mpsc.TryRecvError.Disconnected if self.is_over() else mpsc.TryRecvError.Empty
            with pytest.raises(error):
                self.rx.try_recv()

    @precondition(lambda self: self.receiving)
    @rule()
    def cancel_recv(self):
        self.receiving.future.close()
        self.receiving = None

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 2))
    def close(self, really):
        if really == 0:
            self.closed = True
            self.model.close()
            self.rx.close()

    # What a close does to those who have gathered slots is rare to meet by chance: it gets a rule of its own.
    @precondition(lambda self: not self.closed and any(one.needs < one.wanted for one in self.waiting))
    @rule(really=st.integers(0, 2))
    def close_now(self, really):
        self.close(really)

    @invariant()
    def same(self):
        if not hasattr(self, "rx"):
            return
        assert len(self.rx) == len(self.buffer) and self.rx.capacity() == self.model.free
        gathered = sum(one.wanted - one.needs for one in self.waiting)
        assert self.model.free + len(self.buffer) + len(self.permits) + gathered == self.capacity
        for waiting in self.waiting:
            waiting.check(woken=self.closed or waiting.needs == 0)
        if self.receiving is not None and (self.buffer or self.is_over()):
            assert self.receiving.waker.wakes >= 1, "the receiver sleeps, and there is something for it"
        assert self.received + self.buffer == self.sent

    def teardown(self):
        if not hasattr(self, "rx"):
            return
        self.cancel_all()
        while self.buffer:
            self.try_recv()
        assert self.received == self.sent and self.rx.capacity() == self.capacity

    def cancel_all(self):
        while self.waiting:
            self.cancel(0)
        while self.permits:
            self.use_permit(0, "drop")


TestChannelModel = ChannelMachine.TestCase
TestChannelModel.settings = settings(STEPS, max_examples=examples(500))  # it has the most states


# --- oneshot ----------------------------------------------------------------------------------------------------------


class OneshotMachine(RuleBasedStateMachine):
    """State: "empty", "full", "gone" (sender), "closed" (receiver), "taken"."""

    def __init__(self):
        super().__init__()
        self.renew()

    @precondition(lambda self: self.tx is None or self.rx is None)
    @rule()
    def renew(self):
        self.tx, self.rx = oneshot.channel()
        self.state = "empty"
        self.told = False  # the receiver had its answer
        self.waker = None
        self.closers = []

    def settle(self, state):
        if self.state == "empty":
            self.state = state
            return True
        return False

    @precondition(lambda self: self.tx)
    @rule(how=st.sampled_from(["send", "close", "drop"]))
    def sender(self, how):
        if how == "send":
            if self.settle("full"):
                self.tx.send("value")
            else:
                with pytest.raises(oneshot.SendError) as caught:
                    self.tx.send("again")
                assert caught.value.value == "again"
        else:
            self.settle("gone")
            if how == "close":
                self.tx.close()
            self.tx = None

    @precondition(lambda self: self.tx)
    @rule()
    def wait_for_close(self):
        closed = Waiting(self.tx.closed())
        if self.state == "empty":
            assert closed.poll().is_pending()
            self.closers.append(closed)
        else:
            assert closed.poll().is_ready()

    @precondition(lambda self: self.closers)
    @rule(which=WHICH)
    def drop_closer(self, which):
        self.closers.pop(which % len(self.closers)).future.close()

    @precondition(lambda self: self.rx)
    @rule()
    def poll(self):
        self.waker = CountingWaker()
        if self.told:
            with pytest.raises(RuntimeError):
                self.rx.poll(self.waker.cx)
        elif self.state == "empty":
            assert self.rx.poll(self.waker.cx).is_pending()
            return
        elif self.state == "full":
            assert self.rx.poll(self.waker.cx).value == "value"
            self.state, self.told = "taken", True
        else:
            with pytest.raises(oneshot.RecvError):
                self.rx.poll(self.waker.cx)
            self.told = True
        self.waker = None

    @precondition(lambda self: self.rx)
    @rule()
    def try_recv(self):
        if self.state == "full":
            assert self.rx.try_recv() == "value"
            self.state, self.told = "taken", True
        elif self.state == "empty":
            with pytest.raises(oneshot.TryRecvError.Empty):
                self.rx.try_recv()
        else:
            with pytest.raises(oneshot.TryRecvError.Closed):
                self.rx.try_recv()
            self.told = True

    @precondition(lambda self: self.rx)
    @rule(how=st.sampled_from(["close", "drop"]))
    def receiver(self, how):
        self.settle("closed")
        if how == "close":
            self.rx.close()
        else:
            self.rx = None

    @invariant()
    def same(self):
        settled = self.state != "empty"
        if self.waker is not None:
            assert self.waker.wakes == settled
        for closed in self.closers:
            closed.check(woken=settled)
        if self.rx is not None:
            assert self.rx.is_empty() == (self.state != "full") and self.rx.is_terminated() == self.told
        if self.tx is not None:
            assert self.tx.is_closed() == (self.state == "closed")


TestOneshotModel = OneshotMachine.TestCase
TestOneshotModel.settings = STEPS
