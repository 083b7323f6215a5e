"""The selectors driver where its selector cannot do what is asked for: the error says the way out."""

import io
import select
import socket

import pytest

import mezame
from mezame.io import AsyncFd, Interest


def test_where_the_selectors_driver_has_no_priority_the_error_says_the_way_out(monkeypatch):
    monkeypatch.delattr(select, "poll")

    async def main():
        left, right = socket.socketpair()
        with left, right:
            for interest in (Interest.PRIORITY, Interest.ERROR):
                with pytest.raises(OSError, match="driver='epoll'"):
                    AsyncFd(left, interest)
            AsyncFd(left, Interest.READABLE).detach()

    mezame.run(main(), driver="selectors")


def test_inside_of_another_loop_the_selector_stays():
    with mezame.Runtime(driver="selectors") as runtime, runtime.enter():
        left, right = socket.socketpair()
        with left, right:
            runtime.fileno()
            with pytest.raises(OSError, match="driver='epoll'"):
                AsyncFd(left, Interest.PRIORITY)
    with mezame.Runtime(driver="selectors") as runtime, runtime.enter():
        left, right = socket.socketpair()
        with left, right:
            fd = AsyncFd(left, Interest.PRIORITY)
            with pytest.raises(io.UnsupportedOperation):
                runtime.fileno()
            fd.detach()
