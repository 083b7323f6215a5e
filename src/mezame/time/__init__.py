"""Time: sleep, timeout, interval, and a clock that tests can pause and advance.

All times are float seconds (or timedelta); timers have a resolution of 1 ms and are never early.
"""

from ..errors import TimerError as Error
from .control import advance, pause, resume
from .delay_queue import DelayQueue, Expired, Key
from .instant import Instant, now
from .interval import Interval, MissedTickBehavior, interval, interval_at
from .sleep import Sleep, sleep, sleep_until
from .timeout import Elapsed, Timeout, timeout, timeout_at

__all__ = [
    "DelayQueue",
    "Elapsed",
    "Error",
    "Expired",
    "Instant",
    "Interval",
    "Key",
    "MissedTickBehavior",
    "Sleep",
    "Timeout",
    "advance",
    "interval",
    "interval_at",
    "now",
    "pause",
    "resume",
    "sleep",
    "sleep_until",
    "timeout",
    "timeout_at",
]
