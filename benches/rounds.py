"""The rounds: in each, every runtime once, and each round starts with another one.

Runtimes that take turns meet the same moods of the machine, so a ratio within a round says more than
the absolute numbers do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benches.echo import measure as echo
from benches.echo.build import Tools
from benches.model import Bench, Cell, Job
from benches.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 180
Values = dict[str, Any]


def run_job(job: Job, tools: Tools | None) -> Values:
    """One measurement in its own process: its numbers, or ``{"error": ...}`` if it failed."""
    try:
        if job.program == "echo":
            if tools is None:
                raise RuntimeError("the C programs could not be built")
            values: Values = dict(echo.measure(job.params, job.runtime, tools, ROOT))
            cost_ns = values["cpu_us"] * 1e3
        else:
            values = _run_program(job)
            cost_ns = values.get("wall_ns")
        return values | {"cost_ns": cost_ns}
    except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
        return {"error": str(error)[-1000:]}


def _run_program(job: Job) -> Values:
    command = [sys.executable, "-m", "benches.child", job.runtime, job.program, json.dumps(job.params)]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {LIMIT_SECONDS} s") from None
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-1000:] or f"ended with {done.returncode}")
    numbers: Values = json.loads(done.stdout.splitlines()[-1])
    return numbers


def rounds_of(cell: Cell, rounds: int) -> int:
    """How many rounds a cell gets in a run of ``rounds``."""
    return min(rounds, cell.rounds) if cell.rounds else rounds


def run_cell(
    bench: Bench, cell: Cell, rounds: int, tools: Tools | None, progress: Progress
) -> dict[str, Any]:
    """All rounds of one cell, in the form the results file keeps."""
    keys = list(cell.jobs)
    total = rounds_of(cell, rounds)
    kept = []
    for number in range(total):
        shift = number % len(keys)
        order = keys[shift:] + keys[:shift]
        values: dict[str, Values] = {}
        for key in order:
            progress.step(bench.name, cell.label, number, total, key)
            values[key] = run_job(cell.jobs[key], tools)
            if "error" in values[key]:
                progress.say(f"{bench.name}, {cell.label}: {key} failed: {last_line(values[key]['error'])}")
        kept.append({"order": order, "values": values})
    jobs = {k: {"runtime": j.runtime, "program": j.program, "params": j.params} for k, j in cell.jobs.items()}
    return {"label": cell.label, "base": cell.base, "jobs": jobs, "rounds": kept}


def last_line(text: str) -> str:
    """The last line of an error: in a traceback, the one that says what happened."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"
