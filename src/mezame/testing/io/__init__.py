"""Scripted byte streams, and adapters that make a stream awkward: short, pending, watched (``tokio_test::io``)."""

from .adapters import Interleaved, Limited, TrackClosed, interleave_pending, limited, track_closed
from .builder import Builder
from .mock import Handle, Mock

__all__ = [
    "Builder",
    "Handle",
    "Interleaved",
    "Limited",
    "Mock",
    "TrackClosed",
    "interleave_pending",
    "limited",
    "track_closed",
]
