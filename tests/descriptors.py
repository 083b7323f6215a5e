"""How many file descriptors this process has open: what a test leaves behind."""

import os


def descriptors() -> int:
    """How many are open, -1 where that cannot be known."""
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else -1
