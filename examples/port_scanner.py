"""A port scanner over loopback, and "happy eyeballs": several addresses, the first that answers wins.

Shows: many connects side by side, bounded by a ``Semaphore``; a time limit on each; what a refused connection and a
timeout look like; ``TcpStream.connect`` with a list of addresses (RFC 8305).

Run it:   python examples/port_scanner.py
"""

import mezame
from mezame.net import TcpListener, TcpSocket, TcpStream
from mezame.sync import Semaphore

AT_ONCE = 16
LIMIT = 1.0  # seconds per port


async def is_open(port: int, slots: Semaphore) -> bool:
    async with slots.acquire():
        try:
            async with await TcpStream.connect(("127.0.0.1", port), timeout=LIMIT):
                return True
        except OSError:  # refused; and Elapsed, which is a TimeoutError, which is an OSError
            return False


async def scan(ports: list[int]) -> list[int]:
    slots = Semaphore(AT_ONCE)
    answers = await mezame.join_all(is_open(port, slots) for port in ports)
    return [port for port, answer in zip(ports, answers, strict=True) if answer]


async def main() -> None:
    listeners = [await TcpListener.bind("127.0.0.1:0") for _ in range(2)]
    silent = TcpSocket.new_v4()  # it holds a port and does not listen there: connections are refused
    await silent.bind("127.0.0.1:0")
    ports = [one.local_addr()[1] for one in (*listeners, silent)]
    found = await scan(ports)
    print("open:", len(found), "as expected:", found == ports[:2])

    # Happy eyeballs: the address at which nobody listens loses to the one at which somebody does.
    stream = await TcpStream.connect([("127.0.0.1", ports[2]), ("127.0.0.1", ports[0])], timeout=LIMIT)
    async with stream:
        print("connected to the one that listens:", stream.peer_addr()[1] == ports[0])
    for one in (*listeners, silent):
        one.close()


if __name__ == "__main__":
    mezame.run(main())
