"""Rooms: who is where, and the channel on which a room is heard.

Each room has a ``broadcast`` channel: one ``send`` for all, whatever their number, which never waits. It keeps the
last ``backlog`` messages for those who have not read them yet. Who falls further behind loses the oldest, and is told
how many (``RecvError.Lagged``): one slow reader costs neither memory nor anybody else's time.

Names and members are shared by all tasks, which may run in several threads: a plain lock, held only for as long as a
dictionary is changed. Nothing is sent under it.
"""

from __future__ import annotations

import itertools
import re
import threading
from typing import NamedTuple

from mezame.sync import broadcast

NAME = re.compile(r"[\w-]{1,20}")  # of a person or a room


class ChatError(Exception):
    """What somebody asked for cannot be; the text is for them."""


class Message(NamedTuple):
    """What is heard in a room. One object for all who hear it."""

    sender: Person | None
    line: str


class Person:
    """Somebody who is connected."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.room: Room | None = None


class Room:
    """One room; it is there as long as somebody is in it."""

    def __init__(self, name: str, backlog: int) -> None:
        self.name = name
        self.people: set[Person] = set()
        self._sender = broadcast.Sender.new(backlog)

    def listen(self) -> broadcast.Receiver:
        """Hears what is said from now on."""
        return self._sender.subscribe()

    def say(self, line: str, sender: Person | None = None) -> None:
        try:
            self._sender.send(Message(sender, line))
        except broadcast.SendError:
            pass  # nobody is there to hear it


class Rooms:
    """All rooms and people. The methods may be called from any thread."""

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._lock = threading.Lock()
        self._rooms: dict[str, Room] = {}
        self._names: set[str] = set()
        self._numbers = itertools.count(1)

    def enter(self) -> Person:
        """Somebody new, with a name that nobody has, and in no room yet."""
        with self._lock:
            name = next(name for name in map("guest{}".format, self._numbers) if name not in self._names)
            self._names.add(name)
        return Person(name)

    def leave(self, person: Person) -> None:
        """The person is gone."""
        self._leave_room(person)
        with self._lock:
            self._names.discard(person.name)

    def rename(self, person: Person, name: str) -> None:
        """Raises ``ChatError`` for a name that is taken or is none."""
        _check(name)
        with self._lock:
            if name in self._names:
                raise ChatError(f"the name {name} is taken")
            self._names.add(name)
            self._names.discard(person.name)
            old, person.name = person.name, name
        if person.room is not None:
            person.room.say(f"* {old} is now {name}", person)

    def join(self, person: Person, name: str) -> broadcast.Receiver:
        """Leaves the room that the person is in, and enters room ``name``; what is heard there from now on."""
        _check(name)
        self._leave_room(person)
        with self._lock:
            room = self._rooms.get(name)
            if room is None:
                room = self._rooms[name] = Room(name, self._backlog)
            room.people.add(person)
            person.room = room
            # Under the lock: who sees that person among the people must also be heard by them.
            receiver = room.listen()
        room.say(f"* {person.name} came in", person)
        return receiver

    def _leave_room(self, person: Person) -> None:
        with self._lock:
            room, person.room = person.room, None
            if room is None:
                return
            room.people.discard(person)
            if not room.people:  # names come from clients: those that nobody uses must not stay
                del self._rooms[room.name]
        room.say(f"* {person.name} left", person)

    def who(self, person: Person) -> list[str]:
        """The names of those in the person's room."""
        with self._lock:
            return sorted(one.name for one in person.room.people) if person.room is not None else []

    def __len__(self) -> int:
        return len(self._rooms)


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ChatError("a name has 1 to 20 letters, digits, _ and -")
