"""Testing: async tests on a runtime of their own."""

from .case import test

__all__ = ["test"]
