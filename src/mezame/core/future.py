"""Future: a computation that completes later, and the two bridges between ``poll`` and ``await``.

* *await -> poll*: a Future is its own ``__await__`` iterator. ``await future`` makes the interpreter call
  ``__next__``, which calls ``poll`` with the Context of the thread's current slot. ``Ready`` ends the
  iteration; ``Pending`` is yielded up through all the coroutines to the task, which goes to rest.
* *poll -> await*: a coroutine becomes an object with ``poll`` in ``into_future``: each poll resumes it
  with ``send(None)`` (compiled: ``PyIter_Send``, which makes no StopIteration on the way).

Cancelling an await throws into the coroutine; the interpreter passes it to ``throw`` of the future that
is awaited, which *drops* itself (``close``): it unregisters, so that no waker, permit or byte is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import CoroutineType
from typing import Any

from ..errors import CancelledError
from .context import Context
from .current import Current, current, distance
from .foreign import await_outside, on_foreign_yield, wrap_awaitable
from .poll import PENDING, Ready, make_ready, no_such_poll

try:
    import cython
except ImportError:
    from . import cython_shim as cython

_CoroutineType = CoroutineType  # as a C variable

_AFTER_READY = "polled after it completed: a future gives its value once; make a new one"
_CLOSED = "polled after close(): it was dropped; make a new one"


class Future:
    """The smallest unit of async work. Subclass it, define ``poll``, and ``await`` the instances.

    ``poll(cx)`` goes on as far as is possible now and never blocks. It returns ``Poll.Ready(value)``
    once; or it arranges that ``cx.waker.wake()`` will be called and returns ``Poll.Pending``; or it
    raises, which is the future's failure.

    ``close()`` drops a pending future: override it to unregister what ``poll`` registered. It is called
    when the await is cancelled; it must be idempotent.

    >>> import mezame
    >>> class Countdown(mezame.Future):
    ...     def __init__(self, n): self.n = n
    ...     def poll(self, cx):
    ...         if self.n == 0:
    ...             return mezame.Poll.Ready("lift-off")
    ...         self.n -= 1
    ...         cx.waker.wake()          # poll me again
    ...         return mezame.Poll.Pending
    >>> mezame.block_on(Countdown(3))
    'lift-off'

    Source of the semantics: ``std::future::Future``.
    """

    __slots__ = ()

    def poll(self, cx: Context) -> Any:
        """Goes on as far as is possible now; never blocks.

        Args:
            cx: valid during this call only; its ``waker`` may be kept, and the one of the latest poll
                is the one to wake.

        Returns ``Poll.Ready(value)`` or ``Poll.Pending``.
        """
        raise TypeError(f"{type(self).__name__} is a Future without a poll(cx) method: define one")

    def close(self) -> None:
        """Drops the future: unregisters all that a pending poll left behind. Idempotent."""

    # --- chaining (chain.py): each consumes this future and gives a new, lazy one --------------------------

    def map(self, function: Callable[[Any], Any]) -> Future:
        """A future of ``function(value)``. Cancel safe as far as this future is.

        >>> import mezame
        >>> mezame.block_on(mezame.ready(20).map(lambda n: n + 1).then(lambda n: mezame.ready(2 * n)))
        42

        Source of the semantics: ``futures::FutureExt::map``.
        """
        from .chain import Map

        return Map(self, function)

    def then(self, function: Callable[[Any], Any]) -> Future:
        """This future, then the one (or the coroutine) that ``function(value)`` returns; the value of that."""
        from .chain import Then

        return Then(self, function)

    def inspect(self, function: Callable[[Any], Any]) -> Future:
        """The same value, after ``function(value)`` has seen it."""
        from .chain import Inspect

        return Inspect(self, function)

    def map_err(self, function: Callable[[Exception], BaseException]) -> Future:
        """If this fails with an ``Exception``, raises ``function(error)`` in its place."""
        from .chain import MapErr

        return MapErr(self, function)

    def or_else(self, function: Callable[[Exception], Any]) -> Future:
        """If this fails with an ``Exception``, the future (or coroutine) that ``function(error)`` returns.

        >>> import mezame
        >>> async def fails(): raise ValueError("no")
        >>> mezame.block_on(mezame.into_future(fails()).or_else(lambda error: mezame.ready(str(error))))
        'no'
        """
        from .chain import OrElse

        return OrElse(self, function)

    def into_stream(self) -> Any:
        """An async iterator that gives the value, and ends."""
        from .chain import IntoStream

        return IntoStream(self)

    def timeout(self, duration: Any) -> Any:
        """``mezame.timeout(duration, self)``: awaits to the value, or raises ``Elapsed`` after ``duration`` seconds."""
        from .chain import METHODS

        return METHODS["timeout"](duration, self)

    def timeout_at(self, deadline: Any) -> Any:
        """``mezame.timeout_at(deadline, self)``: the same with an ``Instant``."""
        from .chain import METHODS

        return METHODS["timeout_at"](deadline, self)

    def with_cancellation_token(self, token: Any) -> Any:
        """``token.run_until_cancelled(self)``: awaits to the value, or to None if the token is cancelled first."""
        from .chain import METHODS

        return METHODS["with_cancellation_token"](token, self)

    # --- await ---------------------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, Any, Any]:
        if current().context is None:
            return await_outside(self)
        return self  # type: ignore[return-value]

    # There is no ``send``: with it a Future would pass for a coroutine (collections.abc.Coroutine), and asyncio
    # would step it as one instead of awaiting it. ``None`` is sent by ``__next__``, and nobody sends more.

    def __iter__(self) -> Any:
        # An iterator has it: generator-based coroutines write ``yield from future.__await__()``.
        return self

    def __next__(self) -> Any:
        return self._advance()

    def _advance(self) -> Any:
        """One step of the await protocol: polls; Pending is yielded, Ready ends the iteration."""
        cx = current().context
        if cx is None:
            raise RuntimeError(f"{type(self).__name__} was awaited outside of a runtime; see mezame.run")
        answer = self.poll(cx)
        if answer is PENDING:
            return PENDING
        if type(answer) is not Ready:
            raise no_such_poll(answer, self)
        ready: Ready = answer
        raise StopIteration(ready.value)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The await protocol: the await was cancelled or failed from outside; drops and re-raises."""
        self.close()
        try:
            raise kind if value is None else value
        finally:
            del kind, value  # an exception refers to the frames that it passes: that would be a cycle

    def __class_getitem__(cls, item: object) -> type:
        return cls


def _borrowed() -> Any:  # the slot, as ``here()`` gives it: the thread owns it
    cur = current()
    return cython.cast("PyObject *", cur)


def await_next(raw: Any) -> Any:
    """``Future.__next__`` for the interpreter: the same steps, but the end costs no traceback.

    A compiled ``raise StopIteration(value)`` builds a frame and a traceback that nobody sees; that was half of the cost
    of an await. So the type's C slot gets this function, which ends as C iterators do. Of no use when interpreted.
    """
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is cython.NULL:
        found = _borrowed()
    if cython.cast(Current, found).context is None:
        name = type(cython.cast(Future, raw)).__name__
        raise RuntimeError(f"{name} was awaited outside of a runtime; see mezame.run")
    answer = cython.cast(Future, raw).poll(cython.cast(Current, found).context)
    if answer is PENDING:
        return new_reference(answer)  # type: ignore  # noqa: F821
    if type(answer) is not Ready:
        raise no_such_poll(answer, cython.cast(Future, raw))
    return stop_iteration(cython.cast(Ready, answer).value)  # type: ignore  # noqa: F821


@cython.nonecheck(False)
def _am_await(raw: Any) -> Any:
    """``Future.__await__`` for the interpreter: inside of a poll, the future itself."""
    found = here()  # type: ignore  # noqa: F821 - C, from the .pxd
    if found is not cython.NULL and cython.cast(Current, found).context is not None:
        return new_reference(cython.cast(Future, raw))  # type: ignore  # noqa: F821
    return _await_elsewhere(raw)


def _await_elsewhere(raw: Any) -> Any:
    future = cython.cast(Future, raw)
    return new_reference(await_outside(future) if current().context is None else future)  # type: ignore  # noqa: F821


def is_coroutine(obj: object) -> bool:
    """True for what ``async def`` makes, interpreted or by Cython."""
    return isinstance(obj, CoroutineType) or (
        hasattr(obj, "send") and hasattr(obj, "throw") and hasattr(obj, "cr_frame")
    )


def to_coroutine(obj: Any) -> Coroutine[Any, Any, Any]:
    """``obj`` as something to step: itself if it is a coroutine, else a coroutine that awaits it.

    Raises ``TypeError`` naming ``obj`` if it cannot be awaited.
    """
    if isinstance(obj, _CoroutineType):
        return obj
    if is_coroutine(obj):
        return obj  # type: ignore[no-any-return]
    return wrap_awaitable(obj)


def step(coro: Any, error: Any, yielded: Any, cx: Context, cur: Current) -> bool:
    """Resumes ``coro`` once, throwing ``error`` into it if there is one.

    ``yielded`` is what it yielded last: PENDING, or a foreign future that has to be seen to first.
    True: it returned, and ``cur.value`` is its value. False: it is Pending. Raises what it raised.
    """
    if yielded is not PENDING:
        error = on_foreign_yield(yielded, cx, cur)
        if error is None:
            return False
    while True:
        done = False
        if error is not None:
            try:
                out = coro.throw(error)
            except StopIteration as stop:
                cur.value = stop.value
                return True
            finally:
                error = None  # it refers to this frame once it has passed through: that would be a cycle
        elif cython.compiled:
            out = coroutine_send(coro, cython.address(done))  # type: ignore  # noqa: F821 - C, .pxd
            if done:
                cur.value = out
                return True
        else:
            try:
                out = coro.send(None)
            except StopIteration as stop:
                cur.value = stop.value
                return True
        if out is PENDING:
            return False
        error = on_foreign_yield(out, cx, cur)
        if error is None:
            return False


_FRESH = 0
_STARTED = 1
_CANCELLING = 2
_FINISHED = 3


class CoroutineFuture(Future):
    """A coroutine as an object with ``poll``: what ``into_future(coroutine)`` makes.

    A loop that owns one cancels it with ``cancel()`` and polls it to its end, so that ``finally`` blocks
    may await; ``close()`` does what can be done at once.
    """

    __slots__ = ("_coro", "_error", "_phase")

    def __init__(self, coro: Any) -> None:
        self._coro = coro
        self._error = None
        self._phase = _FRESH

    def poll(self, cx: Context) -> Any:
        if self._phase == _FINISHED:
            raise RuntimeError(f"{self!r} {_AFTER_READY}")
        error = self._error
        self._error = None
        if self._phase == _FRESH:
            if error is not None:
                self._phase = _FINISHED
                self._coro.close()
                raise error
            self._phase = _STARTED
        cur = current()
        outer = cur.context
        cur.context = cx
        try:
            done = step(self._coro, error, PENDING, cx, cur)
        except BaseException:
            self._phase = _FINISHED
            raise
        finally:
            cur.context = outer
            error = None  # as in ``step``
        if not done:
            return PENDING
        self._phase = _FINISHED
        value = cur.value
        cur.value = None
        return make_ready(value)

    def cancel(self, error: BaseException | None = None) -> bool:
        """Has the next poll throw ``error`` (default CancelledError) at the coroutine's await.

        A coroutine that never ran is closed and its next poll raises. Returns False if it had finished.
        """
        if self._phase == _FINISHED:
            return False
        self._error = CancelledError() if error is None else error
        if self._phase == _STARTED:
            self._phase = _CANCELLING
        return True

    def is_finished(self) -> bool:
        """True once it returned, raised or was closed."""
        return self._phase == _FINISHED

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The await protocol: passes the exception on into the coroutine, which may await on its way out."""
        if value is None:
            value = kind() if isinstance(kind, type) else kind
        if not self.cancel(value):
            raise value
        return self._advance()

    def close(self) -> None:
        """Ends the coroutine now: CancelledError at its await; if it awaits again, GeneratorExit."""
        if self._phase == _FINISHED:
            return
        fresh = self._phase == _FRESH
        self._phase = _FINISHED
        if not fresh:
            try:
                self._coro.throw(CancelledError())
            except (StopIteration, CancelledError):
                return
        self._coro.close()

    def __repr__(self) -> str:
        return f"<future of {getattr(self._coro, '__qualname__', self._coro)}>"


def into_future(obj: Any) -> Any:
    """An object with ``poll`` for anything that can be awaited.

    Args:
        obj: a coroutine, a ``Future`` (returned as it is), a task, an ``asyncio.Future`` or
            ``concurrent.futures.Future``, or any other object with ``__await__``.

    Raises ``TypeError`` naming ``obj`` if it is none of these (a function that was not called, say).

    >>> import mezame
    >>> async def answer(): return 42
    >>> future = mezame.into_future(answer())
    >>> future.poll(mezame.Context.from_waker(mezame.Waker.noop()))
    Poll.Ready(42)

    Source of the semantics: ``std::future::IntoFuture``.
    """
    if isinstance(obj, Future):
        return obj
    if type(obj) is not CoroutineType:
        join = getattr(obj, "join_future", None)
        if join is not None:
            return join()
    return CoroutineFuture(to_coroutine(obj))


class PollFn(Future):
    """The future of ``poll_fn``."""

    __slots__ = ("_done", "_function")

    def __init__(self, function: Callable[[Context], Any]) -> None:
        if not callable(function):
            raise TypeError(f"poll_fn needs a callable that takes a Context, not {function!r}")
        self._function = function
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"poll_fn: {_AFTER_READY}")
        answer = self._function(cx)
        if answer is not PENDING:
            if type(answer) is not Ready:
                raise no_such_poll(answer, self)
            self._done = True
        return answer


def poll_fn(function: Callable[[Context], Any]) -> Future[Any]:
    """A future whose ``poll`` is ``function``.

    Args:
        function: called with the Context at each poll; returns ``Poll.Ready(value)`` or ``Poll.Pending``.

    Cancel safe as far as ``function`` is.

    >>> import mezame
    >>> mezame.block_on(mezame.poll_fn(lambda cx: mezame.Poll.Ready(1)))
    1

    Source of the semantics: ``std::future::poll_fn``.
    """
    return PollFn(function)


class ReadyFuture(Future):
    """The future of ``ready``."""

    __slots__ = ("_done", "_value")

    def __init__(self, value: Any) -> None:
        self._value = value
        self._done = False

    def poll(self, cx: Context) -> Any:
        if self._done:
            raise RuntimeError(f"ready: {_AFTER_READY}")
        self._done = True
        return make_ready(self._value)


def ready(value: Any = None) -> Future[Any]:
    """A future that is complete at its first poll, with ``value``.

    >>> import mezame
    >>> mezame.block_on(mezame.ready("now"))
    'now'

    Source of the semantics: ``std::future::ready``.
    """
    return ReadyFuture(value)


class PendingFuture(Future):
    """The future of ``pending``."""

    __slots__ = ()

    def poll(self, cx: Context) -> Any:
        return PENDING


def pending() -> Future[Any]:
    """A future that never completes. Cancelling it is the only way out; useful in ``select`` and tests.

    >>> import mezame
    >>> mezame.pending().poll(mezame.Context.from_waker(mezame.Waker.noop()))
    Poll.Pending

    Source of the semantics: ``std::future::pending``.
    """
    return PendingFuture()


if cython.compiled:
    use_distance(distance())  # type: ignore  # noqa: F821 - C, from the .pxd
    set_am_await(Future, _am_await)  # type: ignore  # noqa: F821
    for kind in (Future, CoroutineFuture, PollFn, ReadyFuture, PendingFuture):  # those of other modules inherit it
        set_iternext(kind, await_next)  # type: ignore  # noqa: F821


def close_coroutine(future: Any) -> None:
    """Closes a coroutine that will not run, so that Python does not warn that it was never awaited."""
    if hasattr(future, "send") and hasattr(future, "close"):
        future.close()
