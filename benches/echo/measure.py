"""One echo measurement: start a server, put the load on it, read what came out, stop the server."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benches.echo import certificate
from benches.echo.build import Tools
from benches.echo.work import request

START_SECONDS = 20
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20)}
"""glibc as shipped gives a 256 KiB block back to the kernel at every read of asyncio's and aiofastnet's
protocols, which costs them several times the read. All servers run with an allocator that keeps it."""


def cpus() -> tuple[int, int] | None:
    """The CPU for the server and the one for the load generator; None where there are not two."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def _pin(process: subprocess.Popen[str], cpu: int) -> None:
    """Keeps a process on one CPU; done before it has started any thread, so its threads inherit it."""
    os.sched_setaffinity(process.pid, {cpu})


def _port(server: subprocess.Popen[str]) -> int:
    """The port that the server prints first."""
    assert server.stdout is not None
    if not select.select([server.stdout], [], [], START_SECONDS)[0]:
        raise RuntimeError("the server did not start in time")
    line = server.stdout.readline()
    if not line.strip():
        raise RuntimeError("the server ended before it served")
    return int(line)


def measure(job: dict[str, Any], runtime: str, tools: Tools, root: Path) -> dict[str, float]:
    """Runs one job. Raises with the server's or the generator's last words if either fails."""
    if runtime == "c":
        command = [str(tools.server)]
    else:
        command = [sys.executable, "-m", "benches.echo.serve", runtime, job["style"], str(job.get("workers", 0))]
        if job["style"].startswith("tls"):
            command.append(str(certificate.make(tools.load.parent)))
    environment = os.environ | ({} if job["allocator"] == "as shipped" else KEEP_MEMORY)
    pair = cpus() if job.get("pinned", True) else None
    failure = ""
    with (
        tempfile.TemporaryFile("w+") as said,  # a file, not a pipe: nobody reads while the load runs
        subprocess.Popen(
            command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        ) as server,
    ):
        try:
            if pair:
                _pin(server, pair[0])
            numbers = _load(job, _port(server), server.pid, tools, root, pair[1] if pair else None)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            failure = str(error)
        finally:
            server.kill()
            server.wait()
        said.seek(0)
        words = said.read().strip()
    if failure:
        last = words.splitlines()[-1][:200] if words else "nothing"
        raise RuntimeError(f"{words[-800:]}\n{failure}; the server said: {last}")
    return numbers


def _load(job: dict[str, Any], port: int, pid: int, tools: Tools, root: Path, cpu: int | None) -> dict[str, float]:
    """Runs the load generator and turns its counts into metrics."""
    sizes = [job["connections"], job["size"], job["warm_up"], job["seconds"], pid]
    command = [str(tools.load), "127.0.0.1", str(port), *map(str, sizes)]
    pipe = subprocess.PIPE
    if job["style"] == "json":
        message = tools.load.with_name("request.json")
        message.write_bytes(request(job["size"]))
        command.append(str(message))
    elif job["style"].startswith("tls"):
        command = [sys.executable, "-m", "benches.echo.load_tls", str(port), *map(str, sizes)]
        command.append(str(certificate.make(tools.load.parent)))
    with subprocess.Popen(command, cwd=root, stdout=pipe, stderr=pipe, text=True) as load:
        try:
            if cpu is not None:
                _pin(load, cpu)
            out, err = load.communicate(timeout=30 + 3 * (job["warm_up"] + job["seconds"]))
        finally:
            load.kill()
    if load.returncode != 0:
        raise RuntimeError(err.strip() or f"the load generator ended with {load.returncode}")
    raw = json.loads(out)
    return {
        "cpu_us": raw["server_cpu_ns"] / raw["requests"] / 1e3,
        "rps": raw["requests"] / raw["seconds"],
        "p50_us": raw["p50_ns"] / 1e3,
        "p99_us": raw["p99_ns"] / 1e3,
        "max_us": raw["max_ns"] / 1e3,
        "load_busy": 100 * raw["load_cpu_ns"] / raw["seconds"] / 1e9,
        "server_busy": 100 * raw["server_cpu_ns"] / raw["seconds"] / 1e9,
    }
