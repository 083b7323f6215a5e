"""Session: what one connection has, as the commands see it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import mezame
from mezame.sync import Semaphore

from .pubsub import PubSub, Subscriber
from .store import Store


class Shared:
    """What all connections of a server share. Each part looks after its own safety between threads."""

    def __init__(self, max_clients: int) -> None:
        self.store = Store()
        self.pubsub = PubSub()
        self.max_clients = max_clients
        self.slots = Semaphore(max_clients)
        self.session_ids = itertools.count(1)  # next() is atomic; "+= 1" in several threads would lose some
        self.started = mezame.time.now()
        self.port = 0
        self.accepted = 0  # these two are counted by one task only
        self.rejected = 0

    def count_clients(self) -> int:
        return self.max_clients - self.slots.available_permits()


class Session:
    """One connection."""

    def __init__(self, shared: Shared, cut_off: Callable[[], None]) -> None:
        self.shared = shared
        self.store = shared.store
        self.id = next(shared.session_ids)
        self.name = b""
        self.closing = False  # QUIT was asked for: what is answered is written, and then it ends
        self.subscriber: Subscriber | None = None
        self._cut_off = cut_off

    def listen(self) -> Subscriber:
        """The subscriber that it is from now on."""
        if self.subscriber is None:
            self.subscriber = Subscriber(self._cut_off)
        return self.subscriber

    def is_subscribed(self) -> bool:
        """A connection that listens to something may only change that; it hears messages between its replies."""
        return self.subscriber is not None and len(self.subscriber) > 0

    def end(self) -> None:
        """It is gone: whatever it has elsewhere goes too."""
        if self.subscriber is not None:
            self.shared.pubsub.leave(self.subscriber)
