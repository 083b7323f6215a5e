"""mezame beside asyncio: futures of the one awaited in the other, in both directions and across threads.

Shows: 1. an asyncio program awaits mezame's channels and tasks, which need no driver on asyncio's side;
2. a mezame task awaits an ``asyncio.Future`` of a loop in another thread; 3. a ``concurrent.futures.Future``.

Run it:   python examples/asyncio_interop.py
"""

import asyncio
import concurrent.futures
import threading

import mezame
from mezame.sync import mpsc


async def in_mezame(tx: mpsc.Sender) -> str:
    with tx:
        for word in ("one", "two", "three"):
            await mezame.sleep(0.001)
            await tx.send(word)
    return "sent"


async def asyncio_main(runtime: mezame.Runtime) -> None:
    """asyncio is in charge here; the mezame runtime is driven by another thread."""
    tx, rx = mpsc.channel(1)
    task = runtime.spawn(in_mezame(tx))
    print("asyncio received", [word async for word in rx])
    print("asyncio awaited a mezame task:", await task)


async def mezame_main(loop: asyncio.AbstractEventLoop) -> None:
    """mezame is in charge here; the asyncio loop is run by another thread."""
    of_loop = loop.create_future()
    loop.call_soon_threadsafe(of_loop.set_result, "from an asyncio loop")
    print("mezame awaited an asyncio.Future:", await of_loop)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        print("mezame awaited a concurrent.futures.Future:", await mezame.into_future(pool.submit(sum, [1, 2, 3])))


def main() -> None:
    with mezame.Runtime() as runtime:
        stop, stopped = mezame.sync.oneshot.channel()
        driver = threading.Thread(target=runtime.block_on, args=(stopped,))
        driver.start()
        asyncio.run(asyncio_main(runtime))
        stop.send(None)
        driver.join()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        mezame.run(mezame_main(loop))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    main()
