"""``python -m benches``: runs the benches, prints the tables, keeps the raw numbers."""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benches import machine, plots, table
from benches.catalog import BUILDERS, benches
from benches.echo.build import Tools, build
from benches.model import Bench, Cell
from benches.progress import Progress
from benches.rounds import rounds_of, run_cell
from benches.runtimes import RUNTIMES, version, why_missing


def _names(known: dict[str, Any]) -> Any:
    """An argument type: comma-separated names out of ``known``."""

    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return names

    return parse


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benches", description="Runs mezame and its rivals in rounds."
    )
    parser.add_argument("--rounds", type=int, help="rounds per bench (default 5, with --quick 2)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that all of it works")
    parser.add_argument("--only", type=_names(BUILDERS), metavar="NAMES", help=f"of {', '.join(BUILDERS)}")
    parser.add_argument(
        "--runtimes", type=_names(RUNTIMES), metavar="NAMES", help=f"of {', '.join(RUNTIMES)}"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out/bench"), help="folder for results (%(default)s)"
    )
    options = parser.parse_args(arguments)
    if options.rounds is None:
        options.rounds = 2 if options.quick else 5
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def _shown_command(arguments: list[str]) -> str:
    """The command as typed; a folder given by an absolute path is named without its parents."""
    shown = [Path(word).name if word.startswith("/") else word for word in arguments]
    return shlex.join(["python", "-m", "benches", *shown])


def _of_runtimes(bench: Bench, present: set[str]) -> Bench:
    """The bench without the jobs of runtimes that do not take part."""
    cells: list[Cell] = []
    for cell in bench.cells:
        jobs = {key: job for key, job in cell.jobs.items() if job.runtime in present}
        if jobs:
            cells.append(replace(cell, jobs=jobs))
    return replace(bench, cells=tuple(cells))


def _tools(planned: list[Bench], out: Path) -> Tools | None:
    """The C programs, if any job needs them. Without them the echo jobs report their failure."""
    if not any(
        job.program == "echo" for bench in planned for cell in bench.cells for job in cell.jobs.values()
    ):
        return None
    try:
        return build((out / "bin").resolve())
    except RuntimeError as error:
        print(f"echo cannot run: {error}", file=sys.stderr)
        return None


def run(options: argparse.Namespace, command: str) -> dict[str, Any]:
    """Runs what the options name; everything that was measured, in the form of the results file."""
    wanted = options.runtimes or list(RUNTIMES)
    skipped = {key: reason for key in wanted if (reason := why_missing(key))}
    present = set(wanted) - set(skipped)
    planned = [_of_runtimes(bench, present) for bench in benches(options.only, options.quick)]
    tools = _tools(planned, options.out)
    about = machine.describe()
    total = sum(rounds_of(cell, options.rounds) * len(cell.jobs) for bench in planned for cell in bench.cells)
    progress = Progress(total)
    for key, reason in skipped.items():
        progress.say(f"skipped: {key}: {reason}")
    done = []
    for bench in planned:
        cells = [run_cell(bench, cell, options.rounds, tools, progress) for cell in bench.cells]
        kept = asdict(replace(bench, cells=()))
        done.append(kept | {"cells": cells})
    progress.close()
    return {
        "format": 1,
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command,
        "settings": {"rounds": options.rounds, "quick": options.quick},
        "machine": about,
        "versions": {key: version(key) for key in RUNTIMES},
        "skipped": skipped,
        "benches": done,
    }


def main() -> None:
    """Runs, prints, keeps."""
    options = _options(sys.argv[1:])
    options.out.mkdir(parents=True, exist_ok=True)
    results = run(options, _shown_command(sys.argv[1:]))
    path = options.out / "results.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    print(table.render(results))
    print(f"raw numbers: {path}", file=sys.stderr)
    if plots.available():
        written = plots.draw(results, options.out)
        print(f"plots: {len(written)} files in {options.out}", file=sys.stderr)
    else:
        print("no plots: matplotlib is not installed", file=sys.stderr)


if __name__ == "__main__":
    main()
