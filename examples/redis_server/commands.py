"""The commands: plain functions from a session and arguments to a reply. Nothing here awaits.

So each command is done at once, as far as its own task is concerned, and the replies of a batch of requests can be
written together. What makes a command atomic between threads is in ``store.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mezame

from .glob import matches
from .resp import OK, CommandError, Replies, Request, Status, encode
from .session import Session
from .store import MISSING, PERSISTENT, parse_integer

MAX_SUBSCRIPTIONS = 1024  # of one connection
FOREVER = 10 * 365 * 86_400.0  # seconds; a time to live that is longer than that is a mistake


class Command(NamedTuple):
    run: Callable[[Session, list[bytes]], Any]
    fewest: int
    most: int | None  # None: any number
    listening: bool  # allowed to a connection that is subscribed


TABLE: dict[bytes, Command] = {}


def command(fewest: int = 0, most: int | None = None, *, name: str = "", listening: bool = False) -> Callable[..., Any]:
    """Puts a function into the table, by its name, with how many arguments it takes."""

    def put(run: Callable[[Session, list[bytes]], Any]) -> Callable[..., Any]:
        TABLE[(name or run.__name__).upper().encode()] = Command(run, fewest, most, listening)
        return run

    return put


def execute(session: Session, request: Request, out: bytearray) -> None:
    """Does one request and appends its reply, or replies, to ``out``."""
    name, *arguments = request
    try:
        found = TABLE.get(name) or TABLE.get(name.upper())
        if found is None:
            raise CommandError(f"ERR unknown command '{name[:64].decode('latin-1')}'")
        if len(arguments) < found.fewest or (found.most is not None and len(arguments) > found.most):
            raise CommandError(f"ERR wrong number of arguments for '{name.decode('latin-1').lower()}' command")
        if not found.listening and session.is_subscribed():
            raise CommandError(
                f"ERR Can't execute '{name.decode('latin-1').lower()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
                "PING / QUIT / RESET are allowed in this context"
            )
        reply = found.run(session, arguments)
    except CommandError as error:
        reply = error
    encode(reply, out)


# --- the connection -------------------------------------------------------------------------------------------------


@command(0, 1, listening=True)
def ping(session: Session, arguments: list[bytes]) -> Any:
    if session.is_subscribed():
        return [b"pong", arguments[0] if arguments else b""]
    return arguments[0] if arguments else Status(b"PONG")


@command(1, 1)
def echo(session: Session, arguments: list[bytes]) -> Any:
    return arguments[0]


@command(0, listening=True, name="quit")
def quit_(session: Session, arguments: list[bytes]) -> Any:
    session.closing = True
    return OK


@command(1, 1, name="select")
def select_(session: Session, arguments: list[bytes]) -> Any:
    if parse_integer(arguments[0]) != 0:
        raise CommandError("ERR DB index is out of range")
    return OK


@command(0)
def hello(session: Session, arguments: list[bytes]) -> Any:
    if arguments and arguments[0] != b"2":
        raise CommandError("NOPROTO unsupported protocol version")
    role = [b"server", b"redis", b"version", b"7.0.0", b"proto", 2, b"id", session.id, b"mode", b"standalone"]
    return [*role, b"role", b"master", b"modules", []]


@command(1)
def client(session: Session, arguments: list[bytes]) -> Any:
    match arguments[0].upper(), *arguments[1:]:
        case b"ID",:
            return session.id
        case b"GETNAME",:
            return session.name
        case b"SETNAME", name:
            session.name = name[:64]
            return OK
        case b"SETINFO", _, _:
            return OK
    raise CommandError("ERR syntax error, try CLIENT (ID | GETNAME | SETNAME name)")


@command(0, name="command")
def command_(session: Session, arguments: list[bytes]) -> Any:
    if arguments and arguments[0].upper() == b"COUNT":
        return len(TABLE)
    return []  # no documentation: redis-cli does without


@command(1, name="config")
def config(session: Session, arguments: list[bytes]) -> Any:
    settings = {
        b"appendonly": b"no",
        b"databases": b"1",
        b"maxclients": b"%d" % session.shared.max_clients,
        b"port": b"%d" % session.shared.port,
        b"save": b"",
    }
    if arguments[0].upper() != b"GET" or len(arguments) < 2:
        raise CommandError("ERR only CONFIG GET is known here")
    patterns = [pattern.lower() for pattern in arguments[1:]]
    chosen = [item for item in settings.items() if any(matches(pattern, item[0]) for pattern in patterns)]
    return [text for item in chosen for text in item]


@command(0)
def info(session: Session, arguments: list[bytes]) -> Any:
    shared = session.shared
    channels, patterns = shared.pubsub.counts()
    sections: dict[str, dict[str, Any]] = {
        "Server": {
            "redis_version": "7.0.0",
            "redis_mode": "standalone",
            "server_name": f"mezame {mezame.__version__}",
            "tcp_port": shared.port,
            "uptime_in_seconds": int(shared.started.elapsed()),
        },
        "Clients": {"connected_clients": shared.count_clients(), "maxclients": shared.max_clients},
        "Stats": {
            "total_connections_received": shared.accepted,
            "rejected_connections": shared.rejected,
            "expired_keys": shared.store.expired,
            "pubsub_channels": channels,
            "pubsub_patterns": patterns,
        },
        "Keyspace": {"db0": f"keys={len(shared.store)},expires={shared.store.count_deadlines()}"},
    }
    wanted = {argument.lower().decode("latin-1") for argument in arguments} - {"all", "default", "everything"}
    lines = []
    for title, fields in sections.items():
        if not wanted or title.lower() in wanted:
            lines += [f"# {title}", *(f"{name}:{value}" for name, value in fields.items()), ""]
    return "\r\n".join(lines).encode()


# --- keys and values ------------------------------------------------------------------------------------------------


@command(1, 1)
def get(session: Session, arguments: list[bytes]) -> Any:
    return session.store.get(arguments[0])


@command(2, name="set")
def set_(session: Session, arguments: list[bytes]) -> Any:
    key, value, *options = arguments
    if not options:
        session.store.set(key, value)
        return OK
    deadline, keep, only_if = None, False, None
    words = iter(options)
    for word in words:
        match word.upper():
            case b"NX" if only_if is None:
                only_if = False
            case b"XX" if only_if is None:
                only_if = True
            case b"KEEPTTL" if deadline is None:
                keep = True
            case b"EX" | b"PX" as unit if deadline is None and not keep:
                deadline = _deadline("set", next(words, b""), unit == b"PX", positive=True)
            case _:
                raise CommandError("ERR syntax error")
    done = session.store.set(key, value, deadline=deadline, keep_deadline=keep, only_if=only_if)
    return OK if done else None


def _deadline(name: str, text: bytes, milliseconds: bool, *, positive: bool = False) -> float:
    amount = parse_integer(text) / (1000 if milliseconds else 1)
    if (positive and amount <= 0) or abs(amount) > FOREVER:
        raise CommandError(f"ERR invalid expire time in '{name}' command")
    return mezame.time.now() + amount


@command(1)
def mget(session: Session, arguments: list[bytes]) -> Any:
    return session.store.get_many(arguments)


@command(2)
def mset(session: Session, arguments: list[bytes]) -> Any:
    if len(arguments) % 2:
        raise CommandError("ERR wrong number of arguments for 'mset' command")
    session.store.set_many(zip(arguments[::2], arguments[1::2], strict=True))
    return OK


@command(1, name="del")
def delete(session: Session, arguments: list[bytes]) -> Any:
    return session.store.delete(arguments)


@command(1)
def exists(session: Session, arguments: list[bytes]) -> Any:
    return session.store.count_existing(arguments)


@command(1, 1, name="type")
def type_(session: Session, arguments: list[bytes]) -> Any:
    return Status(b"string" if session.store.count_existing(arguments) else b"none")


@command(0, 0)
def dbsize(session: Session, arguments: list[bytes]) -> Any:
    return len(session.store)


@command(0, 1, name="flushall")
def flush(session: Session, arguments: list[bytes]) -> Any:
    session.store.clear()
    return OK


TABLE[b"FLUSHDB"] = TABLE[b"FLUSHALL"]


@command(1, 1)
def incr(session: Session, arguments: list[bytes]) -> Any:
    return session.store.add(arguments[0], 1)


@command(1, 1)
def decr(session: Session, arguments: list[bytes]) -> Any:
    return session.store.add(arguments[0], -1)


@command(2, 2)
def incrby(session: Session, arguments: list[bytes]) -> Any:
    return session.store.add(arguments[0], parse_integer(arguments[1]))


@command(2, 2)
def decrby(session: Session, arguments: list[bytes]) -> Any:
    return session.store.add(arguments[0], -parse_integer(arguments[1]))


# --- expiry ---------------------------------------------------------------------------------------------------------


@command(2, 2)
def expire(session: Session, arguments: list[bytes]) -> Any:
    return int(session.store.set_deadline(arguments[0], _deadline("expire", arguments[1], False)))


@command(2, 2)
def pexpire(session: Session, arguments: list[bytes]) -> Any:
    return int(session.store.set_deadline(arguments[0], _deadline("pexpire", arguments[1], True)))


@command(1, 1)
def persist(session: Session, arguments: list[bytes]) -> Any:
    return int(session.store.set_deadline(arguments[0], None))


@command(1, 1)
def ttl(session: Session, arguments: list[bytes]) -> Any:
    seconds = session.store.time_to_live(arguments[0])
    return seconds if seconds in (PERSISTENT, MISSING) else int(seconds + 0.5)


@command(1, 1)
def pttl(session: Session, arguments: list[bytes]) -> Any:
    seconds = session.store.time_to_live(arguments[0])
    return seconds if seconds in (PERSISTENT, MISSING) else int(seconds * 1000)


# --- publish and subscribe ------------------------------------------------------------------------------------------


@command(2, 2)
def publish(session: Session, arguments: list[bytes]) -> Any:
    return session.shared.pubsub.publish(arguments[0], arguments[1])


@command(1, listening=True)
def subscribe(session: Session, arguments: list[bytes]) -> Any:
    return _subscribe(session, arguments, b"subscribe", pattern=False)


@command(1, listening=True)
def psubscribe(session: Session, arguments: list[bytes]) -> Any:
    return _subscribe(session, arguments, b"psubscribe", pattern=True)


def _subscribe(session: Session, names: list[bytes], what: bytes, *, pattern: bool) -> Replies:
    subscriber = session.listen()
    replies = Replies()
    for name in names:
        if len(subscriber) >= MAX_SUBSCRIPTIONS:
            replies.append(CommandError(f"ERR more than {MAX_SUBSCRIPTIONS} subscriptions"))
            break
        session.shared.pubsub.subscribe(subscriber, name, pattern=pattern)
        replies.append([what, name, len(subscriber)])
    return replies


@command(0, listening=True)
def unsubscribe(session: Session, arguments: list[bytes]) -> Any:
    return _unsubscribe(session, arguments, b"unsubscribe", pattern=False)


@command(0, listening=True)
def punsubscribe(session: Session, arguments: list[bytes]) -> Any:
    return _unsubscribe(session, arguments, b"punsubscribe", pattern=True)


def _unsubscribe(session: Session, names: list[bytes], what: bytes, *, pattern: bool) -> Any:
    subscriber = session.listen()
    replies = Replies()
    for name in names or sorted(subscriber.patterns if pattern else subscriber.channels):
        session.shared.pubsub.unsubscribe(subscriber, name, pattern=pattern)
        replies.append([what, name, len(subscriber)])
    return replies or [what, None, len(subscriber)]  # there must be an answer, also to the end of nothing


@command(0, 0, listening=True)
def reset(session: Session, arguments: list[bytes]) -> Any:
    session.end()
    session.subscriber = None
    session.name = b""
    return Status(b"RESET")
