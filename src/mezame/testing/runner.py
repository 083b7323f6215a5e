"""Runner: the runtime of one test (or of several, with their fixtures), and how things are run on it.

    a test alone        is the root of ``block_on``, as under ``mezame.run``
    a test with async fixtures
                        one task, the stage, lives from the first fixture's set-up to the last one's tear-down, and all
                        of them run in it, one after the other: a context variable that a fixture sets, or a TaskGroup
                        that it enters, is there in the test, and is left in the task that entered it

Each drive may take ``timeout`` seconds. When the runner closes, the tasks that are left are leaks (``leaks.py``).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..core.current import current
from ..errors import CancelledError
from ..runtime.runtime import Runtime
from ..sync import Notify, oneshot
from .leaks import check_policy, leaked_tasks, report_leaks
from .time_limit import TimeLimit

CLOSING = 10.0  # seconds that closing the runtime may take, if the test has no limit


class Runner:
    """A runtime for tests.

    Args:
        what: the name of the test, for messages.
        timeout: seconds that each drive may take; None: no limit.
        leaks: "warn", "error" or "allow".
        seed: of the order in which tasks are polled and of the runtime's random choices; None: first in, first out.
        options: those of ``Runtime``.
    """

    def __init__(
        self,
        what: str,
        *,
        timeout: float | None = None,
        leaks: str = "warn",
        seed: Any = None,
        **options: Any,
    ) -> None:
        check_policy(leaks)
        TimeLimit(timeout, None, what)  # it checks the number
        self.what = what
        self.timeout = timeout
        self.leaks = leaks
        self.options = options
        self._closing_time = options.get("shutdown_timeout", CLOSING if timeout is None else timeout)
        self.runtime = Runtime(**seeded(options, seed))
        self._stage: Any = None
        self._jobs: deque[tuple[Any, Any]] = deque()
        self._more = Notify()
        # Of what runs on the stage. It stays if an exception of a signal handler tears us away from block_on: what runs
        # there is then cancelled before anything else can.
        self._outcome: Any = None
        self._closing = False
        self._failed = False

    # --- driving ------------------------------------------------------------------------------------------

    def run_test(self, test: Callable[[], Any]) -> Any:
        """Runs the coroutine of ``test()``: on the stage if fixtures are there, else as the root."""
        __tracebackhide__ = True
        if self._stage is not None:
            return self.run(test(), self.what)
        try:
            value = self._drive(self._root(test()), self.what)
        except BaseException:
            self._failed = True
            raise
        report_leaks(self._leaked(), self.what, self.leaks)
        return value

    def run(self, future: Any, what: str) -> Any:
        """Runs ``future`` on the stage; its value, or what it raises."""
        __tracebackhide__ = True
        if self._stage is None:
            self._stage = self.runtime.spawn(self._serve(), name=f"stage of {self.what}")
        try:
            value, error = self._drive(self._hand_over(future), what)
        except BaseException:
            self._failed = True
            raise
        if error is not None:
            self._failed = True
            try:
                raise error
            finally:
                del error  # it refers to this frame
        return value

    def _drive(self, make: Callable[[TimeLimit], Any], what: str) -> Any:
        __tracebackhide__ = True
        with TimeLimit(self.timeout, self.runtime, what) as limit:
            return self.runtime.block_on(make(limit))

    def _root(self, future: Any) -> Callable[[TimeLimit], Any]:
        async def root(limit: TimeLimit) -> Any:
            __tracebackhide__ = True
            root = current().task
            limit.stops(root, root)
            return await future

        return root

    def _hand_over(self, future: Any) -> Callable[[TimeLimit], Any]:
        async def hand_over(limit: TimeLimit) -> Any:
            limit.stops(current().task, self._stage)
            if self._outcome is not None:
                self._stage.cancel()
                await self._outcome
            done, self._outcome = oneshot.channel()
            self._jobs.append((future, done))
            self._more.notify_one()
            try:
                ended = await self._outcome
            except CancelledError:  # the limit, or Ctrl-C
                self._stage.cancel()
                await self._outcome  # it may take long to unwind; a second Ctrl-C ends that
                self._outcome = None
                raise
            self._outcome = None
            return ended

        return hand_over

    async def _serve(self) -> None:
        """The stage: runs what it is handed, until it is told to end."""
        while not self._closing:
            await self._more.notified()
            future, done = self._jobs.popleft()
            if future is None:
                return
            outcome: tuple[Any, BaseException | None]
            try:
                outcome = (await future, None)
            except BaseException as error:
                outcome = (None, error)
            while self._stage.cancelling() and not self._closing:
                self._stage.uncancel()  # it was meant for what ran, which has ended
            done.send(outcome)
            del future, outcome

    # --- fixtures -----------------------------------------------------------------------------------------

    def fixture(self, function: Callable[..., Any], arguments: dict[str, Any], name: str) -> Iterator[Any]:
        """Sets an async fixture up, yields its value, and tears it down (a generator, for pytest)."""
        made = function(**arguments)
        if not hasattr(made, "__anext__"):
            yield self.run(made, f"the set-up of fixture {name!r}")
            return
        yield self.run(_first(made, name), f"the set-up of fixture {name!r}")
        self.run(_last(made, name), f"the tear-down of fixture {name!r}")

    # --- the end ------------------------------------------------------------------------------------------

    def _leaked(self) -> list[Any]:
        if self._failed or self.leaks == "allow":
            return []  # what a failed test left behind is no news
        return leaked_tasks(self.runtime, () if self._stage is None else (self._stage,))

    def close(self) -> None:
        """Ends the stage, looks for leaks, closes the runtime. Raises ``LeakedTasks`` if the policy says so."""
        __tracebackhide__ = True
        leaked: list[Any] = []
        try:
            if self._stage is not None and self._outcome is None:
                leaked = self._leaked()
                self._jobs.append((None, None))
                self._more.notify_one()
                with TimeLimit(self.timeout, self.runtime, f"the end of {self.what}"):
                    self.runtime.block_on(self._stage)
        finally:
            self._closing = True
            report = self.runtime.close(self._closing_time)
        report_leaks(leaked, self.what, self.leaks)
        if report.tasks and not self._failed:
            names = ", ".join(f"{task.name!r} (spawned at {task.spawned_at})" for task in report.tasks)
            raise AssertionError(f"tasks of {self.what} were cancelled and would not end: {names}")

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self.close()


async def _first(generator: Any, name: str) -> Any:
    try:
        return await anext(generator)
    except StopAsyncIteration:
        raise RuntimeError(f"fixture {name!r} ended without a yield") from None


async def _last(generator: Any, name: str) -> None:
    try:
        await anext(generator)
    except StopAsyncIteration:
        return
    await generator.aclose()
    raise RuntimeError(f"fixture {name!r} has more than one yield")


def seeded(options: dict[str, Any], seed: Any) -> dict[str, Any]:
    """The options of ``Runtime`` in which ``seed`` decides all that a runtime chooses by itself."""
    if seed is None:
        return options
    flavor = options.get("flavor", "current_thread")
    if flavor != "current_thread":
        raise ValueError(f"seed needs flavor='current_thread', not {flavor!r}: the threads of the others have no seed")
    chooser = random.Random(f"choose {seed}")
    return {"choose": chooser.randrange, "rng_seed": random.Random(f"rng {seed}").randrange(1 << 32), **options}
