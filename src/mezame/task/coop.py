"""Cooperation (``tokio::task::coop``): the budget of 128 units a poll, and how to take part in it or do without.

Each leaf of the library takes a unit before it works and gives it back if it has to wait. A hand-written leaf calls
``poll_proceed(cx)`` first (False: answer Pending, the wake is arranged) and ``refund()`` where it then has to wait.
"""

from ..core.coop import consume_budget, has_budget_remaining, poll_proceed, refund, unconstrained, yield_now
from .cooperative import cooperative

__all__ = [
    "consume_budget",
    "cooperative",
    "has_budget_remaining",
    "poll_proceed",
    "refund",
    "unconstrained",
    "yield_now",
]
