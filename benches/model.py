"""The words the benches are described in: metric, job, cell, bench."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Metric:
    """One number that a measurement yields. ``better`` says which way is good; ``compare`` is off for
    numbers that only tell how the measurement went."""

    key: str
    label: str
    unit: str
    better: Literal["less", "more"] = "less"
    compare: bool = True


@dataclass(frozen=True)
class Job:
    """One measurement: a program, on a runtime, with its sizes. Runs in a process of its own."""

    runtime: str
    program: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """Jobs that are compared with each other; every ratio is ``job / base`` within one round."""

    label: str
    jobs: dict[str, Job]
    base: str = "mezame"
    rounds: int | None = None
    """Fewer rounds than the run's, where the matrix is large (None: as many as the run has)."""


@dataclass(frozen=True)
class Bench:
    """Cells that share metrics. The first metric is the one the bench is about."""

    name: str
    title: str
    what: str
    metrics: tuple[Metric, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = field(default=())
