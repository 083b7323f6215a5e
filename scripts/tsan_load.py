"""What ``scripts/tsan.py`` runs under ThreadSanitizer: every part that threads share, for a second each."""

from __future__ import annotations

import sys
import threading

import mezame
from mezame import sync


async def switches(count: int) -> None:
    for _ in range(count):
        await mezame.yield_now()


async def ping_pong(rounds: int) -> None:
    ask, asked = sync.mpsc.channel(1)
    answer, answered = sync.mpsc.channel(1)

    async def other() -> None:
        for _ in range(rounds):
            await answer.send(await asked.recv())

    task = mezame.spawn(other())
    for number in range(rounds):
        await ask.send(number)
        assert await answered.recv() == number
    await task


async def fan_in(senders: int, each: int) -> None:
    tx, rx = sync.mpsc.channel(4)

    async def send(tx: sync.mpsc.Sender[int]) -> None:
        for number in range(each):
            await tx.send(number)
        tx.close()

    for _ in range(senders):
        mezame.spawn(send(tx.clone()))
    tx.close()
    found = 0
    while await rx.recv() is not None:
        found += 1
    assert found == senders * each


async def locked(tasks: int, each: int) -> None:
    mutex: sync.Mutex[None] = sync.Mutex()
    total = 0

    async def add() -> None:
        nonlocal total
        for _ in range(each):
            async with mutex:
                before = total
                await mezame.yield_now()
                total = before + 1

    for task in [mezame.spawn(add()) for _ in range(tasks)]:
        await task
    assert total == tasks * each


async def sleeps(count: int) -> None:
    tasks = [mezame.spawn(mezame.sleep(0.001 * (number % 5))) for number in range(count)]
    for task in tasks[::3]:
        task.abort()
    await mezame.future.join_all([gone(task) for task in tasks])


async def gone(task: mezame.Task) -> None:
    try:
        await task
    except mezame.JoinError:
        pass


async def echo(connections: int) -> None:
    listener = await mezame.net.TcpListener.bind("127.0.0.1:0")

    async def serve() -> None:
        for _ in range(connections):
            stream, _ = await listener.accept()
            mezame.spawn(answer(stream))

    async def answer(stream: mezame.net.TcpStream) -> None:
        with stream:
            while data := await stream.read(100):
                await stream.write_all(data)

    async def ask() -> None:
        with await mezame.net.TcpStream.connect(listener.local_addr()) as stream:
            for _ in range(20):
                await stream.write_all(b"hello")
                assert await stream.read_exact(5) == b"hello"

    server = mezame.spawn(serve())
    for task in [mezame.spawn(ask()) for _ in range(connections)]:
        await task
    await server
    listener.close()


async def blocking(count: int) -> None:
    for task in [mezame.spawn_blocking(threading.get_ident) for _ in range(count)]:
        await task


async def all_of_it() -> None:
    for task in [mezame.spawn(switches(20)) for _ in range(300)]:
        await task
    await ping_pong(300)
    await fan_in(5, 100)
    await locked(10, 20)
    await sleeps(200)
    await echo(10)
    await blocking(50)


def main() -> None:
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
        with mezame.Runtime("multi_thread", worker_threads=3) as runtime:
            runtime.block_on(all_of_it())


if __name__ == "__main__":
    main()
