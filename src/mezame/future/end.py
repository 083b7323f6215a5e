"""END: what ``poll_next`` of a stream answers when there is no item any more: ``Poll.Ready(END)``."""

from __future__ import annotations


class End:
    """The type of ``END``, of which there is one instance."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "END"

    def __repr__(self) -> str:
        return "END"


END = End()
