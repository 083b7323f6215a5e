"""Source: a descriptor's number goes to the next socket at once, and neither may suffer from the other."""

import pytest
from polling import CountingWaker

from mezame.driver.readiness import READ, READ_CLOSED, READABLE, Source
from mezame.net import TcpListener, TcpStream
from mezame.net.operations import CallOp


async def pair():
    listener = await TcpListener.bind("127.0.0.1:0")
    near = await TcpStream.connect(listener.local_addr())
    far, _ = await listener.accept()
    return near, far


def test_the_poller_has_forgotten_a_source_before_its_descriptor_is_closed():
    """Else the next socket may have the number by then, and it would be that one that the poller forgets."""
    order = []

    class Owner:
        def close(self):
            order.append("closed")

    class Forgetful:
        needs_rearm = False

        def remove(self, source):
            source.release()  # another thread's operation ends just now
            order.append("forgotten")

    source = Source(99, Owner(), Forgetful())
    source.hold()
    source.close()
    source.close()
    assert order == ["forgotten", "closed"]


@pytest.mark.mezame
async def test_a_closed_bit_of_the_former_socket_does_not_keep_an_operation_trying():
    near, far = await pair()
    source, attempts = near.source, []

    def attempt():
        attempts.append(source.readiness)
        assert len(attempts) < 10
        raise BlockingIOError

    op = CallOp(near, source, READ, attempt, ())
    source.set_ready(READABLE | READ_CLOSED)
    assert op.poll(CountingWaker().cx).is_pending()
    assert len(attempts) == 1 and source.readiness & READ == 0
    op.close()
    source.clear(READ, source.look()[1])
    source.set_ready(READABLE | READ_CLOSED)
    source.clear(READ, source.look()[1])
    assert source.readiness & READ == READ_CLOSED  # what somebody thinks does not clear it
    near.close()
    far.close()
