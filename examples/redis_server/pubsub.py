"""PubSub: who listens to which channel.

``PUBLISH`` must not wait for a slow subscriber, and must not keep messages for it without end: each has a bounded
channel of its own, and one whose channel is full is cut off (so does Redis: ``client-output-buffer-limit``). What a
subscriber hears therefore has no holes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from mezame.sync import mpsc

from .glob import matches

BACKLOG = 1024  # messages that may wait for one subscriber

Message = list[bytes]


class Subscriber:
    """One connection that listens. ``inbox`` is for its task only; ``deliver`` is for the others."""

    def __init__(self, cut_off: Callable[[], None]) -> None:
        self.channels: set[bytes] = set()
        self.patterns: set[bytes] = set()
        self._outbox, self.inbox = mpsc.channel(BACKLOG)
        self._cut_off = cut_off

    def __len__(self) -> int:
        return len(self.channels) + len(self.patterns)

    def deliver(self, message: Message) -> bool:
        try:
            self._outbox.try_send(message)
        except mpsc.TrySendError.Full:
            self._cut_off()
            return False
        except mpsc.TrySendError.Closed:
            return False
        return True

    def wants(self, message: Message) -> bool:
        """False for a message that was on its way when the subscription ended."""
        return message[1] in (self.channels if len(message) == 3 else self.patterns)


class PubSub:
    """All subscriptions. The methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[bytes, set[Subscriber]] = {}
        self._patterns: dict[bytes, set[Subscriber]] = {}

    def subscribe(self, subscriber: Subscriber, name: bytes, *, pattern: bool = False) -> None:
        with self._lock:
            table = self._patterns if pattern else self._channels
            table.setdefault(name, set()).add(subscriber)
            (subscriber.patterns if pattern else subscriber.channels).add(name)

    def unsubscribe(self, subscriber: Subscriber, name: bytes, *, pattern: bool = False) -> None:
        with self._lock:
            self._forget(subscriber, name, pattern)

    def leave(self, subscriber: Subscriber) -> None:
        """Ends all subscriptions of one that goes."""
        with self._lock:
            for name in list(subscriber.channels):
                self._forget(subscriber, name, False)
            for name in list(subscriber.patterns):
                self._forget(subscriber, name, True)
        subscriber.inbox.close()

    def _forget(self, subscriber: Subscriber, name: bytes, pattern: bool) -> None:
        table = self._patterns if pattern else self._channels
        (subscriber.patterns if pattern else subscriber.channels).discard(name)
        members = table.get(name)
        if members is not None:
            members.discard(subscriber)
            if not members:  # names come from clients: those that nobody uses must not stay
                del table[name]

    def publish(self, channel: bytes, text: bytes) -> int:
        """How many got it."""
        message: Message = [b"message", channel, text]
        with self._lock:
            deliveries = [(subscriber, message) for subscriber in self._channels.get(channel, ())]
            for pattern, members in self._patterns.items():
                if matches(pattern, channel):
                    match: Message = [b"pmessage", pattern, channel, text]
                    deliveries += [(subscriber, match) for subscriber in members]
        # Outside of the lock: a delivery wakes a task, or closes a socket.
        return sum(subscriber.deliver(message) for subscriber, message in deliveries)

    def counts(self) -> tuple[int, int]:
        """Channels and patterns that somebody listens to."""
        return len(self._channels), len(self._patterns)
