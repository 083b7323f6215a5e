"""Members: the futures of a ``FuturesUnordered``, each of which is polled only when it was woken.

Each member has a waker of its own, which puts it on the list of the woken and wakes the task: so a poll looks only
at members that can go on, and its cost does not depend on how many wait.

    member's leaf: wake -> queued? no: append to ``Woken`` -> outer.wake()
    poll_next:     outer.register -> for each woken: queued = False, poll it     (the flag and the list under the guard)

A member that is woken after ``queued = False`` is appended again; woken before, its poll sees the reason. The list
links the members themselves, and refers to them: one that completed while it was queued is skipped when its turn comes.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from ..core.atomic_waker import AtomicWaker
from ..core.context import Context, loop_context
from ..core.future import into_future
from ..core.guard import Guard
from ..core.poll import PENDING, make_ready
from ..core.report import report_exception
from ..core.waker import Wakeable
from .end import END
from .unwind import unwind_all

try:
    import cython
except ImportError:
    from ..core import cython_shim as cython

_END: Any = END  # as a C variable
SELF_WAKES = 2  # members that woke themselves while they were polled; then the task lets others run


class Woken(Guard):
    """The members that were woken, in order, and the waker of the task: what the wakers of the members share.

    It does not refer to the collection, which may go before them.
    """

    __slots__ = ("_head", "_outer", "_tail")

    def __init__(self) -> None:
        self._head = None
        self._tail = None
        self._outer = AtomicWaker()

    def _push(self, member: Member) -> None:
        """Appends a member, if it is neither there nor complete, and wakes the task."""
        self._lock()
        new = not member._queued and member._future is not None
        if new:
            member._queued = True
            if self._head is None:
                self._head = member
            else:
                self._tail._after = member
            self._tail = member
        self._unlock()
        if new:
            self._outer.wake()

    def _pop(self) -> Member | None:
        """The member that was woken first; from now on a wake queues it again."""
        self._lock()
        member = self._head
        if member is not None:
            self._head = member._after
            member._after = None
            member._queued = False
            if self._head is None:
                self._tail = None
        self._unlock()
        return member  # type: ignore[no-any-return]

    def _clear(self) -> None:
        """Takes all out, one by one: a chain that is left to itself is freed recursively, however long it is."""
        while self._pop() is not None:
            pass

    def _is_empty(self) -> bool:
        self._lock()
        empty = self._head is None
        self._unlock()
        return empty


class Member(Wakeable):
    """One future. ``_future`` is None once it completed or was dropped. ``_number`` is for ``OrderedMembers``."""

    __slots__ = ("_after", "_future", "_number", "_owned", "_queued", "_woken")

    def _wake(self) -> None:
        self._woken._push(self)

    def _release(self) -> Any:
        """Cuts the member off from its future, which is returned; wakers that a leaf still keeps do nothing."""
        woken = self._woken
        woken._lock()
        future = self._future  # type: ignore[has-type]
        self._future = None
        woken._unlock()
        self._cut_waker()
        return future


def make_member(future: Any, owned: bool, woken: Woken) -> Member:
    """A new member, which waits for its first poll."""
    if cython.compiled:
        member = cython.cast(Member, unshelve(0, Member))  # type: ignore  # noqa: F821 - C, from the .pxd
    else:
        member = Member.__new__(Member)
        Wakeable.__init__(member)
        member._after = None
    member._future = future
    member._woken = woken
    member._owned = owned
    member._queued = False
    member._number = 0
    return member


if cython.compiled:
    shelve(Member)  # type: ignore  # noqa: F821


class Members:
    """A set of futures, polled by whoever polls the set."""

    __slots__ = ("_completed", "_cx", "_members", "_woken")

    def __init__(self) -> None:
        self._woken = Woken()
        self._members: dict[Member, None] = {}
        self._cx = loop_context()
        self._completed = 0  # the number of the member that completed or failed last

    def push(self, given: Any, owned: bool = False) -> None:
        """Adds a future. It is polled at the next poll of the set, and wakes who waits for the set.

        Args:
            given: what ``into_future`` takes.
            owned: it is closed when the set is dropped; so is always what ``into_future`` made of a coroutine.
        """
        self._add(given, owned)

    def _add(self, given: Any, owned: bool) -> Member:
        future = into_future(given)
        member = make_member(future, owned or future is not given, self._woken)
        self._members[member] = None
        self._woken._push(member)
        return member

    def poll_next(self, cx: Context) -> Any:
        """``Poll.Ready(value)``, ``Poll.Ready(END)`` if there is no member, or Pending."""
        woken = self._woken
        woken._outer.register(cx._get_waker())
        self._cx._adopt()
        round_ = len(self._members)
        polled = self_wakes = 0
        while True:
            member = woken._pop()
            if member is None:
                return PENDING if self._members else make_ready(_END)
            future = member._future
            if future is None:
                continue
            self._cx._source = member
            try:
                answer = future.poll(self._cx)
            except BaseException:
                self._discard(member)
                raise
            finally:
                self._cx._leave()
            if answer is not PENDING:
                self._discard(member)
                return answer
            polled += 1
            if member._queued:
                self_wakes += 1
            if polled >= round_ or self_wakes >= SELF_WAKES:
                if not woken._is_empty():
                    cx._get_waker().wake()
                return PENDING

    def _discard(self, member: Member) -> None:
        self._completed = member._number
        self._members.pop(member, None)
        member._release()

    def futures(self) -> list[Any]:
        """Those that have not completed, as they were pushed."""
        return [member._future for member in self._members if member._future is not None]

    def take(self) -> list[Any]:
        """Drops all members, and wakes who waits. Those that are owned are returned, to be ended."""
        members = list(self._members)
        self._members.clear()
        self._woken._clear()
        owned = []
        for member in members:
            future = member._release()
            if member._owned and future is not None:
                owned.append(future)
        self._woken._outer.wake()
        return owned

    def clear(self) -> None:
        """Drops all members: owned ones are closed, all of them; then the first error of a closing is raised."""
        first: BaseException | None = None
        for future in self.take():
            try:
                future.close()
            except BaseException as error:
                first = first or error
        if first is not None:
            raise first

    def aclose(self) -> Coroutine[Any, Any, None]:
        """Drops all members: owned ones are cancelled and driven until they have unwound, as it is awaited."""
        return unwind_all(self.take())

    def __len__(self) -> int:
        return len(self._members)

    def __del__(self) -> None:
        if not self._members:
            self._woken._clear()
            return
        try:
            self.clear()
        except BaseException as error:
            report_exception(f"one of {self!r} failed while it was dropped", error)

    def __repr__(self) -> str:
        return f"<{len(self._members)} futures>"
