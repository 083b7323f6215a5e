"""Bar charts of the results, one file per bench, if matplotlib can be imported."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benches.summary import spread

MEZAME, OTHERS, FLOOR = "#c2410c", "#64748b", "#0f766e"


def available() -> bool:
    """Whether plots can be drawn here."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def _colour(job: dict[str, Any]) -> str:
    return {"mezame": MEZAME, "c": FLOOR}.get(job["runtime"], OTHERS)


def _bars(axes: Any, bench: dict[str, Any], cell: dict[str, Any]) -> None:
    """One cell: medians as bars, minimum to maximum as whiskers."""
    metric = bench["metrics"][0]
    rows = [(key, spread(cell, key, metric["key"])) for key in cell["jobs"]]
    shown = [(key, own) for key, own in rows if own is not None]
    axes.barh(
        range(len(shown)),
        [own.mid for _, own in shown],
        xerr=[[own.mid - own.low for _, own in shown], [own.high - own.mid for _, own in shown]],
        color=[_colour(cell["jobs"][key]) for key, _ in shown],
        ecolor="#1e293b",
        capsize=2,
    )
    axes.set_yticks(range(len(shown)), [key for key, _ in shown], fontsize=8)
    axes.invert_yaxis()
    axes.set_title(cell["label"], fontsize=9)
    axes.set_xlabel(f"{metric['label']}, {metric['unit']} ({metric['better']} is better)", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)


def draw(results: dict[str, Any], folder: Path) -> list[Path]:
    """Draws every bench into ``folder``; the files it wrote."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    written = []
    for bench in results["benches"]:
        cells = bench["cells"]
        if not cells:
            continue
        columns = min(3 if len(cells) > 4 else 2, len(cells))
        lines = math.ceil(len(cells) / columns)
        tallest = max(len(cell["jobs"]) for cell in cells)
        size = (5.2 * columns, lines * (1.2 + 0.28 * tallest) + 0.5)
        figure, grid = pyplot.subplots(lines, columns, figsize=size, squeeze=False)
        for axes in grid.flat[len(cells) :]:
            axes.set_visible(False)
        for axes, cell in zip(grid.flat, cells, strict=False):
            _bars(axes, bench, cell)
        figure.suptitle(bench["title"], fontsize=11)
        figure.tight_layout()
        path = folder / f"{bench['name']}.svg"
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
        written.append(path)
    return written
