"""As test_sync_models.py: RwLock, broadcast, watch and mpmc against their models."""

import pytest

pytest.importorskip("hypothesis")

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_sync_models import FEW, STEPS, WHICH, SlotModel, Waiting, pick

from mezame.sync import RwLock, TryLockError, broadcast, mpmc, watch


def outcome(call):
    """What a call returns, or the type of what it raises (with what was skipped); keeps no traceback, so no frames."""
    try:
        return call()
    except Exception as error:
        return (type(error), error.skipped) if hasattr(error, "skipped") else type(error)


# --- RwLock -----------------------------------------------------------------------------------------------------------


class RwLockMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.readers = 3
        self.real = RwLock(0, max_readers=self.readers)
        self.model = SlotModel(self.readers)
        self.waiting = []
        self.reading = []
        self.writing = None
        self.written = 0

    def got(self, guard, wanted):
        assert guard.value == self.written
        if wanted == 1:
            self.reading.append(guard)
        else:
            self.writing = guard
        assert self.writing is None or not self.reading, "somebody reads while another writes"

    @precondition(lambda self: len(self.waiting) < FEW)
    @rule(write=st.booleans())
    def lock(self, write):
        wanted = self.readers if write else 1
        waiting = Waiting(self.real.write() if write else self.real.read(), wanted)
        if self.model.take(wanted):
            self.got(waiting.poll().value, wanted)
        else:
            assert waiting.poll().is_pending()
            self.model.join(waiting)
            self.waiting.append(waiting)

    @rule(write=st.booleans())
    def try_lock(self, write):
        wanted = self.readers if write else 1
        call = self.real.try_write if write else self.real.try_read
        if self.model.take(wanted):
            self.got(call(), wanted)
        else:
            assert outcome(call) is TryLockError

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def poll(self, which):
        waiting = pick(self.waiting, which)
        answer = waiting.poll()
        if waiting.needs == 0:
            self.waiting.remove(waiting)
            self.got(answer.value, waiting.wanted)
        else:
            assert answer.is_pending()

    @precondition(lambda self: self.waiting)
    @rule(which=WHICH)
    def cancel(self, which):
        waiting = pick(self.waiting, which)
        self.waiting.remove(waiting)
        self.model.leave(waiting)
        waiting.future.close()

    @precondition(lambda self: self.reading)
    @rule(which=WHICH)
    def unlock_read(self, which):
        guard = self.reading.pop(which % len(self.reading))
        self.model.give(1)
        guard.unlock()
        guard.unlock()

    @precondition(lambda self: self.writing)
    @rule(downgrade=st.booleans())
    def unlock_write(self, downgrade):
        self.written += 1
        self.writing.value = self.written
        guard, self.writing = self.writing, None
        if downgrade:
            self.model.give(self.readers - 1)
            self.reading.append(guard.downgrade())
            assert outcome(guard.downgrade) is RuntimeError
        else:
            self.model.give(self.readers)
            guard.unlock()

    @invariant()
    def same(self):
        for waiting in self.waiting:
            waiting.check(woken=waiting.needs == 0)
        held = len(self.reading) + (self.readers if self.writing is not None else 0)
        gathered = sum(waiting.wanted - waiting.needs for waiting in self.waiting)
        assert self.model.free + held + gathered == self.readers
        expected = f"<RwLock, <Semaphore {self.model.free} free, {len(self.model.queue)} waiting>>"
        assert repr(self.real) == expected


TestRwLockModel = RwLockMachine.TestCase
TestRwLockModel.settings = STEPS


# --- broadcast --------------------------------------------------------------------------------------------------------


class Reader:
    def __init__(self, real, start):
        self.real = real
        self.next = start
        self.recv = None


class BroadcastMachine(RuleBasedStateMachine):
    @initialize(exponent=st.integers(0, 2))
    def start(self, exponent):
        self.size = 1 << exponent
        self.tx, rx = broadcast.channel(self.size)
        self.readers = [Reader(rx, 0)]
        self.log = []
        self.closer = None

    def oldest(self):
        return max(0, len(self.log) - self.size)

    @precondition(lambda self: self.tx)
    @rule()
    def send(self):
        value = len(self.log)
        found = outcome(lambda: self.tx.send(value))
        if self.readers:
            assert found == len(self.readers)
            self.log.append(value)
        else:
            assert found is broadcast.SendError

    def expected(self, reader, errors):
        """What a receive gives now, in the model; moves the reader."""
        if reader.next == len(self.log):
            return errors.Closed if self.tx is None else None
        if reader.next < self.oldest():
            skipped = self.oldest() - reader.next
            reader.next = self.oldest()
            return (errors.Lagged, skipped)
        reader.next += 1
        return self.log[reader.next - 1]

    @precondition(lambda self: self.readers)
    @rule(which=WHICH)
    def try_recv(self, which):
        reader = pick(self.readers, which)
        expected = self.expected(reader, broadcast.TryRecvError)
        assert outcome(reader.real.try_recv) == (broadcast.TryRecvError.Empty if expected is None else expected)

    @precondition(lambda self: self.readers)
    @rule(which=WHICH)
    def recv(self, which):
        reader = pick(self.readers, which)
        if reader.recv is None:
            reader.recv = Waiting(reader.real.recv())
        expected = self.expected(reader, broadcast.RecvError)
        found = outcome(reader.recv.poll)
        if expected is None:
            assert found.is_pending()
            reader.since = len(self.log)
            return
        assert (found if isinstance(found, (type, tuple)) else found.value) == expected
        reader.recv = None

    @precondition(lambda self: self.readers)
    @rule(which=WHICH)
    def cancel(self, which):
        reader = pick(self.readers, which)
        if reader.recv is not None:
            reader.recv.future.close()
            reader.recv = None

    @precondition(lambda self: self.tx and len(self.readers) < FEW)
    @rule()
    def subscribe(self):
        self.readers.append(Reader(self.tx.subscribe(), len(self.log)))

    @precondition(lambda self: self.readers)
    @rule(which=WHICH)
    def drop_reader(self, which):
        self.cancel(which)
        del self.readers[which % len(self.readers)]

    @precondition(lambda self: self.tx)
    @rule()
    def poll_closed(self):
        if self.closer is None:
            self.closer = Waiting(self.tx.closed())
        if self.closer.poll().is_ready():
            assert not self.readers
            self.closer = None
        else:
            assert self.readers

    @precondition(lambda self: self.tx)
    @rule(really=st.integers(0, 4))
    def close(self, really):
        if really == 0:
            self.tx.close()
            self.tx = self.closer = None

    @rule()
    def again(self):
        if self.tx is None and not self.readers:
            self.start(1)

    @invariant()
    def same(self):
        if not hasattr(self, "readers"):
            return
        for reader in self.readers:
            assert len(reader.real) == len(self.log) - reader.next
            if reader.recv is not None:
                # Woken by any send since, also if a try_recv took the message.
                reader.recv.check(woken=reader.since < len(self.log) or self.tx is None)
        if self.tx is not None:
            unread = len(self.log) - min([len(self.log), *[reader.next for reader in self.readers]])
            assert len(self.tx) == min(unread, self.size) and self.tx.receiver_count() == len(self.readers)
            if self.closer is not None and not self.readers:
                assert self.closer.waker.wakes == 1


TestBroadcastModel = BroadcastMachine.TestCase
TestBroadcastModel.settings = STEPS


# --- watch ------------------------------------------------------------------------------------------------------------


class Watcher:
    def __init__(self, real, seen):
        self.real = real
        self.seen = seen
        self.changed = None


class WatchMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.tx, rx = watch.channel(0)
        self.value = self.version = 0
        self.watchers = [Watcher(rx, 0)]
        self.closer = None

    @precondition(lambda self: self.tx)
    @rule(how=st.sampled_from(["send", "replace", "modify", "if", "if not", "raise"]), value=st.integers(0, 9))
    def send(self, how, value):
        def change(it):
            assert it.value == self.value
            it.value = value
            if how == "raise":
                raise ZeroDivisionError
            return how == "if"

        if how == "send":
            found = outcome(lambda: self.tx.send(value))
            assert found is (None if self.watchers else watch.SendError)
            if not self.watchers:
                return
        elif how == "replace":
            assert self.tx.send_replace(value) == self.value
        elif how == "modify":
            self.tx.send_modify(change)
        else:
            found = outcome(lambda: self.tx.send_if_modified(change))
            assert found is {"if": True, "if not": False, "raise": ZeroDivisionError}[how]
        self.value = value
        if how not in ("if not", "raise"):
            self.version += 1

    @precondition(lambda self: self.watchers)
    @rule(which=WHICH)
    def changed(self, which):
        watcher = pick(self.watchers, which)
        if watcher.changed is None:
            watcher.changed = Waiting(watcher.real.changed())
        found = outcome(watcher.changed.poll)
        if watcher.seen != self.version:
            assert found.is_ready()
            watcher.seen = self.version
        elif self.tx is None:
            assert found is watch.RecvError
        else:
            assert found.is_pending()
            return
        watcher.changed = None

    @precondition(lambda self: self.watchers)
    @rule(which=WHICH)
    def cancel(self, which):
        watcher = pick(self.watchers, which)
        if watcher.changed is not None:
            watcher.changed.future.close()
            watcher.changed = None

    @precondition(lambda self: self.watchers)
    @rule(which=WHICH, how=st.sampled_from(["update", "changed", "unchanged"]))
    def mark(self, which, how):
        self.cancel(which)
        watcher = pick(self.watchers, which)
        if how == "update":
            assert watcher.real.borrow_and_update() == self.value
        elif how == "changed":
            watcher.real.mark_changed()
        else:
            watcher.real.mark_unchanged()
        watcher.seen = self.version - (how == "changed")

    @precondition(lambda self: 0 < len(self.watchers) < FEW)
    @rule(which=WHICH, subscribe=st.booleans())
    def clone(self, which, subscribe):
        watcher = pick(self.watchers, which)
        if subscribe and self.tx is not None:
            self.watchers.append(Watcher(self.tx.subscribe(), self.version))
        else:
            self.watchers.append(Watcher(watcher.real.clone(), watcher.seen))

    @precondition(lambda self: self.tx and not self.watchers)
    @rule()
    def reopen(self):
        self.watchers.append(Watcher(self.tx.subscribe(), self.version))

    @precondition(lambda self: self.watchers)
    @rule(which=WHICH)
    def drop(self, which):
        self.cancel(which)
        del self.watchers[which % len(self.watchers)]

    @precondition(lambda self: self.tx)
    @rule()
    def poll_closed(self):
        if self.closer is None:
            self.closer = Waiting(self.tx.closed())
        if self.closer.poll().is_ready():
            assert not self.watchers
            self.closer = None
        else:
            assert self.watchers

    @precondition(lambda self: self.tx)
    @rule(really=st.integers(0, 4))
    def close(self, really):
        if really == 0:
            self.tx.close()
            self.tx = self.closer = None

    @precondition(lambda self: self.tx is None and not self.watchers)
    @rule()
    def again(self):
        WatchMachine.__init__(self)

    @invariant()
    def same(self):
        for watcher in self.watchers:
            assert watcher.real.borrow() == self.value
            unseen = watcher.seen != self.version
            assert outcome(watcher.real.has_changed) is (watch.RecvError if self.tx is None else unseen)
            if watcher.changed is not None:
                watcher.changed.check(woken=unseen or self.tx is None)
        if self.tx is not None:
            assert self.tx.receiver_count() == len(self.watchers)
            if self.closer is not None and not self.watchers:
                assert self.closer.waker.wakes == 1


TestWatchModel = WatchMachine.TestCase
TestWatchModel.settings = STEPS


# --- mpmc -------------------------------------------------------------------------------------------------------------


class MpmcMachine(RuleBasedStateMachine):
    @initialize(capacity=st.integers(1, 3))
    def start(self, capacity):
        self.tx, self.rx = mpmc.bounded(capacity)
        self.capacity = capacity
        self.slots = SlotModel(capacity)
        self.messages = SlotModel(0)  # the unclaimed ones; who waits for one gathers 1
        self.buffer = []
        self.sending = []
        self.receiving = []
        self.closed = False
        self.serial = 0
        self.sent = []
        self.received = []
        self.evicted = []

    def put(self, value):
        self.buffer.append(value)
        self.sent.append(value)
        self.messages.give(1)

    def take(self):
        value = self.buffer.pop(0)
        self.received.append(value)
        self.slots.give(1)
        return value

    @precondition(lambda self: len(self.sending) < FEW)
    @rule()
    def send(self):
        self.serial += 1
        waiting = Waiting(self.tx.send(self.serial), 1, self.serial)
        found = outcome(waiting.poll)
        if self.closed:
            assert found is mpmc.SendError
        elif self.slots.take(1):
            assert found.is_ready()
            self.put(waiting.value)
        else:
            assert found.is_pending()
            self.slots.join(waiting)
            self.sending.append(waiting)

    @precondition(lambda self: self.sending)
    @rule(which=WHICH)
    def poll_send(self, which):
        waiting = pick(self.sending, which)
        found = outcome(waiting.poll)
        if self.closed:
            assert found is mpmc.SendError
            if waiting.needs == 0:
                self.slots.give(1)
        elif waiting.needs == 0:
            assert found.is_ready()
            self.put(waiting.value)
        else:
            assert found.is_pending()
            return
        self.sending.remove(waiting)

    @precondition(lambda self: self.sending)
    @rule(which=WHICH)
    def cancel_send(self, which):
        waiting = pick(self.sending, which)
        self.sending.remove(waiting)
        self.slots.leave(waiting)
        waiting.future.close()

    @rule()
    def try_send(self):
        self.serial += 1
        found = outcome(lambda: self.tx.try_send(self.serial))
        if self.closed:
            assert found is mpmc.TrySendError.Closed
        elif self.slots.take(1):
            assert found is None
            self.put(self.serial)
        else:
            assert found is mpmc.TrySendError.Full

    @precondition(lambda self: not self.closed and (self.buffer or self.slots.free))
    @rule()
    def force_send(self):
        self.serial += 1
        found = self.tx.force_send(self.serial)
        if self.slots.take(1):
            assert found is None
            self.put(self.serial)
        else:
            assert found == self.buffer.pop(0)
            self.evicted.append(found)
            self.buffer.append(self.serial)
            self.sent.append(self.serial)

    @precondition(lambda self: len(self.receiving) < FEW)
    @rule()
    def recv(self):
        waiting = Waiting(self.rx.recv("end"))
        answer = waiting.poll()
        if self.messages.take(1):
            assert answer.value == self.take()
        elif self.closed:
            assert answer.value == "end"
        else:
            assert answer.is_pending()
            self.messages.join(waiting)
            self.receiving.append(waiting)

    @precondition(lambda self: self.receiving)
    @rule(which=WHICH)
    def poll_recv(self, which):
        waiting = pick(self.receiving, which)
        answer = waiting.poll()
        if waiting.needs == 0:
            assert answer.value == self.take()
        elif self.closed and not self.messages.take(1):
            assert answer.value == "end"
        elif self.closed:
            assert answer.value == self.take()
        else:
            assert answer.is_pending()
            return
        self.receiving.remove(waiting)

    @precondition(lambda self: self.receiving)
    @rule(which=WHICH)
    def cancel_recv(self, which):
        waiting = pick(self.receiving, which)
        self.receiving.remove(waiting)
        self.messages.leave(waiting)
        waiting.future.close()

    @rule()
    def try_recv(self):
        found = outcome(self.rx.try_recv)
        if self.messages.take(1):
            assert found == self.take()
        else:
            assert found is (mpmc.TryRecvError.Disconnected if self.closed else mpmc.TryRecvError.Empty)

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 4))
    def close(self, really):
        if really == 0:
            assert self.rx.close()
            self.closed = True
            self.slots.close()
            self.messages.close()

    @invariant()
    def same(self):
        if not hasattr(self, "rx"):
            return
        assert len(self.rx) == len(self.buffer) and self.tx.is_full() == (self.slots.free == 0)
        for waiting in self.sending + self.receiving:
            waiting.check(woken=self.closed or waiting.needs == 0)
        given = sum(waiting.needs == 0 for waiting in self.sending)
        assert self.slots.free + len(self.buffer) + given == self.capacity
        assert self.messages.free + sum(waiting.needs == 0 for waiting in self.receiving) == len(self.buffer)
        assert sorted(self.received + self.evicted + self.buffer) == sorted(self.sent)


TestMpmcModel = MpmcMachine.TestCase
TestMpmcModel.settings = STEPS
