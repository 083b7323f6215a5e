"""Graceful shutdown: Ctrl-C stops accepting, lets the requests in progress finish, and then ends.

Shows: the first Ctrl-C cancels the future that ``run`` was given; its ``finally`` may await, within a time limit;
``close`` of the listener refuses new connections; ``run`` raises ``KeyboardInterrupt`` when all has unwound.
A second Ctrl-C would end the program at once.

Run it:   python examples/graceful_shutdown.py     (it sends itself the Ctrl-C, in the middle of a request)
"""

import os
import signal

import mezame
from mezame.net import TcpListener, TcpStream

PATIENCE = 5.0  # seconds that requests in progress may take after Ctrl-C


async def request(stream: TcpStream, log: list[str]) -> None:
    async with stream:
        await stream.read()
        await mezame.sleep(0.05)  # the work
        await stream.write_all(b"done")
        log.append("the request in progress was finished")


async def client(address, log: list[str]) -> None:
    async with await TcpStream.connect(address) as stream:
        await stream.write_all(b"please")
        os.kill(os.getpid(), signal.SIGINT)  # what the terminal does at Ctrl-C
        log.append(f"the client got {(await stream.read()).decode()!r}")


async def main(log: list[str]) -> None:
    listener = await TcpListener.bind("127.0.0.1:0")
    in_progress: list[mezame.Task] = []
    caller = mezame.spawn(client(listener.local_addr(), log))
    try:
        async for stream, _ in listener.incoming():
            in_progress.append(mezame.spawn(request(stream, log)))
    finally:  # CancelledError has been raised at the await above
        listener.close()
        log.append("no new connections")
        await mezame.timeout(PATIENCE, mezame.join_all([*in_progress, caller]))


if __name__ == "__main__":
    log: list[str] = []
    try:
        mezame.run(main(log))
    except KeyboardInterrupt:
        log.append("bye")
    print("\n".join(log))
