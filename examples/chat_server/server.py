"""The server: a task per connection that reads, and one that writes.

    reading task    lines from the client; commands; what is said goes to the room
    writing task    lines to the client, from two sources: the room's broadcast channel, and a small mpsc channel
                    with what is for this client only

The reading task never writes to the socket: if it did, a client that does not read would stop it in the middle of a
line, and two tasks would write at once. It tells the writing task what to write, and also which room to listen to: so
"you are in #here" comes before the first line that is heard there. The end is the end of that channel: what is in it
is still written.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import mezame
from mezame.io import BufReader
from mezame.net import OwnedWriteHalf, TcpListener, TcpStream
from mezame.sync import CancellationToken, Semaphore, TryAcquireError, broadcast, mpsc

from .rate import TokenBucket
from .rooms import ChatError, Person, Rooms

log = logging.getLogger("chat_server")

HELP = "/nick NAME   /join ROOM   /who   /quit   anything else is said to the room"
STRIKES = 20  # lines in a row that were too fast; then it is no person
UNPRINTABLE = re.compile(r"[^\w\s!-~\u00a1-\uffff]|[\t\r\v\f\u2028\u2029]")  # what could command a terminal


@dataclass(frozen=True)
class Limits:
    people: int = 200
    line: int = 1000  # bytes
    backlog: int = 64  # messages of a room that are kept for those who are behind
    rate: float = 5.0  # lines a second
    burst: int = 10  # lines at once
    patience: float = 5.0  # seconds that a client may take for its last lines


class Server:
    """A chat server; ``run`` it once."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.rooms = Rooms(self.limits.backlog)
        self._slots = Semaphore(self.limits.people)

    async def run(self, listener: TcpListener, stopping: CancellationToken) -> None:
        """Serves ``listener``, which it closes, until ``stopping`` is cancelled and everybody was told."""
        async with mezame.TaskGroup() as people:  # it ends when all have left
            with listener:
                while accepted := await stopping.run_until_cancelled(listener.accept()):
                    stream, address = accepted
                    people.spawn(self._connection(stream, address, stopping), name=f"client {address}")

    async def _connection(self, stream: TcpStream, address: Any, stopping: CancellationToken) -> None:
        """One connection. Nothing gets out of here but a cancellation: the group would end everybody's."""
        try:
            async with stream:
                try:
                    slot = self._slots.try_acquire()
                except TryAcquireError:
                    stream.try_write(b"* the house is full\n")
                else:
                    with slot:  # who loses is cancelled and unwound, wherever it waits
                        await mezame.select(self._talk(stream, stopping), self._enough(stopping))
        except* OSError as errors:
            log.debug("%s: %r", address, errors.exceptions)  # it has hung up
        except* Exception:
            log.exception("%s: the connection failed", address)

    async def _enough(self, stopping: CancellationToken) -> None:
        """The end of patience with a client that keeps its tasks waiting when the server stops."""
        await stopping.cancelled()
        await mezame.sleep(self.limits.patience)

    async def _talk(self, stream: TcpStream, stopping: CancellationToken) -> None:
        reading, writing = stream.into_split()
        lines = BufReader(reading).split(b"\n", limit=self.limits.line)
        tell, told = mpsc.channel(16)
        person = self.rooms.enter()
        # The group ties the two tasks together: if one fails, the other is cancelled, and both end here.
        async with mezame.TaskGroup() as group:
            writer = group.spawn(self._write(writing, person, told))
            try:
                with tell:  # closed, it ends the writing task, which writes what is in it first
                    await self._read(lines, person, tell, stopping)
            finally:
                self.rooms.leave(person)
            # Who has hung up half may still read its last lines, but not for ever.
            try:
                await mezame.timeout(self.limits.patience, writer)
            except TimeoutError:
                writer.abort()

    # --- reading ---------------------------------------------------------------------------------------------------

    async def _read(self, lines: Any, person: Person, tell: mpsc.Sender, stopping: CancellationToken) -> None:
        bucket, strikes = TokenBucket(self.limits.rate, self.limits.burst), 0
        await tell.send(f"* welcome, {person.name}; {HELP}")
        await self._join(person, "lobby", tell)
        while True:
            try:
                line = await stopping.run_until_cancelled(lines.next_segment())
            except ValueError:
                await tell.send(f"* a line has at most {self.limits.line} bytes")
                return  # where does the next line begin? We would have to read on to know
            if line is None:  # the client has ended, or we are stopping
                if stopping.is_cancelled():
                    await tell.send("* the server goes down")
                return
            if not bucket.take():
                strikes += 1
                if strikes == STRIKES:
                    await tell.send("* that is no talking")
                    return
                if strikes == 1:  # a flood is not answered with a flood
                    await tell.send("* not so fast: that was not heard")
                continue
            strikes = 0
            text = UNPRINTABLE.sub("", line.decode("utf-8", "replace")).strip()
            try:
                if not await self._do(text, person, tell):
                    return
            except ChatError as error:
                await tell.send(f"* {error}")

    async def _do(self, text: str, person: Person, tell: mpsc.Sender) -> bool:
        """Does what one line says. False: that was the last."""
        match text.split():
            case []:
                pass
            case ["/quit", *_]:
                await tell.send("* bye")
                return False
            case ["/nick", name]:
                self.rooms.rename(person, name)
                await tell.send(f"* you are now {name}")
            case ["/join", name]:
                await self._join(person, name.removeprefix("#"), tell)
            case ["/who"]:
                await tell.send(f"* here: {', '.join(self.rooms.who(person))}")
            case [word, *_] if word.startswith("/"):
                await tell.send(f"* {HELP}")
            case _ if person.room is not None:
                person.room.say(f"{person.name}: {text}", person)
        return True

    async def _join(self, person: Person, name: str, tell: mpsc.Sender) -> None:
        receiver = self.rooms.join(person, name)
        await tell.send(f"* you are in #{name} with {', '.join(self.rooms.who(person))}")
        await tell.send(receiver)

    # --- writing ---------------------------------------------------------------------------------------------------

    async def _write(self, half: OwnedWriteHalf, person: Person, told: mpsc.Receiver) -> None:
        with half:
            async for line in self._heard(person, told):
                await half.write_all(f"{line}\n".encode())

    async def _heard(self, person: Person, told: mpsc.Receiver) -> AsyncIterator[str]:
        """The lines for this client, until it has been told everything and nothing more can come."""
        room: broadcast.Receiver | None = None
        while True:
            try:
                # What is for this client only comes first: it is the answer to what it typed.
                source, item = await mezame.select(
                    told=told.recv(), room=None if room is None else room.recv(), biased=True
                )
            except broadcast.RecvError.Lagged as error:
                yield f"* you missed {error.skipped} messages: you read too slowly"
                continue
            if item is None:
                return
            if source == "room":
                if item.sender is not person:
                    yield item.line
            elif isinstance(item, broadcast.Receiver):
                room = item
            else:
                yield item
