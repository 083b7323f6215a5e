"""Poll: what one call of ``poll`` answers: ``Poll.Ready(value)`` or ``Poll.Pending``.

Rust's ``enum Poll<T> { Ready(T), Pending }``. Both match in a ``case``:

>>> from mezame import Poll
>>> match Poll.Ready(7):
...     case Poll.Ready(value):
...         print("ready with", value)
...     case Poll.Pending:
...         print("not yet")
ready with 7
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

try:
    import cython
except ImportError:
    from . import cython_shim as cython

T = TypeVar("T")
U = TypeVar("U")

_NO_TRUTH = "a Poll has no truth value: Ready(0) would look like Pending; ask .is_ready() or use match"


class Ready:
    """The future is complete, and this is its value."""

    __slots__ = ("value",)
    __match_args__ = ("value",)

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def is_ready(self) -> bool:
        """True."""
        return True

    def is_pending(self) -> bool:
        """False."""
        return False

    def map(self, function: Callable[[Any], Any]) -> Ready:
        """A ``Ready`` with ``function(value)``.

        >>> Poll.Ready(2).map(lambda n: n + 1)
        Poll.Ready(3)
        """
        return Ready(function(self.value))

    def __bool__(self) -> bool:
        raise TypeError(_NO_TRUTH)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ready) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash((Ready, self.value))

    def __repr__(self) -> str:
        return f"Poll.Ready({self.value!r})"


class PendingType:
    """The type of ``Poll.Pending``, of which there is one instance."""

    __slots__ = ()

    def is_ready(self) -> bool:
        """False."""
        return False

    def is_pending(self) -> bool:
        """True."""
        return True

    def map(self, function: Callable[[Any], Any]) -> PendingType:
        """``Poll.Pending`` itself; ``function`` is not called."""
        return self

    def __bool__(self) -> bool:
        raise TypeError(_NO_TRUTH)

    def __reduce__(self) -> str:
        return "PENDING"

    def __repr__(self) -> str:
        return "Poll.Pending"


PENDING = PendingType()


if cython.compiled:
    shelve(Ready)  # type: ignore  # noqa: F821 - C, from the .pxd
    immortal(PENDING)  # type: ignore  # noqa: F821

_READY_NONE = Ready(None)  # immutable, so that one serves all

if cython.compiled:
    immortal(_READY_NONE)  # type: ignore  # noqa: F821


def no_such_poll(answer: object, future: object) -> TypeError:
    """The error for a ``poll`` that returned something else than a Poll."""
    return TypeError(
        f"{type(future).__name__}.poll returned {answer!r}; it must return Poll.Ready(value) or Poll.Pending"
    )


def make_ready(value: Any) -> Ready:
    """``Ready(value)`` without the argument handling of a class call: the form that leaves use."""
    if value is None:
        return _READY_NONE
    ready = cython.cast(Ready, unshelve(0, Ready)) if cython.compiled else Ready.__new__(Ready)  # type: ignore  # noqa: F821
    ready.value = value
    return ready


class _PollType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, (Ready, PendingType))


if TYPE_CHECKING:

    class Poll(Generic[T]):
        """See below; this form is for type checkers: ``Poll[T]`` is ``Ready`` of a ``T``, or ``Pending``."""

        Pending: ClassVar[Any]

        class Ready(Generic[U]):
            value: U
            __match_args__ = ("value",)

            def __new__(cls, value: U = ...) -> Any: ...

        def is_ready(self) -> bool: ...
        def is_pending(self) -> bool: ...
        def map(self, function: Callable[[T], U]) -> Poll[U]: ...

else:

    class Poll(metaclass=_PollType):
        """The answer of one ``poll``: ``Poll.Ready(value)`` or ``Poll.Pending``.

        An exception out of ``poll`` is the third outcome: the failed future. A ``Poll`` has no truth
        value, so that ``if future.poll(cx):`` cannot lie.

        >>> Poll.Ready(0).is_ready(), Poll.Pending.is_pending()
        (True, True)
        >>> isinstance(Poll.Pending, Poll)
        True
        """

        Ready = Ready
        Pending = PENDING

        def __new__(cls, *args: object) -> Poll:
            raise TypeError("Poll is not instantiated itself: write Poll.Ready(value) or Poll.Pending")

        def __class_getitem__(cls, item: object) -> type[Poll]:
            return cls
