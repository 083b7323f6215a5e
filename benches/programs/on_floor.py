"""Channels and locks that do nothing, on no loop: what the interpreter takes for the statements themselves."""

from __future__ import annotations

import importlib.util
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from benches.programs.meters import Stopwatch
from benches.runtimes import c_compiler

Params = dict[str, Any]
SOURCE = Path(__file__).with_name("floor.c")
FLAGS = ("-O3", "-Wall", "-Wextra", "-std=gnu11", "-shared", "-fPIC")


def _make() -> Any:
    """An object of the C type, which is compiled for this interpreter first."""
    compiler = c_compiler()
    if compiler is None:
        raise RuntimeError("no C compiler found")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "floor" + str(sysconfig.get_config_var("EXT_SUFFIX")))
        command = [compiler, *FLAGS, "-I", sysconfig.get_path("include"), "-o", str(target), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"floor.c does not compile: {done.stderr.strip()[-500:]}")
        spec = importlib.util.spec_from_file_location("floor", target)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.Nothing()


async def channel_alone(params: Params, channel: Any) -> dict[str, float]:
    """One task puts in and takes out."""
    count = params["count"]
    total = 0
    with Stopwatch() as watch:
        for number in range(count):
            await channel.send(number)
            total += await channel.recv()
    assert total == count * (count - 1) // 2
    return watch.per(count)


async def channel_pair(params: Params, channel: Any) -> dict[str, float]:
    """The two loops of a sender and a receiver, one after the other: nobody waits, so nobody switches."""
    count = params["count"]

    async def send() -> None:
        for number in range(count):
            await channel.send(number)

    total = 0
    with Stopwatch() as watch:
        await send()
        for _ in range(count):
            total += await channel.recv()
    assert total == count * (count - 1)
    return watch.per(count)


async def lock_alone(params: Params, lock: Any) -> dict[str, float]:
    """A block under a lock."""
    with Stopwatch() as watch:
        for _ in range(params["count"]):
            async with lock:
                pass
    return watch.per(params["count"])


def measure(runtime: str, program: str, params: Params) -> dict[str, float]:
    """Runs one program; it never waits, so one step is all of it."""
    assert runtime == "floor"
    try:
        globals()[program](params, _make()).send(None)
    except StopIteration as end:
        numbers: dict[str, float] = end.value
        return numbers
    raise RuntimeError("it gave way")
