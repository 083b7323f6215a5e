"""The benches of files: against asyncio and trio with a thread per call, which is what they have.

They measure the way to a thread and back, and how often it is gone: the files are small and in the system's memory.
"""

from __future__ import annotations

from typing import Any

from benches.model import Bench, Cell, Job, Metric

RIVALS = (
    "asyncio and uvloop: `asyncio.to_thread` around the same calls of the standard library; trio: `trio.to_thread`.",
    "In a folder of the system's temporary folder; what the disk does is not waited for.",
)


def _jobs(program: str, params: dict[str, Any]) -> dict[str, Job]:
    return {key: Job(key, program, params) for key in ("mezame", "asyncio", "uvloop", "trio")}


def _whole(quick: bool) -> Bench:
    count = 200 if quick else 1_000
    sizes = {"count": count, "size": 1024, "together": 10}
    return Bench(
        "files_whole",
        "Whole small files",
        f"{count:,} files of 1 KiB are written, then read, by 10 tasks, each one after the other "
        "(`mezame.fs.write`, `mezame.fs.read`).",
        (Metric("write_ns", "per file written", "ns"), Metric("read_ns", "per file read", "ns")),
        (Cell(f"{count:,} files", _jobs("files_whole", sizes)),),
        RIVALS,
    )


def _records(quick: bool) -> Bench:
    count = 1_000 if quick else 10_000
    sizes = {"count": count, "size": 100}
    return Bench(
        "files_records",
        "Small records in one file",
        f"One task writes {count:,} records of 100 bytes to a file, then reads them one by one (`mezame.fs.File`).",
        (Metric("write_ns", "per record written", "ns"), Metric("read_ns", "per record read", "ns")),
        (Cell(f"{count:,} records", _jobs("files_records", sizes)),),
        (
            *RIVALS,
            "The others call `write` and `read` of a buffered file of the standard library, each on a thread.",
        ),
    )


BUILDERS = {"files_whole": _whole, "files_records": _records}
