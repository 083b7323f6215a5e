"""The results as text on a terminal."""

from __future__ import annotations

from typing import Any

from benches.goals import check, remark
from benches.summary import losses, table


def aligned(head: list[str], rows: list[list[str]]) -> str:
    """Columns padded to their widest entry; a failure may run over."""
    shown = [row for row in rows if not (len(row) > 1 and row[1].startswith("failed"))]
    widths = [max(len(row[at]) for row in [head, *shown]) for at in range(len(head))]
    widths[0] = max(len(row[0]) for row in [head, *rows])
    lines = [head, *rows]
    text = ["  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)) for row in lines]
    return "\n".join(f"  {line.rstrip()}" for line in text)


def render(results: dict[str, Any]) -> str:
    """All tables, the goals, and what was lost."""
    parts = ["Ratios are rival / mezame, paired by round; three numbers are minimum / median / maximum."]
    for bench in results["benches"]:
        parts.append(f"\n{bench['title']} ({bench['name']})")
        for cell in bench["cells"]:
            rounds = len(cell["rounds"])
            parts.append(f"\n {cell['label']}, {rounds} round{'s' if rounds != 1 else ''}")
            parts.append(aligned(*table(bench, cell)))
        parts.extend(f"  note: {note}" for note in bench["notes"])
    for key, reason in results["skipped"].items():
        parts.append(f"\nskipped: {key}: {reason}")
    parts.append("\nGoals")
    for goal, measured, reached in check(results):
        parts.append(f"  {reached:<12}  {goal}: {measured}")
    note = remark(results)
    if note:
        parts.append(f"  {note}")
    lost = losses(results)
    if lost:
        parts.append("\nWhere mezame loses")
        parts.extend(f"  {line}" for line in lost)
    return "\n".join(parts)
