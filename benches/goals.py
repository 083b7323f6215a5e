"""What mezame sets out to reach, on CPython 3.13, and whether a run reached it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benches.summary import Spread, number, ratios, values
from benches.waits import ALONE, CONTENDED, PAIR
from benches.workers import COLLECTOR_OFF, label

GROWTH_LIMIT = 1.25
"""Per item, ten times the number may cost this much more before it counts as growth: caches are not free."""

C_FOR_SCALE = " (plain C, for scale)"


@dataclass(frozen=True)
class Goal:
    """``at_least``: rival / mezame must reach it. ``at_most``: mezame / rival must not pass it.
    Neither of them: mezame / rival must be below 1.

    ``margin``: mezame may have so much more than the rival, in the metric's unit.

    ``floor``: a row that nobody can be below; what it makes of the goal's ratio is told beside mezame's.

    For cells whose rows are all mezame's, with ``rival`` another row than the base: ``gain``, how many times the base's
    speed the row must reach; ``within``, how many times the base's cost it may have."""

    text: str
    bench: str
    rival: str
    metric: str
    cell: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    gain: float | None = None
    within: float | None = None
    margin: float | None = None
    floor: str | None = None

    def judge(self, ratio: Spread) -> tuple[str, bool]:
        """What was measured, in words, and whether the median reaches the goal."""
        if self.at_least is not None:
            return (
                f"{number(ratio.mid)}x ({number(ratio.low)} to {number(ratio.high)})",
                ratio.mid >= self.at_least,
            )
        if self.within is not None:
            text = f"{number(ratio.mid)} of it ({number(ratio.low)} to {number(ratio.high)})"
            return text, ratio.mid <= self.within
        if self.gain is not None:
            if self.metric != "rps":  # a cost
                ratio = Spread(1 / ratio.high, 1 / ratio.mid, 1 / ratio.low)
            text = f"{number(ratio.mid)}x ({number(ratio.low)} to {number(ratio.high)})"
            return text, ratio.mid >= self.gain
        own = Spread(1 / ratio.high, 1 / ratio.mid, 1 / ratio.low)
        text = f"{number(own.mid)} of it ({number(own.low)} to {number(own.high)})"
        return text, own.mid < 1 if self.at_most is None else own.mid <= self.at_most


SMALL = "50 x 1 KiB"
ONE, TWO = label(1), label(2)
GOALS = (
    Goal("task switch at least 10x as fast as asyncio", "switch", "asyncio", "wall_ns", at_least=10),
    Goal("task switch at least 5x as fast as uvloop", "switch", "uvloop", "wall_ns", at_least=5),
    Goal("spawn and join at least 4x as fast as asyncio", "spawn_join", "asyncio", "wall_ns", at_least=4),
    Goal("memory per idle task below asyncio's", "memory", "asyncio", "bytes", "idle"),
    Goal(
        "echo 50 x 1 KiB, server CPU per request at most 1.10x plain C's",
        "echo",
        "plain C",
        "cpu_us",
        SMALL,
        at_most=1.10,
        floor="floor",
    ),
    Goal("the same, below uvloop protocols'", "echo", "uvloop protocols", "cpu_us", SMALL),
    Goal(
        "the same, below uvloop + aiofastnet protocols'",
        "echo",
        "uvloop + aiofastnet protocols",
        "cpu_us",
        SMALL,
    ),
    Goal("the same, at most 0.6x uvloop streams'", "echo", "uvloop streams", "cpu_us", SMALL, at_most=0.6),
    Goal(
        "importing mezame costs at most 30 ms more than importing asyncio",
        "import_time",
        "asyncio",
        "import_ms",
        margin=30,
    ),
    Goal("mpsc at least 5x as fast as asyncio.Queue", "channels", "asyncio", "wall_ns", PAIR, at_least=5),
    Goal("an uncontended lock at least 5x as fast as asyncio's", "locks", "asyncio", "wall_ns", ALONE, at_least=5),
    Goal("a contended lock at least 3x as fast as asyncio's", "locks", "asyncio", "wall_ns", CONTENDED, at_least=3),
    Goal("2 workers compute 1.8x as fast as 1", "workers_compute", TWO, "wall_ns", gain=1.8),
    Goal("a JSON server on 2 workers serves 1.5x as much as on 1", "workers_json", TWO, "rps", gain=1.5),
    *(
        Goal(f"1 worker within 15 % of the current-thread runtime: {what}", bench, ONE, "wall_ns", within=1.15)
        for what, bench in (
            ("task switch", "workers_switch"),
            ("spawn and join", "workers_spawn"),
            ("ping-pong", "workers_ping_pong"),
            ("mpsc", "workers_mpsc"),
        )
    ),
    Goal(
        "the same, spawn and join with the garbage collector off",
        "workers_spawn",
        ONE,
        "wall_ns",
        COLLECTOR_OFF,
        within=1.15,
    ),
)


def _cell(results: dict[str, Any], bench: str, label: str | None) -> dict[str, Any] | None:
    """A cell by name; without a label, the bench's first."""
    for one in results["benches"]:
        if one["name"] == bench:
            for cell in one["cells"]:
                if label in (None, cell["label"]):
                    found: dict[str, Any] = cell
                    return found
    return None


def check(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each goal of the benches in this run: its text, what was measured, and ``reached``, ``not reached`` or
    ``not measured``."""
    rows = []
    run = {bench["name"] for bench in results["benches"]}
    for goal in GOALS:
        if goal.bench not in run:
            continue
        cell = _cell(results, goal.bench, goal.cell)
        ratio = ratios(cell, goal.rival, goal.metric) if cell and goal.rival in cell["jobs"] else None
        if ratio is None:
            rows.append((goal.text, "-", "not measured"))
            continue
        text, reached = goal.judge(ratio) if goal.margin is None else _more(cell, goal, goal.margin)
        rows.append((goal.text, text + _floor(cell, goal), "reached" if reached else "not reached"))
    return rows + _growth(results)


def _floor(cell: dict[str, Any], goal: Goal) -> str:
    """The floor's cost over the rival's, round by round, in words; empty without a floor."""
    if goal.floor is None or goal.floor not in cell["jobs"]:
        return ""
    both = zip(values(cell, goal.floor, goal.metric), values(cell, goal.rival, goal.metric), strict=True)
    over = Spread.of([floor / rival for floor, rival in both if floor is not None and rival])
    return f", the floor {number(over.mid)} ({number(over.low)} to {number(over.high)})" if over else ""


def _more(cell: dict[str, Any], goal: Goal, margin: float) -> tuple[str, bool]:
    """A goal with a margin: what mezame had more than the rival, round by round."""
    both = zip(values(cell, cell["base"], goal.metric), values(cell, goal.rival, goal.metric), strict=True)
    more = Spread.of([mine - theirs for mine, theirs in both if mine is not None and theirs is not None])
    if more is None:
        return "-", False
    return f"{number(more.mid)} more ({number(more.low)} to {number(more.high)})", more.mid <= margin


def _growth(results: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The growth goals. Connections cost the kernel more when there are many, whoever serves them, so
    there plain C's growth (the medians) is divided out."""
    rows = []
    for one in results["benches"]:
        for cell in one["cells"] if one["name"] == "growth" else []:
            if any(job["runtime"] != "mezame" for job in cell["jobs"].values()):
                continue
            ratio = ratios(cell, "10x", "cost_ns")
            text = f"10 times the number costs at most {GROWTH_LIMIT}x per item: {cell['label']}"
            reference = _cell(results, "growth", f"{cell['label']}{C_FOR_SCALE}")
            floor = ratios(reference, "10x", "cost_ns") if reference else None
            if ratio is None:
                rows.append((text, "-", "not measured"))
                continue
            measured = f"{number(ratio.mid)}x ({number(ratio.low)} to {number(ratio.high)})"
            growth = ratio.mid
            if floor is not None:
                text += ", beyond what plain C grows"
                measured += f", plain C {number(floor.mid)}x"
                growth /= floor.mid
            rows.append((text, measured, "reached" if growth <= GROWTH_LIMIT else "not reached"))
    return rows


def remark(results: dict[str, Any]) -> str:
    """Why the goals may not apply to a run as they stand; empty if they do."""
    words = []
    machine = results["machine"]
    if not machine["python"].startswith("3.13."):
        words.append(f"the goals are set for CPython 3.13, this is {machine['python']}")
    if machine["mezame_build"] not in (None, "compiled"):
        words.append(f"mezame is not fully compiled here ({machine['mezame_build']})")
    if results["settings"]["quick"]:
        words.append("a quick run is too short to judge by")
    return f"Note: {'; '.join(words)}." if words else ""
