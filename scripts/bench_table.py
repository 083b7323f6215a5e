#!/usr/bin/env python3
"""Fills the benchmark table of both READMEs, between their bench markers, from docs/benchmarks.md.

It measures nothing: ``make bench`` and ``python -m benches.report`` make that page. Medians are shown as they stand
there, and the verdicts ("4.6x better") are that page's; a row whose section is not on the page is left out.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from fill import fill

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "benchmarks.md"

# (heading on the page, English, Japanese)
ROWS = (
    (r"Task switch: [\d,]+ tasks", "one task switch, ns", "タスク切り替え 1 回、ns"),
    (r"Spawn and join: [\d,]+ tasks", "spawn and join one task, ns", "spawn + join、タスクあたり ns"),
    (r"Memory per task: idle", "memory of an idle task, bytes", "待機中のタスクのメモリ、バイト"),
    (
        r"TCP echo: 50 x 1 KiB",
        "TCP echo, 50 x 1 KiB: server CPU per request, µs",
        "TCP エコー 50 接続 x 1 KiB: サーバ CPU/要求、µs",
    ),
)  # fmt: skip
RIVALS = ("asyncio", "uvloop", "trio", "plain C")
WORDS = {
    "README.md": {
        "title": ("", "mezame", *RIVALS), "better": "better", "worse": "worse", "even": "even", "column": 1,
        "disagree": ", not in each round",
        "caption": "In brackets: mezame against it. Medians, rounds: {rounds}; {date}, {python}, {cpu}.{busy} All of "
                   "it, and where mezame loses: [docs/benchmarks.md](docs/benchmarks.md).",
        "busy": " The machine was busy with something else: take the ratios, not the figures.",
    },
    "README.ja.md": {
        "title": ("", "mezame", "asyncio", "uvloop", "trio", "素の C"), "better": "優位", "worse": "劣位",
        "even": "同等", "column": 2, "disagree": "、逆のラウンドあり",
        "caption": "括弧内は mezame から見た優劣。中央値、ラウンド数 {rounds}、{date}、{python}、{cpu}。{busy}"
                   "全結果と、mezame が負けている項目: [docs/benchmarks.md](docs/benchmarks.md)",
        "busy": "計測時に他の負荷があったため、絶対値より比を見てほしい。",
    },
}  # fmt: skip


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def section(page: str, heading: str) -> dict[str, tuple[str, str]]:
    """{runtime: (median, verdict)} of the first table under a heading; {} if there is none."""
    found = re.search(rf"^### {heading}$(.*?)(?=^#)", page + "\n# ", re.M | re.S)
    table = [cells(line) for line in found[1].splitlines() if line.startswith("|")] if found else []
    values = {}
    for row in table[2:]:
        low_mid_high = row[1].split(" / ")
        values[row[0]] = (low_mid_high[len(low_mid_high) // 2], row[3] if len(row) > 3 else "")
    return values


def cell(values: dict[str, tuple[str, str]], runtime: str, words: dict) -> str:
    """A runtime's cell; asyncio, uvloop and trio are there once, or as "streams" and "protocols"."""
    parts = []
    for name, (value, verdict) in values.items():
        if name != runtime and name not in (f"{runtime} streams", f"{runtime} protocols"):
            continue
        kind = name.removeprefix(runtime).strip()
        said = re.match(r"([\d.]+x) (better|worse)( \(rounds disagree\))?", verdict)
        verdict = f"{said[1]} {words[said[2]]}" if said else words["even"] if verdict else ""
        if said and said[3]:
            verdict += words["disagree"]
        parts.append(f"{kind} {value}".strip() + (f" ({verdict})" if verdict else ""))
    return ", ".join(parts)


def table(page: str, readme: str) -> str:
    """The table and its caption, for one of the READMEs."""
    words = WORDS[readme]
    title = words["title"]
    lines = ["| " + " | ".join(title) + " |", "| --- " * len(title) + "|"]
    for row in ROWS:
        values = section(page, row[0])
        if values:
            shown = [cell(values, runtime, words) for runtime in ("mezame", *RIVALS)]
            lines.append("| " + " | ".join([row[words["column"]], *shown]) + " |")
    about: dict[str, str] = {}
    for row in map(cells, page.splitlines()):
        if len(row) == 2:
            about.setdefault(*row)  # of the first run on the page
    caption = words["caption"].format(
        rounds=about.get("Rounds", "?"),
        date=about.get("Date", "?").split(" ")[0],
        python=about.get("Python", "?"),
        cpu=about.get("CPU", "?"),
        busy=words["busy"] if "The machine was busy" in page else "",
    )
    return "\n".join([*lines, "", *textwrap.wrap(caption, 118, break_long_words=False, break_on_hyphens=False)])


def filled(text: str, readme: str) -> str:
    """A README with its table renewed."""
    page = SOURCE.read_text(encoding="utf-8")
    return fill(text, "bench", lambda _: table(page, readme))


if __name__ == "__main__":
    for name in WORDS:
        path = ROOT / name
        path.write_text(filled(path.read_text(encoding="utf-8"), name), encoding="utf-8")
