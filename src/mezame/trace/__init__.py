"""Trace: what the tasks of a program do, told as it happens, and where they all stand, at any moment.

Everything here is for the whole process: every runtime and executor, those that run and those still to come. Without a
subscriber it costs nothing that was not there before.
"""

from .async_op import on_async_op
from .dump import Dump, TaskDump, dump
from .dump_signal import DumpSignal, dump_on_signal
from .lints import Lint, on_lint
from .slow_poll import SlowPoll, on_slow_poll, slow_poll_threshold
from .stack import Frame, Stack, Wait
from .subscription import Subscription
from .tracer import on_poll_end, on_poll_start, on_spawn, on_wake
from .unhandled import Unhandled, on_unhandled

__all__ = [
    "Dump",
    "DumpSignal",
    "Frame",
    "Lint",
    "SlowPoll",
    "Stack",
    "Subscription",
    "TaskDump",
    "Unhandled",
    "Wait",
    "dump",
    "dump_on_signal",
    "on_async_op",
    "on_lint",
    "on_poll_end",
    "on_poll_start",
    "on_slow_poll",
    "on_spawn",
    "on_unhandled",
    "on_wake",
    "slow_poll_threshold",
]
