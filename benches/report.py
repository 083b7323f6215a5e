"""The page for the documentation: ``python -m benches.report results.json [more.json] > docs/benchmarks.md``.

More results, of the same machine with another interpreter, become parts of their own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benches.goals import check, remark
from benches.summary import losses, measured, table

Data = dict[str, Any]

HOW_TO_READ = """\
Every measurement runs in a fresh process. In a round each runtime runs once, and each round starts with
another one; what is compared is the ratio **rival / mezame within a round**, so a machine that slows down
for a while slows both. Three numbers are *minimum / median / maximum* over the rounds. For a cost (time,
memory) a ratio above 1 means that mezame needs less; for requests per second a ratio below 1 means that
mezame serves more. "Better" and "worse" are said of the median; where a round says otherwise,
"(rounds disagree)" is."""


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(entry.replace("|", "\\|") for entry in line) + " |" for line in lines)


def _machine(results: Data) -> str:
    """The machine, the interpreter and the versions."""
    machine, settings = results["machine"], results["settings"]
    virtual = ", a virtual machine" if machine["virtual"] else ""
    rows = [
        ["CPU", f"{machine['cpu']}, {machine['usable_cores']} of {machine['cores']} cores{virtual}"],
        ["Memory", f"{machine['memory_mib']:,} MiB" if machine["memory_mib"] else "unknown"],
        ["Kernel", machine["kernel"]],
        ["Python", f"{machine['implementation']} {machine['python']}"],
        ["Python was built by", f"{machine['python_compiler']}, {machine['python_build']}"],
        ["GIL", "on" if machine["gil"] else "off"],
        [
            "mezame",
            f"{results['versions'].get('mezame') or 'not installed'}, {machine['mezame_build'] or '-'}",
        ],
        ["Rivals", _versions(results["versions"])],
        ["Load average before", str(machine["load_before"])],
        ["Date", results["date"]],
        ["Rounds", f"{settings['rounds']}{' (quick run)' if settings['quick'] else ''}"],
    ]
    return markdown_table(["", ""], rows)


def _versions(versions: Data) -> str:
    named = [f"{key} {version}" for key, version in versions.items() if version and key != "mezame"]
    return ", ".join(["asyncio (of this Python)", *named])


def _bench(bench: Data, plots: str | None) -> list[str]:
    parts = [f"## {bench['title']}", bench["what"]]
    if bench["notes"]:
        parts.append("\n".join(f"- {note}" for note in bench["notes"]))
    if plots:
        parts.append(f"![{bench['title']}]({plots.rstrip('/')}/{bench['name']}.svg)")
    for cell in bench["cells"]:
        parts.append(f"### {bench['title']}: {cell['label']}")
        rounds = len(cell["rounds"])
        parts.append(f"{rounds} round{'s' if rounds != 1 else ''}.")
        parts.append(markdown_table(*table(bench, cell)))
    return parts


def render(runs: list[Data], plots: str | None = None) -> str:
    """The whole page. ``plots``: where the drawings lie, relative to the page, if they are to be shown."""
    first, *others = runs
    number = "one run" if not others else f"{len(runs)} runs"
    parts = ["# Benchmarks", f"This page is made by `python -m benches.report` from the raw numbers of {number}."]
    parts += ["## How to read the tables", HOW_TO_READ, *_run(first, plots)]
    for results in others:
        gil = "with a GIL" if results["machine"]["gil"] else "without a GIL"
        parts += [f"# CPython {results['machine']['python']} {gil}", *_run(results, plots)]
    return "\n\n".join(parts) + "\n"


def _run(results: Data, plots: str | None) -> list[str]:
    """One run: where, the goals, what is lost, the tables."""
    parts = [f"```\n{results['command']}\n```", _machine(results)]
    if results["skipped"]:
        parts.append(
            "Not in this run: " + "; ".join(f"{k} ({why})" for k, why in results["skipped"].items()) + "."
        )
    if results["machine"]["load_before"] > 0.5:
        parts.append("**The machine was busy with something else when the run started.**")
    goals = check(results)
    if goals:
        parts.append("## Goals")
        parts.append(markdown_table(["Goal", "Measured", ""], [list(row) for row in goals]))
    note = remark(results)
    if note:
        parts.append(note)
    parts.append("## Where mezame loses")
    lost = losses(results)
    nowhere = (
        "Nowhere in this run." if measured(results) else "Not known: this run compared mezame with nothing."
    )
    parts.append("\n".join(f"- {line}" for line in lost) if lost else nowhere)
    for bench in results["benches"]:
        parts += _bench(bench, plots)
    return parts


def main() -> None:
    """Reads a results file, prints the page."""
    parser = argparse.ArgumentParser(prog="python -m benches.report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="the results.json of each run")
    parser.add_argument("--plots", metavar="URL", help="show the drawings, found under this relative URL")
    options = parser.parse_args()
    print(render([json.loads(path.read_text()) for path in options.results], options.plots), end="")


if __name__ == "__main__":
    main()
