"""Pipes: anonymous ones (``pipe()``) and FIFOs (``open_sender``, ``open_receiver``). Unix.

>>> import mezame
>>> from mezame.net.pipe import pipe
>>> async def main():
...     sender, receiver = pipe()
...     async with receiver:
...         async with sender:
...             await sender.write_all(b"through the pipe")
...         return await receiver.read_to_end()
>>> mezame.run(main())
b'through the pipe'
"""

from .fifo import open_receiver, open_sender
from .make import pipe
from .receiver import Receiver
from .sender import Sender

__all__ = ["Receiver", "Sender", "open_receiver", "open_sender", "pipe"]
