"""An echo server and a client, in one program: a task per connection.

Shows: ``TcpListener``, ``TcpStream``, a ``TaskGroup`` that owns the connections, ``join_all`` for many clients.

Run it:   python examples/echo.py
"""

import mezame
from mezame.net import TcpListener, TcpStream


async def echo(stream: TcpStream) -> None:
    """Sends back what comes, until the peer closes its side."""
    async with stream:
        while data := await stream.read():
            await stream.write_all(data)


async def serve(listener: TcpListener) -> None:
    async with mezame.TaskGroup() as group:
        async for stream, _ in listener.incoming():
            group.spawn(echo(stream))


async def client(address: tuple[str, int], number: int) -> str:
    async with await TcpStream.connect(address, timeout=5.0) as stream:
        message = f"hello from client {number}".encode()
        await stream.write_all(message)
        return (await stream.read_exact(len(message))).decode()


async def main() -> None:
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        server = mezame.spawn(serve(listener), name="server")
        for answer in await mezame.join_all(client(listener.local_addr(), n) for n in range(3)):
            print(answer)
        server.abort()


if __name__ == "__main__":
    mezame.run(main())
