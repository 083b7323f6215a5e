"""Mock: a byte stream that plays a script, and fails the test where the program does not keep to it."""

from __future__ import annotations

from typing import Any

from ...core.context import Context
from ...core.poll import PENDING, make_ready
from ...io.async_read import AsyncRead
from ...io.async_write import AsyncWrite
from ...io.read_buf import ReadBuf
from ...time.instant import now
from ...time.sleep import sleep_until
from .script import READ, READ_ERROR, WAIT, WRITE, WRITE_ERROR, Action, Script, checked


class Mock(AsyncRead, AsyncWrite):
    """What ``Builder.build`` makes. Its reader and its writer may be two tasks.

    A write of other bytes than the script's raises ``AssertionError``, and so does one that the script has no place
    for. ``close()``, or the end of ``async with``, raises it if something of the script has not happened.

    Source of the semantics: ``tokio_test::io::Mock``.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._sleeps: dict[str, tuple[Action, Any]] = {}  # of the reader and of the writer
        self._closed = False
        self._shut_down = False

    @property
    def is_shutdown(self) -> bool:
        """True if the program has shut the stream down."""
        return self._shut_down

    def poll_read(self, cx: Context, buf: ReadBuf) -> Any:
        self._check_open()
        script = self._script
        if not buf.remaining():
            return make_ready(None)
        while True:
            with script.guard:
                script.reader = cx.waker
                action = script.actions[0] if script.actions else None
                if action is None and script.grows:
                    return PENDING
                if action is None or action.kind in (READ, READ_ERROR):
                    script.reader = None
                if action is None:
                    return make_ready(None)
                if action.kind == READ:
                    count = min(buf.remaining(), len(action.value))
                    buf.put_slice(action.value[:count])
                    action.value = action.value[count:]
                if action.kind == READ_ERROR or action.value == b"":
                    script.actions.popleft()
            if action.kind == READ:
                script.wake()
                return make_ready(None)
            if action.kind == READ_ERROR:
                script.wake()
                raise action.value
            if action.kind != WAIT or not self._has_waited(action, "reader", cx):
                return PENDING

    def poll_write(self, cx: Context, data: Any) -> Any:
        self._check_open()
        script = self._script
        data = bytes(data)
        while data:
            with script.guard:
                script.writer = cx.waker
                written = self._match(data)
                if written:
                    script.writer = None
                barrier = next((one for one in script.actions if one.kind in (WAIT, WRITE_ERROR)), None)
                if not written and barrier is None and not script.grows:
                    raise script.fail(f"unexpected write of {data!r}: {self._rest()}")
                if not written and barrier is not None and barrier.kind == WRITE_ERROR:
                    script.actions.remove(barrier)
                first = script.actions[0] if script.actions else None
            if written:
                script.wake()
                return make_ready(written)
            if barrier is not None and barrier.kind == WRITE_ERROR:
                script.wake()
                raise barrier.value
            if barrier is None or barrier is not first or not self._has_waited(barrier, "writer", cx):
                return PENDING  # more may be added; or reads stand before the wait, and the reader wakes us
        return make_ready(0)

    def _match(self, data: bytes) -> int:
        """Takes the writes that ``data`` begins with out of the script; how many bytes these are."""
        script = self._script
        written = 0
        for action in list(script.actions):
            if action.kind in (WAIT, WRITE_ERROR) or written == len(data):
                break
            if action.kind == WRITE:
                part = data[written : written + len(action.value)]
                expected = action.value[: len(part)]
                if part != expected:
                    at = next(n for n in range(len(part)) if part[n] != expected[n])
                    raise script.fail(
                        f"line {action.number} of the script expects a write of {action.value!r}, and {part!r} was "
                        f"written: byte {at} differs"
                    )
                written += len(part)
                action.value = action.value[len(part) :]
                if not action.value:
                    script.actions.remove(action)
        return written

    def _rest(self) -> str:
        left = list(self._script.actions)
        return f"the script has only {left} left" if left else "the script is at its end"

    def _has_waited(self, action: Action, side: str, cx: Context) -> bool:
        """True when the wait ``action``, the first of the script, is over; then it is gone."""
        script = self._script
        with script.guard:
            if action.deadline is None:
                action.deadline = now() + action.value
        of, sleep = self._sleeps.get(side, (None, None))
        if sleep is None or of is not action:
            sleep = sleep_until(action.deadline)
            self._sleeps[side] = (action, sleep)
        if sleep.poll(cx) is PENDING:
            return False
        del self._sleeps[side]
        with script.guard:
            if script.actions and script.actions[0] is action:
                script.actions.popleft()
        script.wake()
        return True

    def poll_flush(self, cx: Context) -> Any:
        self._check_open()
        return make_ready(None)

    def poll_shutdown(self, cx: Context) -> Any:
        self._check_open()
        self._shut_down = True
        return make_ready(None)

    def _check_open(self) -> None:
        if self._closed:
            raise OSError(f"{self._script.name} was closed")

    def assert_done(self) -> None:
        """Raises ``AssertionError`` if something of the script has not happened."""
        __tracebackhide__ = True
        script = self._script
        unused = script.unused()
        if unused and not script.failed:
            raise script.fail(f"{len(unused)} lines of the script did not happen: {unused}")

    def close(self) -> None:
        """Ends the stream; raises ``AssertionError`` if something of the script has not happened. Idempotent."""
        __tracebackhide__ = True
        if self._release():
            self.assert_done()

    def _release(self) -> bool:
        if self._closed:
            return False
        self._closed = True
        for _, sleep in self._sleeps.values():
            sleep.close()
        self._sleeps.clear()
        self._script.reader = self._script.writer = None
        return True

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        __tracebackhide__ = True
        if error is None:
            self.close()
        else:
            self._release()  # the test has failed already

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    def __repr__(self) -> str:
        return f"<Mock {self._script.name}, {len(self._script.actions)} lines left>"


class Handle:
    """Adds to the script while it runs, from any thread. While it is open, the end of the script is not the end.

    Source of the semantics: ``tokio_test::io::Handle``.
    """

    def __init__(self, script: Script) -> None:
        self._script = script

    def _add(self, kind: str, value: Any) -> Handle:
        script = self._script
        value = checked(kind, value)
        with script.guard:
            if not script.grows:
                raise RuntimeError("this handle was closed: the script has its end")
            script.append(kind, value)
        script.wake()
        return self

    def read(self, data: Any) -> Handle:
        """The reader gets ``data``."""
        return self._add(READ, data)

    def write(self, data: Any) -> Handle:
        """The writer must write ``data``."""
        return self._add(WRITE, data)

    def read_error(self, error: BaseException) -> Handle:
        """The reader gets ``error``."""
        return self._add(READ_ERROR, error)

    def write_error(self, error: BaseException) -> Handle:
        """The writer gets ``error``."""
        return self._add(WRITE_ERROR, error)

    def wait(self, duration: Any) -> Handle:
        """Nothing, for ``duration`` seconds."""
        return self._add(WAIT, duration)

    def close(self) -> None:
        """The script has its end: then the reader gets the end of the stream. Idempotent."""
        with self._script.guard:
            self._script.grows = False
        self._script.wake()

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_script"):
            self.close()
