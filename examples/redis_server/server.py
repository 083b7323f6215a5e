"""The server: connections in, conversations, and how it ends.

    accept loop     one task; owns the others in a JoinSet, so that none outlives it
    conversation    one task per connection: read, do all requests that came, write all replies at once
    expiry          one task

The end, when ``stopping`` is cancelled: no new connections; each conversation sees the end of its input, so it answers
what has come and ends; who is not done after ``patience`` seconds (it does not read its replies, say) is aborted.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import mezame
from mezame.net import TcpListener, TcpStream
from mezame.sync import CancellationToken, SemaphorePermit, TryAcquireError
from mezame.sync.mpsc import TryRecvError
from mezame.task import JoinSet

from .commands import execute
from .pubsub import Message, Subscriber
from .resp import CommandError, Limits, Parser, ProtocolError, Request, encode
from .session import Session, Shared

log = logging.getLogger("redis_server")

BATCH = 1024 * 1024  # bytes of replies that are written at the latest, though more requests are there


class Server:
    """A server; ``run`` it once."""

    def __init__(self, *, max_clients: int = 1000, limits: Limits | None = None, patience: float = 5.0) -> None:
        self.shared = Shared(max_clients)
        self.limits = limits or Limits()
        self.patience = patience

    async def run(self, listener: TcpListener, stopping: CancellationToken) -> None:
        """Serves ``listener``, which it closes, until ``stopping`` is cancelled."""
        self.shared.port = listener.local_addr()[1]
        async with JoinSet() as tasks:  # however this block is left, no task stays behind
            tasks.spawn(self.shared.store.expire_keys(), name="expiry")
            with listener:
                await self._accept(listener, stopping, tasks)
            await self._drain(tasks)

    async def _accept(self, listener: TcpListener, stopping: CancellationToken, tasks: JoinSet) -> None:
        # Made once: select only borrows a Future, and what lost a round is there for the next.
        stopped, accepting = stopping.cancelled(), listener.accept()
        while True:
            which, value = await mezame.select(ended=tasks.join_next(), accepted=accepting, stopped=stopped)
            if which == "stopped":
                accepting.close()
                return
            if which == "ended":
                self._look_at(value)
                continue
            accepting = listener.accept()
            stream, address = value
            self.shared.accepted += 1
            try:
                slot = self.shared.slots.try_acquire()
            except TryAcquireError:
                self.shared.rejected += 1
                tasks.spawn(refuse(stream))
            else:
                tasks.spawn(self._connection(stream, slot, stopping), name=f"client {address}")

    def _look_at(self, task: mezame.Task) -> None:
        """A task of ours has ended. One connection's failure is not the server's; without expiry it cannot go on."""
        error = task.exception()
        if error is None:
            return
        if task.name == "expiry":
            raise error
        log.error("%s failed", task.name, exc_info=error)

    async def _drain(self, tasks: JoinSet) -> None:
        """Waits for the conversations, with patience. Leaving the JoinSet's block aborts those that are left."""
        try:
            async with mezame.timeout(self.patience):
                while len(tasks) > 1:  # the expiry does not end by itself
                    self._look_at(await tasks.join_next())
        except TimeoutError:
            log.warning("%d clients did not take their replies in time", len(tasks) - 1)

    async def _connection(self, stream: TcpStream, slot: SemaphorePermit, stopping: CancellationToken) -> None:
        # A subscriber that is too slow is cut off by whoever publishes: its own task may be stuck in a write.
        session = Session(self.shared, cut_off=stream.close)
        with slot, stream:
            talking = mezame.pin(self._converse(stream, session))
            try:
                # One select around the whole conversation, not one around each read, which would be most of its cost.
                done, _ = await mezame.select(talking, stopping.cancelled())
                if done == 1:
                    # What has come is in the kernel and can still be read; after it comes the end of the stream.
                    stream.get_socket().shutdown(socket.SHUT_RD)
                    await talking
            except OSError as error:
                log.debug("client %d: %s", session.id, error)  # reset, or cut off: it is gone, and that is all
            finally:
                await mezame.future.unwind(talking)
                session.end()

    async def _converse(self, stream: TcpStream, session: Session) -> None:
        parser = Parser(self.limits)
        reading = stream.read()
        while not session.closing:
            if session.subscriber is None:
                which, value = "data", await reading
            else:
                messages = session.subscriber.inbox.recv_many(128)
                which, value = await mezame.select(data=reading, messages=messages)
            if which == "messages":
                out = bytearray()
                hear(session.subscriber, value, out)
            elif value:
                out = await self._answer(parser.feed(value), stream, session)
                reading = stream.read()
            else:
                return
            # One write for all replies of a batch: a system call, and a packet, for a pipeline of hundreds.
            if out:
                await stream.write_all(out)

    async def _answer(self, requests: Iterator[Request], stream: TcpStream, session: Session) -> bytearray:
        """Does the requests; the replies that are still to be written."""
        out = bytearray()
        try:
            for request in requests:
                hear(session.subscriber, [], out)  # what was published before comes before the reply
                execute(session, request, out)
                if session.closing:
                    break
                if len(out) >= BATCH:
                    await stream.write_all(out)
                    out = bytearray()
        except ProtocolError as error:
            encode(CommandError(f"ERR Protocol error: {error}"), out)
            session.closing = True
        return out


def hear(subscriber: Subscriber | None, messages: list[Message], out: bytearray) -> None:
    """Appends ``messages``, and those that are waiting behind them."""
    while subscriber is not None:
        for message in messages:
            if subscriber.wants(message):
                encode(message, out)
        try:
            messages = [subscriber.inbox.try_recv()]
        except TryRecvError:
            return


async def refuse(stream: TcpStream) -> None:
    """Tells one client too many why, as far as there is room in the kernel: for it nobody waits."""
    with stream:
        try:
            stream.try_write(b"-ERR max number of clients reached\r\n")
        except OSError:
            pass
