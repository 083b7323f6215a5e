"""Signals of the operating system as awaitables: ``ctrl_c()``, and ``signal(kind)`` for any of them.

>>> import mezame, os
>>> from mezame.signal import SignalKind, signal
>>> async def main():
...     with signal(SignalKind.user_defined1()) as usr1:
...         os.kill(os.getpid(), usr1.kind.as_raw_value())
...         return await usr1.recv()
>>> mezame.run(main())
SignalKind.user_defined1()
"""

from .ctrl_c import CtrlC, ctrl_c
from .kind import SignalKind
from .listener import Signal, signal

__all__ = ["CtrlC", "Signal", "SignalKind", "ctrl_c", "signal"]
