"""Makes docs/parity.md, the table of what others have and what it is here, from docs/parity.tsv.

    PYTHONPATH=src python scripts/parity_page.py              writes the page
    PYTHONPATH=src python scripts/parity_page.py --resolve    the rows whose names exist but that have no test

The file has a row for each item: area, item, origin, name, tier, test, note. ``name`` is ours (``mezame.a.{b,c}``;
several: ``mezame.a, mezame.b``), or ``-``: not kept, and the note says why. ``test`` is what shows that the row holds
(``tests/test_x.py::test_y``; several: with spaces), or ``not yet``. tests/test_parity.py checks all of it.
"""

from __future__ import annotations

import argparse
import ast
import csv
import importlib
import inspect
import re
import sys
import types
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "parity.tsv"
PAGE = ROOT / "docs" / "parity.md"
TESTS = ROOT / "tests"
COLUMNS = ["area", "item", "origin", "name", "tier", "test", "note"]
NOT_YET = "not yet"
AREAS = {
    "core": "Futures, wakers, executors",
    "task": "Tasks",
    "runtime": "The runtime",
    "io": "Byte streams",
    "net": "Networking",
    "fs": "Files",
    "process": "Processes",
    "signal": "Signals",
    "time": "Time",
    "sync": "Channels and locks",
    "stream": "Streams and sinks",
    "codec": "Codecs",
    "futures": "Combinators",
    "util": "Tools",
    "macros": "What are macros in Rust",
    "test": "Testing",
    "tracing": "Tracing",
}


class Row(NamedTuple):
    """One line of the file."""

    area: str
    item: str
    origin: str
    name: str
    tier: str
    test: str
    note: str

    @property
    def kept(self) -> bool:
        """False: it makes no sense here."""
        return self.name != "-"

    @property
    def tested(self) -> bool:
        """True: a test is named."""
        return self.kept and self.test != NOT_YET

    @property
    def names(self) -> list[str]:
        """Ours, each in full."""
        return [name for part in re.split(r",\s+", self.name) for name in expand(part)] if self.kept else []

    @property
    def tests(self) -> list[str]:
        """``file::function`` of each test."""
        return self.test.split() if self.tested else []


def load() -> list[Row]:
    """The rows of the file. Raises ``ValueError`` with the line number of a bad one."""
    rows = []
    with SOURCE.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if next(lines) != COLUMNS:
            raise ValueError(f"{SOURCE.name}: the columns are {COLUMNS}")
        for number, line in enumerate(lines, 2):
            if len(line) != len(COLUMNS) or not all(line) or line[0] not in AREAS or line[4] not in "123":
                raise ValueError(f"{SOURCE.name}:{number}: not a whole row: {line}")
            rows.append(Row(*line))
    return rows


def expand(name: str) -> list[str]:
    """``a.{b,c}`` as ``a.b`` and ``a.c``."""
    found = re.search(r"\{([^{}]*)\}", name)
    if found is None:
        return [name]
    before, after = name[: found.start()], name[found.end() :]
    return [one for part in found[1].split(",") for one in expand(before + part + after)]


def exists(name: str) -> bool:
    """True if ``name`` can be reached by imports and attributes (of an instance, too: what ``__init__`` sets)."""
    parts = name.split(".")
    value: Any = importlib.import_module(parts[0])
    for at, part in enumerate(parts[1:], 1):
        if isinstance(value, types.ModuleType) and not hasattr(value, part):
            try:
                importlib.import_module(".".join(parts[: at + 1]))
            except ImportError:
                return False
        if not hasattr(value, part):
            return at == len(parts) - 1 and isinstance(value, type) and _is_set_in_source(value, part)
        value = getattr(value, part)
    return True


def _is_set_in_source(kind: type, name: str) -> bool:
    if any(name in vars(one).get("__annotations__", {}) for one in kind.__mro__):
        return True
    try:
        return re.search(rf"\bself\.{name}\b[^=\n]*=", inspect.getsource(kind)) is not None
    except (OSError, TypeError):
        return False


def test_functions() -> dict[str, str]:
    """{``tests/file.py::function``: its source} of all tests, those in classes, too."""
    found = {}
    for path in sorted(TESTS.glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                found[f"tests/{path.name}::{node.name}"] = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    return found


# --- the page ---------------------------------------------------------------------------------------------------------


def code(text: str) -> str:
    """Text for a cell, as code."""
    return f"`{text}`".replace("|", r"\|")


def plain(text: str) -> str:
    """Text for a cell."""
    return re.sub(r"([|<>*_\[\]{}])", r"\\\1", text)


def page(rows: list[Row]) -> str:
    """The page."""
    tested = sum(row.tested for row in rows)
    missing = sum(row.kept and not row.tested for row in rows)
    dropped = sum(not row.kept for row in rows)
    lines = [
        "# Parity",
        "",
        "<!-- Made by scripts/parity_page.py of docs/parity.tsv: do not edit. -->",
        "",
        "What tokio, tokio-util, tokio-stream, tokio-test, futures, async-std and smol offer, what it is called here,",
        "and the test that shows that it holds. A row may be a group. Tier 1 is what nearly every program needs, tier",
        "2 what many need, tier 3 the rest. The suite resolves every name, and finds every test that is named.",
        "",
        f"**{len(rows)} rows: {tested} here, with a test; {dropped} not kept (the note says why); {missing} not yet.**",
        "",
        "| area | rows | here | not kept | not yet: tier 1 | tier 2 | tier 3 |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    areas = [area for area in AREAS if any(row.area == area for row in rows)]
    for area in areas:
        of = [row for row in rows if row.area == area]
        left = [sum(row.kept and not row.tested and row.tier == tier for row in of) for tier in "123"]
        counts = [len(of), sum(row.tested for row in of), sum(not row.kept for row in of), *left]
        lines.append(f"| [{AREAS[area]}](#{area}) | " + " | ".join(map(str, counts)) + " |")
    for area in areas:
        lines += ["", f"## {AREAS[area]} {{#{area}}}", "", "| there | here | tier | what holds | test |"]
        lines.append("| --- | --- | --- | --- | --- |")
        for row in rows:
            if row.area == area:
                name = "not kept" if not row.kept else code(row.name)
                tests = " ".join(code(test.removeprefix("tests/")) for test in row.tests)
                test = "" if not row.kept else tests or "*not yet*"
                lines.append(f"| {code(row.item)} | {name} | {row.tier} | {plain(row.note)} | {test} |")
    return "\n".join(lines) + "\n"


# --- filling in what has come -----------------------------------------------------------------------------------------


def candidates(row: Row, tests: dict[str, str]) -> list[str]:
    """Tests that mention most of the row's names: a hint for who fills it in."""
    last = {name.rpartition(".")[2].strip("_") for name in row.names}
    owners = {name.split(".")[-2] for name in row.names if name.count(".") > 1}

    def score(source: str) -> int:
        return 2 * sum(re.search(rf"\b{re.escape(one)}\b", source) is not None for one in last) + sum(
            one in source for one in owners
        )

    ranked = sorted(((score(source), name) for name, source in tests.items()), key=lambda one: (-one[0], one[1]))
    return [name for points, name in ranked[:4] if points >= 2]


def resolve(rows: list[Row]) -> int:
    """Prints the rows whose names exist but which have no test. How many they are."""
    tests = test_functions()
    count = 0
    for row in rows:
        if row.kept and not row.tested and all(map(exists, row.names)):
            count += 1
            print(f"{row.area} {row.tier}  {row.item}\n    {row.name}\n    holds: {row.note}")
            for name in candidates(row, tests):
                print(f"    perhaps {name}")
    print(f"{count} rows exist and have no test; write it into the column 'test' of {SOURCE.relative_to(ROOT)}")
    return count


def main() -> int:
    """Writes the page, or lists what can be filled in (then 1 if there is something)."""
    parser = argparse.ArgumentParser(description="Makes docs/parity.md.")
    parser.add_argument("--resolve", action="store_true", help="list the rows that exist and have no test")
    if parser.parse_args().resolve:
        return 1 if resolve(load()) else 0
    rows = load()
    PAGE.write_text(page(rows), encoding="utf-8")
    print(f"{len(rows)} rows in {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
