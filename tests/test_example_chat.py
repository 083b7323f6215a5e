"""examples/chat_server: several real clients, one of them slow, on both kinds of runtime."""

from __future__ import annotations

import re
import signal
import socket
import sys

import pytest
from example_server import FLAVOURS, LIMIT, ROOT, ServerProcess, serving

import mezame
from mezame.net import TcpListener, TcpStream
from mezame.sync import CancellationToken

sys.path.insert(0, str(ROOT))
from examples.chat_server.rate import TokenBucket
from examples.chat_server.rooms import ChatError, Rooms
from examples.chat_server.server import Limits, Server


class Client:
    """Somebody with a socket."""

    def __init__(self, server: ServerProcess, nick: str | None = None, *, buffer: int = 0) -> None:
        self.sock = socket.socket()
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the second small write waits for no ACK
        self.sock.settimeout(LIMIT)
        self.sock.connect(("127.0.0.1", server.port))
        self.file = self.sock.makefile("r", encoding="utf-8", newline="\n")
        if nick is not None:
            assert self.read().startswith("* welcome, guest")
            assert self.read().startswith("* you are in #lobby with ")
            assert self.ask(f"/nick {nick}") == f"* you are now {nick}"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()
        self.sock.close()

    def say(self, line: str) -> None:
        self.sock.sendall(f"{line}\n".encode())

    def read(self) -> str:
        return self.file.readline().rstrip("\n")

    def ask(self, line: str) -> str:
        self.say(line)
        return self.read()

    def read_until(self, pattern: str) -> str:
        """The next line that is as the pattern says; the others are skipped."""
        while True:
            line = self.read()
            assert line, "the end"
            if re.fullmatch(pattern, line):
                return line


FREE = ("--rate", "1000000", "--burst", "1000000")  # where it is not the rate that is tested


@pytest.fixture(params=FLAVOURS)
def flavour(request):
    return FLAVOURS[request.param]


def chatting(flavour, *arguments: str):
    return serving("chat_server", *arguments, *flavour)


# --- talking ----------------------------------------------------------------------------------------------------------


def test_people_and_rooms(flavour):
    with chatting(flavour, *FREE) as server, Client(server, "aki") as aki, Client(server, "ben") as ben:
        aki.read_until(r"\* guest\d+ is now ben")
        ben.say("hi")
        assert aki.read() == "ben: hi"
        aki.say("おはよう")
        assert ben.read() == "aki: おはよう"  # and not what ben said
        assert aki.ask("/who") == "* here: aki, ben"
        with Client(server, "chie") as chie:
            assert chie.ask("/nick aki") == "* the name aki is taken"
            assert chie.ask("/nick a b").startswith("* /nick NAME")
            assert chie.ask("/nick a;b") == "* a name has 1 to 20 letters, digits, _ and -"
            assert chie.ask("/join #tea") == "* you are in #tea with chie"
            aki.read_until(r"\* chie left")
            ben.read_until(r"\* chie left")
            assert ben.ask("/join tea") == "* you are in #tea with ben, chie"
            assert chie.read() == "* ben came in"
            assert aki.read() == "* ben left"
            aki.say("is anybody here?")
            ben.say("not for the others")
            assert chie.read() == "ben: not for the others"
            assert ben.ask("/who") == "* here: ben, chie"  # nothing of the lobby was between
            assert chie.ask("/quit") == "* bye"
            assert chie.read() == ""
            assert ben.read() == "* chie left"
        assert ben.ask("/nick chie") == "* you are now chie"  # the name is free again
        assert aki.ask("/who") == "* here: aki"


def test_who_hangs_up_has_left(flavour):
    with chatting(flavour, *FREE) as server, Client(server, "aki") as aki:
        with Client(server, "ben"):
            aki.read_until(r"\* guest\d+ is now ben")
        assert aki.read() == "* ben left"
        with Client(server, "rst") as client:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        aki.read_until(r"\* rst left")


def test_nobody_can_command_the_terminals_of_others(flavour):
    with chatting(flavour, *FREE) as server, Client(server, "aki") as aki, Client(server, "ben") as ben:
        aki.read_until(r"\* guest\d+ is now ben")
        ben.sock.sendall(b"\x1b[2J red\xff\x9b31m \x07\r\n")
        line = aki.read()
        assert line == "ben: [2J red\ufffd\ufffd31m"
        assert line.isprintable()


def test_many_people_hear_everything_in_order(flavour):
    count, lines = 12, 30
    with chatting(flavour, *FREE, "--backlog", "1024") as server:
        people = [Client(server, f"p{n}") for n in range(count)]
        try:
            for one in people[:-1]:
                one.read_until(rf"\* guest\d+ is now p{count - 1}")
            for number in range(lines):
                for one in people:
                    one.say(str(number))
            for n, one in enumerate(people):
                heard: dict[str, list[int]] = {}
                for _ in range((count - 1) * lines):
                    name, text = one.read().split(": ")
                    heard.setdefault(name, []).append(int(text))
                assert heard == {f"p{m}": list(range(lines)) for m in range(count) if m != n}
        finally:
            for one in people:
                one.__exit__()


# --- the slow one -----------------------------------------------------------------------------------------------------


def test_a_slow_reader_is_told_what_it_missed_and_stops_nobody(flavour):
    options = ("--backlog", "16", "--send-buffer", "4096")
    with (
        chatting(flavour, *FREE, *options) as server,
        Client(server, "aki") as aki,
        Client(server, "ben") as ben,
        Client(server, "slow", buffer=4096) as slow,
    ):
        for one in (aki, ben):
            one.read_until(r"\* guest\d+ is now slow")
        total, filler = 400, "x" * 900
        for number in range(total):
            aki.say(f"{number} {filler}")
            assert ben.read() == f"aki: {number} {filler}"  # at once, whatever the slow one does
        aki.say("that is all")
        heard, missed, notices = [], 0, 0
        while (line := slow.read()) != "aki: that is all":
            notice = re.fullmatch(r"\* you missed (\d+) messages: you read too slowly", line)
            if notice:
                missed += int(notice[1])
                notices += 1
            else:
                assert line.startswith("aki: ") and line.endswith(filler)
                heard.append(int(line.split(" ")[1]))
        assert heard == sorted(heard) and heard[0] == 0 and heard[-1] == total - 1
        assert missed > 0 and notices > 0 and len(heard) + missed == total
        # It is as good as the others now.
        ben.say("welcome back")
        assert slow.read_until("ben: .*") == "ben: welcome back"
        slow.say("thank you")
        assert aki.read_until("slow: .*") == "slow: thank you"


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_line_that_is_too_long_is_the_last(flavour):
    with chatting(flavour, *FREE, "--line", "100") as server, Client(server, "aki") as aki:
        aki.say("x" * 100)
        aki.sock.sendall(b"x" * 101)
        assert aki.read() == "* a line has at most 100 bytes"
        assert aki.read() == ""


def test_who_talks_too_fast_is_not_heard_and_who_floods_is_put_out(flavour):
    options = ("--rate", "0.001", "--burst", "4")
    with chatting(flavour, *options) as server, Client(server, "aki") as aki, Client(server, "ben") as ben:
        aki.read_until(r"\* guest\d+ is now ben")
        for number in range(5):  # with /nick, one too many twice
            ben.say(str(number))
        assert [aki.read() for _ in range(3)] == ["ben: 0", "ben: 1", "ben: 2"]
        assert ben.read() == "* not so fast: that was not heard"
        for _ in range(18):
            ben.say("flood")
        assert ben.read() == "* that is no talking"
        assert ben.read() == ""
        assert aki.read() == "* ben left"


@pytest.mark.mezame(start_paused=True)
async def test_the_bucket():
    bucket = TokenBucket(rate=2, burst=3)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    await mezame.sleep(0.4)
    assert not bucket.take()
    await mezame.sleep(0.2)
    assert [bucket.take(), bucket.take()] == [True, False]
    await mezame.sleep(3600)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_full_house(flavour):
    with chatting(flavour, "--people", "1") as server, Client(server, "aki"):
        with Client(server) as second:
            assert second.read() == "* the house is full"
            assert second.read() == ""


def test_rooms_go_with_the_last_one():
    rooms = Rooms(backlog=4)
    aki, ben = rooms.enter(), rooms.enter()
    assert (aki.name, ben.name) == ("guest1", "guest2")
    with pytest.raises(ChatError, match="a name has"):
        rooms.join(aki, "x" * 21)
    heard = rooms.join(aki, "a")
    rooms.join(ben, "a")
    assert rooms.who(aki) == ["guest1", "guest2"]
    rooms.join(aki, "b")
    assert len(rooms) == 2
    rooms.leave(ben)
    assert len(rooms) == 1
    rooms.rename(aki, "guest3")
    assert rooms.enter().name == "guest4"
    assert [heard.try_recv().line for _ in range(2)] == ["* guest1 came in", "* guest2 came in"]
    rooms.leave(aki)
    assert len(rooms) == 0


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour, number", [("current-thread", signal.SIGINT), ("multi-thread", signal.SIGTERM)])
def test_everybody_is_told_of_the_end(flavour, number):
    with chatting(FLAVOURS[flavour], *FREE) as server, Client(server, "aki") as aki, Client(server, "ben") as ben:
        aki.read_until(r"\* guest\d+ is now ben")
        ben.say("one last word")
        assert aki.read() == "ben: one last word"
        server.signal(number)
        assert server.read_line() == "stopping"
        for one in (aki, ben):
            one.read_until(r"\* the server goes down")
            assert one.file.read().replace("* aki left\n", "").replace("* ben left\n", "") == ""
        assert server.wait() == "stopped\n"


def test_who_does_not_read_is_not_waited_for_at_the_end(flavour):
    options = ("--send-buffer", "4096", "--patience", "0.1", "--backlog", "16")
    with chatting(flavour, *FREE, *options) as server:
        with Client(server, "aki") as aki, Client(server, "slow", buffer=4096):
            aki.read_until(r"\* guest\d+ is now slow")
            for _ in range(100):
                aki.say("x" * 900)
                assert aki.ask("/who") == "* here: aki, slow"
            server.signal()
            aki.read_until(r"\* the server goes down")
            assert server.wait() == "stopping\nstopped\n"


class Stuck(Server):
    """Its clients take nothing at all, not even into the kernel's buffers."""

    async def _write(self, half, person, told) -> None:
        await mezame.pending()


@pytest.mark.mezame(start_paused=True)
async def test_who_asks_and_does_not_take_the_answers_is_not_waited_for_either():
    stopping = CancellationToken()
    listener = await TcpListener.bind("127.0.0.1:0")
    running = mezame.spawn(Stuck(Limits(rate=1e9, burst=1000, patience=5)).run(listener, stopping))
    async with await TcpStream.connect(listener.local_addr()) as deaf:
        await deaf.write_all(b"/who\n" * 100)
        await mezame.sleep(1)  # the reading task waits for the writing task now
        start = mezame.time.now()
        stopping.cancel()
        await running
        assert mezame.time.now() - start == pytest.approx(5, abs=0.01)
        assert await deaf.read() == b""
