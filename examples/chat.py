"""A chat server: what one person says, everybody else reads.

Shows: one task owns the state (who is in the room) and is told through an ``mpsc`` channel, so no lock is needed;
each person has a bounded channel of their own, and one who does not read fast enough is dropped instead of
stopping the room; ``into_split`` gives reading and writing to two tasks.

Run it:   python examples/chat.py            (a server and three people who talk, in one program)
"""

import mezame
from mezame.net import OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream
from mezame.sync import mpsc, oneshot

BACKLOG = 16  # lines that may wait for one slow reader


async def room(events: mpsc.Receiver) -> None:
    """The only one who knows who is here. Events: (kind, person, payload)."""
    people: dict[str, mpsc.Sender] = {}
    async for kind, person, payload in events:
        if kind == "join":
            people[person] = payload
        elif kind == "leave":
            people.pop(person, None)
        else:
            for name, outbox in list(people.items()):
                if name != person:
                    try:
                        outbox.try_send(f"{person}: {payload}\n")
                    except mpsc.TrySendError:
                        people.pop(name).close()  # too slow, or gone


async def write_lines(half: OwnedWriteHalf, inbox: mpsc.Receiver) -> None:
    with half:
        async for line in inbox:
            await half.write_all(line.encode())


async def read_lines(half: OwnedReadHalf):
    rest = b""
    while data := await half.read():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.decode()


async def person(stream: TcpStream, events: mpsc.Sender) -> None:
    """One connection. The first line is the name."""
    reading, writing = stream.into_split()
    outbox, inbox = mpsc.channel(BACKLOG)
    name = None
    async with stream, mezame.TaskGroup() as group:
        group.spawn(write_lines(writing, inbox))
        async for line in read_lines(reading):
            if name is None:
                name = line
                await events.send(("join", name, outbox.clone()))
                await outbox.send("welcome\n")
            else:
                await events.send(("say", name, line))
        await events.send(("leave", name, None))
        outbox.close()


async def serve(listener: TcpListener) -> None:
    events, inbox = mpsc.channel(64)
    async with mezame.TaskGroup() as group:
        group.spawn(room(inbox))
        async for stream, _ in listener.incoming():
            group.spawn(person(stream, events.clone()))


# --- the three people ---------------------------------------------------------------------------------------------


async def talk(address, name: str, says: str, everybody_is_here, heard: dict[str, list[str]], others: int) -> None:
    stream = await TcpStream.connect(address)
    async with stream:
        reading, writing = stream.into_split()
        await writing.write_all(f"{name}\n".encode())
        lines = read_lines(reading)
        assert await anext(lines) == "welcome"
        everybody_is_here[0].send(None)
        await everybody_is_here[1]
        await writing.write_all(f"{says}\n".encode())
        heard[name] = sorted([await anext(lines) for _ in range(others)])


async def main() -> None:
    words = {"aki": "good morning", "ben": "hi", "chie": "おはよう"}
    heard: dict[str, list[str]] = {}
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        server = mezame.spawn(serve(listener), name="chat server")
        gates, arrivals = [], []
        async with mezame.TaskGroup() as group:
            for name, says in words.items():
                arrived, arrival = oneshot.channel()
                gate, opened = oneshot.channel()
                gates.append(gate)
                arrivals.append(arrival)
                group.spawn(talk(listener.local_addr(), name, says, (arrived, opened), heard, len(words) - 1))
            for arrival in arrivals:
                await arrival
            for gate in gates:
                gate.send(None)
        server.abort()
    for name in words:
        print(f"{name} heard {heard[name]}")


if __name__ == "__main__":
    mezame.run(main())
