"""Glob patterns as Redis has them: ``*``, ``?``, ``[a-z]``, ``[^x]``, and ``\\`` before a sign that means itself.

Clients choose the patterns, so it is no regular expression: ``*a*a*a*a*b`` makes a backtracking one run for years.
Here only the last ``*`` is ever gone back to (what an earlier one could try, it has tried), so the work is at most
len(pattern) * len(text).
"""

from __future__ import annotations

STAR, QUESTION, OPEN, CLOSE, CARET, DASH, BACKSLASH = b"*?[]^-\\"


def matches(pattern: bytes, text: bytes) -> bool:
    """True if all of ``text`` is as ``pattern`` says.

    >>> [matches(b"news.*", b"news.tech"), matches(b"h[^ae]llo", b"hello"), matches(b"h[^ae]llo", b"hullo")]
    [True, False, True]
    """
    at = where = 0
    star = resume = -1  # the last star, and the sign of text from which its next try begins
    while where < len(text):
        if at < len(pattern) and pattern[at] == STAR:
            star, resume = at, where
            at += 1
            continue
        after = _one(pattern, at, text[where]) if at < len(pattern) else -1
        if after >= 0:
            at, where = after, where + 1
        elif star >= 0:
            resume += 1
            at, where = star + 1, resume
        else:
            return False
    return not pattern[at:].strip(b"*")


def _one(pattern: bytes, at: int, sign: int) -> int:
    """Where the pattern goes on if what begins at ``at`` matches ``sign``; else -1."""
    kind = pattern[at]
    if kind == QUESTION:
        return at + 1
    if kind == OPEN:
        return _one_of(pattern, at + 1, sign)
    if kind == BACKSLASH and at + 1 < len(pattern):
        at += 1
    return at + 1 if pattern[at] == sign else -1


def _one_of(pattern: bytes, at: int, sign: int) -> int:
    negated = pattern[at : at + 1] == b"^"
    at += negated
    found = False
    while at < len(pattern) and pattern[at] != CLOSE:
        if pattern[at] == BACKSLASH and at + 1 < len(pattern):
            at += 1
        low = high = pattern[at]
        if at + 2 < len(pattern) and pattern[at + 1] == DASH and pattern[at + 2] != CLOSE:
            at += 2
            high = pattern[at]
        found = found or min(low, high) <= sign <= max(low, high)
        at += 1
    return at + 1 if found != negated else -1
