"""A pool of workers: a bounded ``mpsc`` channel of jobs in, another of results out.

Shows: backpressure (the producer waits while the channel is full, so memory stays bounded), one receiver shared by
several workers through a ``Mutex``, and an end without a flag: when the last sender is closed, ``recv`` ends.

Run it:   python examples/worker_pool.py
"""

import mezame
from mezame.sync import Mutex, mpsc

WORKERS = 4
JOBS = 20
CAPACITY = 3


async def produce(jobs: mpsc.Sender, waited: list[int]) -> None:
    with jobs:  # closes it at the end
        for number in range(JOBS):
            try:
                jobs.try_send(number)
            except mpsc.TrySendError.Full:
                waited.append(number)
                await jobs.send(number)


async def work(jobs: Mutex, results: mpsc.Sender) -> None:
    with results:
        while True:
            async with jobs as guard:
                job = await guard.value.recv()
            if job is None:
                return
            await mezame.sleep(0.001)  # the work, outside of the lock
            await results.send((job, job * job))


async def main() -> None:
    job_tx, job_rx = mpsc.channel(CAPACITY)
    result_tx, result_rx = mpsc.channel(CAPACITY)
    shared = Mutex(job_rx)
    waited: list[int] = []
    async with mezame.TaskGroup() as group:
        group.spawn(produce(job_tx, waited))
        for number in range(WORKERS):
            group.spawn(work(shared, result_tx.clone()), name=f"worker-{number}")
        result_tx.close()  # ours; the workers have their own
        squares = dict([pair async for pair in result_rx])
    print(f"{len(squares)} results, the last {squares[JOBS - 1]}")
    print("the producer had to wait for room:", bool(waited))


if __name__ == "__main__":
    mezame.run(main())
