"""Listener: the type of what accepts connections."""

from __future__ import annotations

import pytest

from mezame.net import Listener, TcpListener, TcpStream, UnixListener


@pytest.mark.mezame
async def test_the_listeners_are_listeners_and_a_stream_is_none(tmp_path):
    async with await TcpListener.bind("127.0.0.1:0") as tcp:
        assert isinstance(tcp, Listener)
        async with await TcpStream.connect(tcp.local_addr()) as stream:
            assert not isinstance(stream, Listener)
    with UnixListener.bind(str(tmp_path / "socket")) as unix:
        assert isinstance(unix, Listener)


def test_a_class_of_ones_own_that_lacks_a_method_says_so():
    class Half(Listener):
        def local_addr(self):
            return "here"

    assert Half().local_addr() == "here"
    with pytest.raises(TypeError, match=r"without an accept\(\)"):
        Half().accept()
    with pytest.raises(TypeError, match=r"without a poll_accept\(cx\)"):
        Half().poll_accept(None)
