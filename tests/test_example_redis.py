"""examples/redis_server: its parts, a raw socket, and Redis's own tools against it, on both kinds of runtime."""

from __future__ import annotations

import fnmatch
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from example_server import FLAVOURS, LIMIT, ROOT, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

import mezame
from mezame.net import TcpListener, TcpStream
from mezame.sync import CancellationToken

sys.path.insert(0, str(ROOT))
from examples.redis_server import glob, resp, store
from examples.redis_server.server import Server
from examples.redis_server.session import Session

# --- the parts --------------------------------------------------------------------------------------------------------


def request(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=4), max_size=6), st.data())
def test_requests_come_out_however_the_bytes_are_cut(requests, data):
    whole = b"".join(request(*words) for words in requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    parser = resp.Parser()
    got = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        got += parser.feed(whole[start:end])
    assert got == requests


def test_one_byte_at_a_time():
    parser = resp.Parser()
    got = []
    for byte in request(b"SET", b"k", b"\r\n$3") + b"\r\nPING  a\nPING\r\n*0\r\n*-1\r\n" + request(b""):
        got += parser.feed(bytes([byte]))
    assert got == [[b"SET", b"k", b"\r\n$3"], [b"PING", b"a"], [b"PING"], [b""]]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*+1\r\n", "invalid multibulk length"),
        (b"* 1\r\n", "invalid multibulk length"),
        (b"*5\r\n", "invalid multibulk length"),
        (b"*" + b"9" * 30 + b"\r\n", "invalid multibulk length"),
        (b"*1\r\nPING\r\n", "expected '$', got 'P'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$11\r\n", "invalid bulk length"),
        (b"*2\r\n$8\r\n12345678\r\n$8\r\n", "invalid bulk length"),
        (b"*1\r\n$2\r\nabcd", "expected '\\r\\n' after"),
        (b"x" * 40, "too big inline request"),
        (b"*1\r\n$" + b"1" * 40, "too big length"),
    ],
)
def test_what_is_no_resp_or_too_much_is_refused_at_once(data, message):
    limits = resp.Limits(line=40, arguments=4, argument=10, request=15)
    with pytest.raises(resp.ProtocolError, match=re.escape(message)):
        list(resp.Parser(limits).feed(data))


def test_requests_before_a_bad_one_come_out():
    requests = resp.Parser().feed(request(b"PING") + b"*x\r\n")
    assert next(requests) == [b"PING"]
    with pytest.raises(resp.ProtocolError):
        next(requests)


def test_a_large_argument_is_joined_once():
    size, piece = 8 * 1024 * 1024, b"x" * 1024
    parser = resp.Parser()
    assert list(parser.feed(b"*1\r\n$%d\r\n" % size)) == []
    for _ in range(size // len(piece)):  # quadratic work would take minutes here
        assert list(parser.feed(piece)) == []
    [[argument]] = parser.feed(b"\r\n")
    assert argument == b"x" * size


@settings(max_examples=examples(300), deadline=None)
@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_glob_is_as_fnmatch_where_they_speak_the_same(pattern, text):
    assert glob.matches(pattern.encode(), text.encode()) == fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize(
    "pattern, text, answer",
    [
        (b"h[a-c]t", b"hbt", True),
        (b"h[c-a]t", b"hbt", True),
        (b"h[^a-c]t", b"hbt", False),
        (b"h[^a-c]t", b"hxt", True),
        (b"h\\*t", b"h*t", True),
        (b"h\\*t", b"hat", False),
        (b"[\\]]", b"]", True),
        (b"[a", b"a", True),
        (b"\\", b"\\", True),
        (b"", b"", True),
        (b"*a" * 30 + b"b", b"a" * 5000, False),  # a backtracking matcher would not come back
    ],
)
def test_glob(pattern, text, answer):
    assert glob.matches(pattern, text) is answer


def test_replies_cannot_be_broken_by_what_they_quote():
    out = bytearray()
    resp.encode(resp.CommandError("ERR no '\r\n+OK'"), out)
    assert out == b"-ERR no '  +OK'\r\n"


@pytest.mark.mezame(start_paused=True)
async def test_keys_die_at_their_deadline_touched_or_not():
    data = store.Store()
    expiry = mezame.spawn(data.expire_keys())
    now = mezame.time.now()
    data.set(b"soon", b"1", deadline=now + 10)
    data.set(b"late", b"2", deadline=now + 5)
    data.set(b"ever", b"3", deadline=now + 5)
    await mezame.sleep(1)
    data.set_deadline(b"late", now + 20)
    data.set_deadline(b"ever", None)
    data.set(b"kept", b"4", deadline=now + 15)
    data.set(b"kept", b"5", keep_deadline=True)
    await mezame.sleep(10)
    assert (len(data), data.expired) == (3, 1)  # nobody touched it
    assert data.get_many([b"soon", b"late", b"ever", b"kept"]) == [None, b"2", b"3", b"5"]
    await mezame.sleep(10)
    assert (len(data), data.count_deadlines()) == (1, 0)
    assert data.time_to_live(b"ever") == store.PERSISTENT and data.time_to_live(b"late") == store.MISSING
    expiry.abort()

    # Without the task that expires, nobody sees a dead key either.
    data.set(b"lazy", b"1", deadline=mezame.time.now() + 1)
    await mezame.sleep(2)
    assert data.get(b"lazy") is None
    assert data.add(b"ever", 2**63 - 4) == 2**63 - 1
    with pytest.raises(resp.CommandError, match="overflow"):
        data.add(b"ever", 1)


# --- a raw socket -----------------------------------------------------------------------------------------------------


class Client:
    """A RESP client of its own, so that no bug of ours is on both sides."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = sock.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()
        self.sock.close()

    def send(self, *words) -> None:
        self.sock.sendall(request(*(str(word).encode() if not isinstance(word, bytes) else word for word in words)))

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def read(self):
        line = self.file.readline()
        assert line.endswith(b"\r\n") or not line, line
        kind, rest = line[:1], line[1:-2]
        if kind in b"+-":
            return line[:-2].decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        assert kind == b"*", line
        return [self.read() for _ in range(int(rest))]


@pytest.fixture(scope="module", params=FLAVOURS)
def server(request):
    with serving("redis_server", "--max-clients", "100", *FLAVOURS[request.param]) as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server.connect()) as client:
        client.ask("FLUSHALL")
        yield client


def test_strings_and_numbers(client):
    assert client.ask("PING") == "+PONG"
    assert client.ask("ping", "hi") == b"hi"
    assert client.ask("ECHO", b"\x00\r\n\xff") == b"\x00\r\n\xff"
    assert client.ask("GET", "a") is None
    assert client.ask("SET", "a", "1") == "+OK"
    assert client.ask("GET", "a") == b"1"
    assert client.ask("SET", "a", "2", "NX") is None
    assert client.ask("SET", "b", "2", "XX") is None
    assert client.ask("SET", "b", "x", "NX") == "+OK"
    assert client.ask("INCR", "a") == 2
    assert client.ask("INCRBY", "a", 40) == 42
    assert client.ask("DECRBY", "a", 2) == 40
    assert client.ask("DECR", "a") == 39
    assert client.ask("INCR", "new") == 1
    assert client.ask("MSET", "c", "3", "d", "4") == "+OK"
    assert client.ask("MGET", "a", "c", "nothing", "d") == [b"39", b"3", None, b"4"]
    assert client.ask("EXISTS", "a", "a", "nothing") == 2
    assert client.ask("TYPE", "a") == "+string"
    assert client.ask("DBSIZE") == 5
    assert client.ask("DEL", "a", "b", "nothing") == 2
    assert client.ask("GET", "a") is None


def test_expiry(client):
    assert client.ask("SET", "a", "1", "EX", "100") == "+OK"
    assert client.ask("TTL", "a") == 100
    assert 99_000 < client.ask("PTTL", "a") <= 100_000
    assert client.ask("SET", "a", "2", "KEEPTTL") == "+OK"
    assert client.ask("TTL", "a") == 100
    assert client.ask("SET", "a", "3") == "+OK"
    assert client.ask("TTL", "a") == -1
    assert client.ask("TTL", "nothing") == -2
    assert client.ask("EXPIRE", "a", 50) == 1
    assert client.ask("TTL", "a") == 50
    assert client.ask("PERSIST", "a") == 1
    assert client.ask("PERSIST", "a") == 0
    assert client.ask("EXPIRE", "nothing", 50) == 0
    assert client.ask("PEXPIRE", "a", -1) == 1
    assert client.ask("EXISTS", "a") == 0
    assert client.ask("SET", "b", "1", "PX", "1") == "+OK"
    for _ in range(1000):
        if client.ask("DBSIZE") == 0:  # nobody touches b: it goes by itself
            break
    assert client.ask("DBSIZE") == 0


@pytest.mark.parametrize(
    "words, message",
    [
        (["NOTHING", "x"], "-ERR unknown command 'NOTHING'"),
        (["GET"], "-ERR wrong number of arguments for 'get' command"),
        (["GET", "a", "b"], "-ERR wrong number of arguments for 'get' command"),
        (["MSET", "a", "b", "c"], "-ERR wrong number of arguments for 'mset' command"),
        (["SET", "a", "1", "EX"], "-ERR value is not an integer or out of range"),
        (["SET", "a", "1", "EX", "0"], "-ERR invalid expire time in 'set' command"),
        (["SET", "a", "1", "NX", "XX"], "-ERR syntax error"),
        (["SET", "a", "1", "EX", "1", "KEEPTTL"], "-ERR syntax error"),
        (["EXPIRE", "a", "1e3"], "-ERR value is not an integer or out of range"),
        (["EXPIRE", "a", str(2**62)], "-ERR invalid expire time in 'expire' command"),
        (["INCRBY", "a", " 1"], "-ERR value is not an integer or out of range"),
        (["INCRBY", "a", str(2**63)], "-ERR value is not an integer or out of range"),
        (["SELECT", "1"], "-ERR DB index is out of range"),
        (["HELLO", "3"], "-NOPROTO unsupported protocol version"),
    ],
)
def test_errors_are_replies_and_the_connection_goes_on(client, words, message):
    assert client.ask(*words) == message
    assert client.ask("PING") == "+PONG"


def test_a_pipeline_is_answered_in_order(client):
    count = 20_000
    client.sock.sendall(b"".join(request(b"INCR", b"n") for _ in range(count)))
    assert [client.read() for _ in range(count)] == list(range(1, count + 1))


def test_a_large_value_in_many_pieces(client):
    value = bytes(range(256)) * 4096 * 2
    assert client.ask("SET", "large", value) == "+OK"
    # Replies of more than a batch, to a client that does not read yet.
    for _ in range(3):
        client.send("GET", "large")
    assert [client.read() for _ in range(3)] == [value] * 3


def test_no_protocol_ends_the_connection_after_an_answer(client):
    client.sock.sendall(request(b"PING") + b"*1\r\n$99999999\r\n")
    assert client.read() == "+PONG"
    assert client.read() == "-ERR Protocol error: invalid bulk length"
    assert client.file.read() == b""


def test_quit_is_answered_and_nothing_after_it(client):
    client.sock.sendall(request(b"QUIT") + request(b"PING"))
    assert client.read() == "+OK"
    assert client.file.read() == b""


def test_several_clients_count_together(server, client):
    clients = [Client(server.connect()) for _ in range(20)]
    for one in clients:
        one.sock.sendall(request(b"INCR", b"n") * 50)
    for one in clients:
        with one:
            for _ in range(50):
                one.read()
    assert client.ask("GET", "n") == b"1000"


# --- publish and subscribe --------------------------------------------------------------------------------------------


def test_publish_and_subscribe(server, client):
    with Client(server.connect()) as listener:
        listener.send("SUBSCRIBE", "news", "sport")
        assert listener.read() == [b"subscribe", b"news", 1]
        assert listener.read() == [b"subscribe", b"sport", 2]
        assert listener.ask("PSUBSCRIBE", "n*") == [b"psubscribe", b"n*", 3]
        assert listener.ask("GET", "a").startswith("-ERR Can't execute 'get'")
        assert listener.ask("PING") == [b"pong", b""]
        assert client.ask("PUBLISH", "news", "hello") == 2
        assert client.ask("PUBLISH", "weather", "rain") == 0
        assert sorted([listener.read(), listener.read()]) == [
            [b"message", b"news", b"hello"],
            [b"pmessage", b"n*", b"news", b"hello"],
        ]
        assert listener.ask("PUNSUBSCRIBE") == [b"punsubscribe", b"n*", 2]
        assert client.ask("PUBLISH", "news", "again") == 1
        assert listener.read() == [b"message", b"news", b"again"]
        listener.send("UNSUBSCRIBE")
        assert [listener.read(), listener.read()] == [[b"unsubscribe", b"news", 1], [b"unsubscribe", b"sport", 0]]
        assert listener.ask("UNSUBSCRIBE") == [b"unsubscribe", None, 0]
        assert client.ask("PUBLISH", "news", "nobody") == 0
        assert listener.ask("PING") == "+PONG"
    assert b"pubsub_channels:0" in client.ask("INFO", "stats")


def test_messages_come_whole_and_in_order(server, client):
    with Client(server.connect()) as listener:
        listener.ask("SUBSCRIBE", "numbers")
        client.sock.sendall(b"".join(request(b"PUBLISH", b"numbers", b"%d" % n) for n in range(500)))
        assert [client.read() for _ in range(500)] == [1] * 500
        assert [int(listener.read()[2]) for _ in range(500)] == list(range(500))


@pytest.mark.mezame
async def test_what_was_published_before_an_unsubscribe_is_heard_before_its_answer_and_nothing_after_it():
    server = Server()
    session = Session(server.shared, cut_off=lambda: None)
    await server._answer(iter([[b"SUBSCRIBE", b"news", b"sport"]]), None, session)
    for channel in (b"news", b"sport"):
        assert server.shared.pubsub.publish(channel, b"x") == 1
    out = await server._answer(iter([[b"UNSUBSCRIBE", b"news"], [b"PING"]]), None, session)
    words = [word for word in out.split(b"\r\n") if word.isalpha()]
    assert words == [b"message", b"news", b"x", b"message", b"sport", b"x", b"unsubscribe", b"news", b"pong"]
    session.subscriber.deliver([b"message", b"news", b"late"])  # it was on its way
    session.subscriber.deliver([b"pmessage", b"n*", b"news", b"late"])
    assert b"late" not in await server._answer(iter([[b"PING"]]), None, session)
    session.end()


def test_subscriptions_have_a_limit(server, client):
    with Client(server.connect()) as listener:
        listener.send("SUBSCRIBE", *range(1025))
        assert [listener.read()[2] for _ in range(1024)] == list(range(1, 1025))
        assert listener.read() == "-ERR more than 1024 subscriptions"
        assert listener.ask("RESET") == "+RESET"
        assert listener.ask("PING") == "+PONG"
        assert client.ask("PUBLISH", "1", "x") == 0


def test_a_subscriber_that_does_not_read_is_cut_off_and_stops_nobody(server, client):
    with Client(server.connect()) as slow, Client(server.connect()) as quick:
        slow.ask("SUBSCRIBE", "flood")
        quick.ask("SUBSCRIBE", "flood")
        text = b"x" * 50_000
        sent, receivers = 0, 2
        while receivers == 2 and sent < 5000:
            receivers = client.ask("PUBLISH", "flood", text)
            assert quick.read()[2] == text
            sent += 1
        assert receivers == 1 and sent > 1024  # the kernel's buffers, and then the backlog
        assert client.ask("PUBLISH", "flood", "after") == 1
        assert quick.read()[2] == b"after"


# --- limits and the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_one_client_too_many_is_told_so_and_a_place_comes_free(flavour):
    with serving("redis_server", "--max-clients", "2", *FLAVOURS[flavour]) as server:
        with Client(server.connect()) as one, Client(server.connect()) as two:
            assert [one.ask("PING"), two.ask("PING")] == ["+PONG"] * 2
            with Client(server.connect()) as third:
                assert third.read() == "-ERR max number of clients reached"
                assert third.file.read() == b""
            one.ask("QUIT")
            assert one.file.read() == b""
            while b"connected_clients:2" in two.ask("INFO"):  # its task may still be on its way to the end
                pass
            with Client(server.connect()) as third:
                assert third.ask("PING") == "+PONG"
            assert b"rejected_connections:1" in two.ask("INFO", "stats")


@pytest.mark.parametrize("flavour, number", [("current-thread", signal.SIGTERM), ("multi-thread", signal.SIGINT)])
def test_a_signal_ends_it_gracefully(flavour, number):
    with serving("redis_server", *FLAVOURS[flavour]) as server:
        with Client(server.connect()) as idle, Client(server.connect()) as busy, Client(server.connect()) as listener:
            assert idle.ask("PING") == "+PONG"
            listener.ask("SUBSCRIBE", "news")
            count = 5000
            busy.sock.sendall(request(b"INCR", b"n") * count)
            assert busy.read() == 1
            server.signal(number)
            assert server.read_line() == "stopping"
            assert idle.file.read() == listener.file.read() == b""
            # What had come is answered to the last, in order; then the connection ends.
            answers = busy.file.read().split()
            assert answers == [b":%d" % n for n in range(2, len(answers) + 2)]
            assert server.wait() == "stopped\n"
        with pytest.raises(ConnectionRefusedError):
            server.connect()


@pytest.mark.mezame
async def test_who_does_not_take_the_replies_is_aborted_when_patience_ends(caplog):
    server, stopping = Server(patience=0.05), CancellationToken()
    listener = await TcpListener.bind("127.0.0.1:0")
    running = mezame.spawn(server.run(listener, stopping))
    async with await TcpStream.connect(listener.local_addr()) as stream:
        await stream.write_all(request(b"SET", b"k", b"x" * 4_000_000))
        assert await stream.read_exact(5) == b"+OK\r\n"
        await stream.write_all(request(b"GET", b"k") * 20)
        await stream.peek(1)  # it has begun to answer
        stopping.cancel()
        await running
    assert "1 clients did not take their replies in time" in caplog.text


# --- Redis's own tools ------------------------------------------------------------------------------------------------

needs_redis_tools = pytest.mark.skipif(
    shutil.which("redis-cli") is None or shutil.which("redis-benchmark") is None,
    reason="redis-cli and redis-benchmark are not installed (Debian: apt-get install redis-tools)",
)


def tool(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=3 * LIMIT)
    assert done.returncode == 0, done
    return done.stdout


@needs_redis_tools
def test_redis_cli(server, client):
    def cli(*words: str) -> str:
        return tool("redis-cli", "-p", str(server.port), *words).strip()

    assert cli("SET", "k", "v", "EX", "100") == "OK"
    assert cli("GET", "k") == "v"
    assert cli("TTL", "k") == "100"
    assert cli("--json", "MGET", "k", "nothing") == '["v",null]'
    assert cli("INCR", "n") == "1"
    assert "ERR unknown command" in cli("NOTHING")
    assert "redis_version:7.0.0" in cli("INFO")
    assert cli("CONFIG", "GET", "max*") == "maxclients\n100"
    assert cli("--csv", "COMMAND", "DOCS") == ""
    script = "".join(f"SET k{n} {n}\r\n" for n in range(1000))
    assert "errors: 0, replies: 1000" in tool("redis-cli", "-p", str(server.port), "--pipe", stdin=script)
    assert client.ask("GET", "k999") == b"999"


@needs_redis_tools
@pytest.mark.parametrize("depth", [1, 16])
def test_redis_benchmark(server, client, depth):
    # It checks that no reply is an error (-e shows them), and that it gets as many as it sent requests.
    requests = 200 if depth == 1 else 800  # few: it keeps a core busy while it waits
    out = tool(
        "redis-benchmark", "-p", str(server.port), "-t", "ping,set,get,incr,mset", "-n", str(requests), "-c", "20",
        "-P", str(depth), "-r", "100", "-e", "--csv",
    )  # fmt: skip
    rows = [line.split(",") for line in out.splitlines() if line.startswith('"')]
    names = [row[0].strip('"') for row in rows[1:]]
    assert names == ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"], out
    assert "error" not in out.lower().replace("errors", "")
    assert client.ask("GET", "counter:__rand_int__") is None
    assert client.ask("DBSIZE") > 20
