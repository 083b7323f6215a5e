"""A small HTTP/1.1 server with the timeouts that a server needs.

Shows: ``timeout`` around reading a request head (a client that says nothing is told 408 and let go), around a handler
(503), a limit on the size of the head (431), keep-alive, and one task per connection in a ``TaskGroup``.
It understands GET only: enough to be looked at with a browser, not a web server.

Run it:   python examples/http_server.py 8080     then open http://127.0.0.1:8080/
          python examples/http_server.py          tries itself and stops
"""

import sys

import mezame
from mezame.net import TcpListener, TcpStream

HEAD_LIMIT = 8192  # bytes
HEAD_TIMEOUT = 0.2  # seconds; a real server is more patient
HANDLER_TIMEOUT = 0.2


def response(status: str, body: str, *, close: bool = False) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body.encode())}\r\n"
    return (head + ("Connection: close\r\n" if close else "") + "\r\n" + body).encode()


async def read_head(stream: TcpStream, buffered: bytes) -> tuple[bytes, bytes]:
    """(head, what came after it); head is b"" at the end of the stream. Raises ValueError if it is too long."""
    while b"\r\n\r\n" not in buffered:
        if len(buffered) > HEAD_LIMIT:
            raise ValueError("the head is too long")
        data = await stream.read()
        if not data:
            return b"", b""
        buffered += data
    head, _, rest = buffered.partition(b"\r\n\r\n")
    return head, rest


async def answer(path: str) -> bytes:
    if path == "/":
        return response("200 OK", "mezame\n")
    if path == "/slow":
        await mezame.sleep(3600)
    return response("404 Not Found", f"there is no {path}\n")


async def connection(stream: TcpStream) -> None:
    rest = b""
    async with stream:
        while True:
            try:
                head, rest = await mezame.timeout(HEAD_TIMEOUT, read_head(stream, rest))
            except TimeoutError:
                await stream.write_all(response("408 Request Timeout", "you said nothing\n", close=True))
                return
            except ValueError as error:
                await stream.write_all(response("431 Request Header Fields Too Large", f"{error}\n", close=True))
                return
            if not head:
                return
            method, path, *_ = (head.split(b"\r\n")[0].decode("latin-1") + "  ").split(" ")
            if method != "GET":
                await stream.write_all(response("405 Method Not Allowed", "GET only\n", close=True))
                return
            try:
                await stream.write_all(await mezame.timeout(HANDLER_TIMEOUT, answer(path)))
            except TimeoutError:
                await stream.write_all(response("503 Service Unavailable", "that took too long\n"))


async def serve(listener: TcpListener) -> None:
    async with mezame.TaskGroup() as group:
        async for stream, _ in listener.incoming():
            group.spawn(connection(stream))


# --- it tries itself ------------------------------------------------------------------------------------------------


async def ask(address, request: bytes) -> str:
    """The status line of the answer."""
    async with await TcpStream.connect(address) as stream:
        await stream.write_all(request)
        return (await stream.read()).split(b"\r\n")[0].decode()


async def try_it() -> None:
    async with await TcpListener.bind("127.0.0.1:0") as listener:
        server = mezame.spawn(serve(listener), name="http")
        for request in (
            b"GET / HTTP/1.1\r\nHost: me\r\n\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: me\r\n\r\n",
            b"GET /slow HTTP/1.1\r\nHost: me\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: me\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"x" * 9000,
            b"GET / HTTP",  # and then silence
        ):
            print(request[:18], "->", await ask(listener.local_addr(), request))
        server.abort()


async def main(port: int) -> None:
    async with await TcpListener.bind(("127.0.0.1", port)) as listener:
        print(f"http://127.0.0.1:{port}/   Ctrl-C ends it")
        await serve(listener)


if __name__ == "__main__":
    mezame.run(main(int(sys.argv[1])) if len(sys.argv) > 1 else try_it())
