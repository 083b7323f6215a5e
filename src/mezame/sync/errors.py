"""The errors that several parts of sync raise, and how an error gets its variants.

Rust's ``enum TrySendError { Full(T), Closed(T) }`` is here a class with nested subclasses: ``except TrySendError``
catches both, ``except TrySendError.Full`` one.
"""

from __future__ import annotations

from typing import Any


class SendError(Exception):
    """The receiving side is gone. ``value`` is what was not delivered.

    >>> SendError("letter").value
    'letter'

    Source of the semantics: ``tokio::sync::mpsc::error::SendError`` and its namesakes.
    """

    def __init__(self, value: Any, message: str = "the receiver is gone") -> None:
        super().__init__(message)
        self.value = value


class TryLockError(Exception):
    """The lock could not be had without waiting. Source of the semantics: ``tokio::sync::TryLockError``."""


def variant(outer: type[Any], name: str, doc: str, *mixins: type[Any]) -> Any:
    """A subclass ``outer.name`` that prints, and pickles, under that name.

    Args:
        mixins: classes with what the variant has beyond ``outer``.

    >>> class Trouble(Exception): pass
    >>> variant(Trouble, "Small", "Little trouble.").__qualname__
    'Trouble.Small'
    >>> issubclass(Trouble.Small, Trouble)
    True
    """
    made = type(
        name,
        (*mixins, outer),
        {"__doc__": doc, "__module__": outer.__module__, "__qualname__": f"{outer.__qualname__}.{name}"},
    )
    setattr(outer, name, made)
    return made
