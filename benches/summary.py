"""From raw rounds to what is shown: values, ratios within rounds, and who is ahead."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from benches.rounds import last_line

Data = dict[str, Any]


EVEN = 0.02
"""Medians closer than this are called even: no run of this kind tells them apart."""


@dataclass(frozen=True)
class Spread:
    """Minimum, median and maximum of some numbers."""

    low: float
    mid: float
    high: float

    @classmethod
    def of(cls, numbers: list[float]) -> Spread | None:
        """None for no numbers."""
        return cls(min(numbers), median(numbers), max(numbers)) if numbers else None


def values(cell: Data, key: str, metric: str) -> list[float | None]:
    """A job's number in each round; None where it failed or has no such number."""
    return [one["values"].get(key, {}).get(metric) for one in cell["rounds"]]


def spread(cell: Data, key: str, metric: str) -> Spread | None:
    """A job's numbers over the rounds."""
    return Spread.of([value for value in values(cell, key, metric) if value is not None])


def ratios(cell: Data, key: str, metric: str) -> Spread | None:
    """``job / base``, paired by round; None where either never ran."""
    pairs = zip(values(cell, key, metric), values(cell, cell["base"], metric), strict=True)
    return Spread.of([mine / base for mine, base in pairs if mine is not None and base])


def error(cell: Data, key: str) -> str | None:
    """Why a job failed, in one line; None if it ran in every round."""
    for one in cell["rounds"]:
        text = one["values"].get(key, {}).get("error")
        if text:
            return last_line(text)
    return None


def verdict(ratio: Spread | None, better: str) -> str:
    """How the base does against a job, in the median, and whether any round says otherwise."""
    if ratio is None:
        return ""
    ahead = ratio if better == "less" else Spread(1 / ratio.high, 1 / ratio.mid, 1 / ratio.low)
    if abs(ahead.mid - 1) < EVEN:
        return "even"
    unsure = "" if ahead.low > 1 or ahead.high < 1 else " (rounds disagree)"
    if ahead.mid > 1:
        return f"{number(ahead.mid)}x better{unsure}"
    return f"{number(1 / ahead.mid)}x worse{unsure}"


def number(value: float) -> str:
    """Three significant digits, thousands separated."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def three(spread_: Spread | None) -> str:
    """``minimum / median / maximum``."""
    return f"{number(spread_.low)} / {number(spread_.mid)} / {number(spread_.high)}" if spread_ else "-"


def table(bench: Data, cell: Data) -> tuple[list[str], list[list[str]]]:
    """The table of one cell: a row per job, the ratios of its first metric, then the other metrics."""
    first, *others = bench["metrics"]
    judged = cell["base"] == "mezame"
    head = ["", f"{first['label']}, {first['unit']}", f"ratio to {cell['base']}"]
    if judged:
        head.append("mezame is")
    for metric in others:
        head.append(f"{metric['label']}, {metric['unit']}")
        if metric["compare"]:
            head.append("ratio")
    rows = []
    for key in cell["jobs"]:
        failed = error(cell, key)
        own = spread(cell, key, first["key"])
        if own is None:
            rows.append([key, f"failed: {failed or 'no number'}", *[""] * (len(head) - 2)])
            continue
        base = key == cell["base"]
        ratio = None if base else ratios(cell, key, first["key"])
        row = [
            key + (" (failed in some rounds)" if failed else ""),
            three(own),
            "1" if base else three(ratio),
        ]
        if judged:
            row.append(verdict(ratio, first["better"]))
        for metric in others:
            other = spread(cell, key, metric["key"])
            row.append(number(other.mid) if other else "-")
            if metric["compare"]:
                row.append(
                    "1" if base and other else three(None if base else ratios(cell, key, metric["key"]))
                )
        rows.append(row)
    return head, rows


def measured(results: Data) -> bool:
    """Whether the run has any number of mezame beside a rival's."""
    return any(
        cell["base"] == "mezame" and ratios(cell, key, bench["metrics"][0]["key"])
        for bench in results["benches"]
        for cell in bench["cells"]
        for key in cell["jobs"]
        if key != "mezame"
    )


def losses(results: Data) -> list[str]:
    """What mezame loses in the median: a line per cell and metric, in it the rivals, the worst first. A floor is no
    rival: nobody can be below it."""
    lines = []
    for bench in results["benches"]:
        for cell in bench["cells"]:
            for metric in bench["metrics"]:
                if cell["base"] == "mezame" and metric["compare"]:
                    lost = _lost(cell, metric)
                    if lost:
                        place = f"{bench['title']}, {cell['label']}, {metric['label']}"
                        lines.append(f"{place}: {', '.join(lost)}")
    return lines


def _lost(cell: Data, metric: Data) -> list[str]:
    """The rivals that are ahead of mezame in one metric, with by how much mezame is behind."""
    ahead = []
    for key in cell["jobs"]:
        ratio = ratios(cell, key, metric["key"]) if key not in ("mezame", "floor") else None
        if ratio is None:
            continue
        behind = 1 / ratio.mid if metric["better"] == "less" else ratio.mid
        if behind >= 1 + EVEN:
            unsure = "" if ratio.low > 1 or ratio.high < 1 else " (rounds disagree)"
            ahead.append((behind, f"{number(behind)}x worse than {key}{unsure}"))
    return [text for _, text in sorted(ahead, reverse=True)]
