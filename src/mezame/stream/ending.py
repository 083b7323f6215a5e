"""Ending several streams: all are ended, whatever one of them raises; the first error is raised when all have."""

from __future__ import annotations

from typing import Any


def drop_all(*parts: Any) -> None:
    """``drop()`` of each, None excepted."""
    first: BaseException | None = None
    for part in parts:
        if part is not None:
            try:
                part.drop()
            except BaseException as error:
                first = first or error
    if first is not None:
        raise first


async def close_all(*parts: Any) -> None:
    """``aclose()`` of each, None excepted."""
    first: BaseException | None = None
    for part in parts:
        if part is not None:
            try:
                await part.aclose()
            except BaseException as error:
                first = first or error
    if first is not None:
        raise first
