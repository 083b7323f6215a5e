"""The other process of the demo: many connections, on asyncio on purpose, so that the service is met by a stranger."""

from __future__ import annotations

import asyncio
import sys
import time


async def client(port: int, connections: int, requests: int) -> list[float]:
    """Makes the connections and sends the requests; how long each answer took, in seconds."""
    latencies: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number * 0.0005)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests):
            began = time.perf_counter()
            writer.write(b"hello\n")
            if await reader.readexactly(6) != b"HELLO\n":
                raise RuntimeError("a wrong answer")
            latencies.append(time.perf_counter() - began)
            await asyncio.sleep(0.01)
        writer.close()

    await asyncio.gather(*(one(number) for number in range(connections)))
    return latencies


def main() -> int:
    """Runs what the arguments say: port, connections, requests; the exit status."""
    try:
        seen = sorted(asyncio.run(client(*map(int, sys.argv[1:4]))))
    except (OSError, RuntimeError, asyncio.IncompleteReadError) as error:
        print(f"the demo's client failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(
        f"latency seen by the client: p50 {seen[len(seen) // 2] * 1e3:.2f} ms, "
        f"p99 {seen[len(seen) * 99 // 100] * 1e3:.2f} ms",
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
