"""Draws the Mermaid diagrams of the docs as SVG when the site is built: its pages need no script from elsewhere.

The pages keep Mermaid, which GitHub shows by itself. Drawn is what they use of it, and nothing more: anything else
raises, and the build stops.

    sequenceDiagram             participant, A->>B: text, A-->>B: text, Note over A: text
    flowchart LR, flowchart TD  A["label"] -->|"label"| B --> C
    stateDiagram-v2             A --> B: label, [*]

A graph is laid out in layers, as is usual: edges that go back are turned round, nodes get the length of the longest
way to them as their layer, what passes a layer gets a place in it, labels too (they lie on layers of their own, between
those of the nodes), and some sweeps order each layer by the neighbours and pull its members towards them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

LINE, EM, PAD = 18, 14, 10  # height of a line of text, size of the font, space around text in a box


class UnknownDiagram(ValueError):
    """A line that this drawer does not know."""


def fence(source: str, language: str, css_class: str, options: object, md: object, **more: object) -> str:
    """The formatter that mkdocs.yml names for fences of Mermaid."""
    return f'<div class="diagram">{draw(source)}</div>'


def draw(source: str) -> str:
    """The SVG of one diagram."""
    kind, *lines = [line.strip() for line in source.strip().splitlines() if line.strip()]
    if kind == "sequenceDiagram":
        return _sequence(lines)
    if kind == "stateDiagram-v2":
        return _graph(_states(lines), down=True)
    if kind in ("flowchart LR", "flowchart TD"):
        return _graph(_flowchart(lines), down=kind.endswith("TD"))
    raise UnknownDiagram(f"{kind!r}: known are sequenceDiagram, flowchart LR or TD, stateDiagram-v2")


# --- pieces of SVG ----------------------------------------------------------------------------------------------------


def _width(text: str) -> float:
    """How wide a line of text is, generously: fonts differ."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return EM * (wide + 0.55 * (len(text) - wide) + 0.15 * sum(map(str.isupper, text)))


def _text(x: float, y: float, lines: list[str], css: str = "") -> str:
    """Lines of text around a point."""
    first = y - LINE * (len(lines) - 1) / 2 + EM * 0.35
    kind = f' class="{css}"' if css else ""
    return "".join(
        f'<text{kind} x="{x:.0f}" y="{first + LINE * at:.0f}">{escape(line)}</text>' for at, line in enumerate(lines)
    )


def _box(x: float, y: float, width: float, height: float, css: str, corner: int = 6) -> str:
    return (
        f'<rect class="{css}" x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" rx="{corner}"/>'
    )


def _tip(x: float, y: float, across: float, along: float) -> str:
    """The tip of an arrow that ends at a point; the direction is one of the axes'."""
    back, side = 9, 4
    ends = [(x - back * across + side * turn * along, y - back * along + side * turn * across) for turn in (1, -1)]
    points = " ".join(f"{a:.0f},{b:.0f}" for a, b in [(x, y), *ends])
    return f'<polygon class="tip" points="{points}"/>'


def _svg(width: float, height: float, parts: list[str]) -> str:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>{"".join(parts)}</svg>'


# --- sequence diagrams ------------------------------------------------------------------------------------------------


def _sequence(lines: list[str]) -> str:
    names: dict[str, str] = {}
    steps: list[tuple[str, str, str, bool]] = []  # from, to, text, dashed; a note is from "" to its lane
    for line in lines:
        if found := re.fullmatch(r"participant (\w+) as (.+)", line):
            names[found[1]] = found[2]
        elif found := re.fullmatch(r"Note over (\w+): (.+)", line):
            steps.append(("", found[1], found[2], False))
        elif found := re.fullmatch(r"(\w+)(--?)>>(\w+): (.+)", line):
            steps.append((found[1], found[3], found[4], found[2] == "--"))
        else:
            raise UnknownDiagram(line)
    lanes = list(names)
    at = {name: place for place, name in enumerate(lanes)}
    gaps = [100.0] * (len(lanes) - 1)
    for left, right in pairwise(range(len(lanes))):
        gaps[left] = max(gaps[left], (_width(names[lanes[left]]) + _width(names[lanes[right]])) / 2 + 4 * PAD)
    margin = max(_width(name) for name in names.values()) / 2 + 2 * PAD
    before, after = margin, margin
    for source, target, text, _ in steps:
        wide = _width(text) + 2 * PAD
        if source and source != target:  # the label lies between the two lanes
            low, high = sorted((at[source], at[target]))
            missing = (wide + 2 * PAD - sum(gaps[low:high])) / (high - low)
            for gap in range(low, high):
                gaps[gap] += max(missing, 0)
    x = [0.0]
    for gap in gaps:
        x.append(x[-1] + gap)
    for source, target, text, _ in steps:
        wide = _width(text) + 2 * PAD
        if not source:
            before = max(before, wide / 2 + PAD - x[at[target]])
            after = max(after, wide / 2 + PAD - (x[-1] - x[at[target]]))
        elif source == target:
            after = max(after, wide + 50 - (x[-1] - x[at[target]]))
    x = [one + before for one in x]
    row, top = 42, 44
    height = top + row * len(steps) + 24
    parts = [f'<line class="lane" x1="{one:.0f}" y1="{top - 10}" x2="{one:.0f}" y2="{height - 8}"/>' for one in x]
    for name, one in zip(lanes, x, strict=True):
        wide = _width(names[name]) + 2 * PAD
        parts += [_box(one, 20, wide, 30, "box"), _text(one, 20, [names[name]], "name")]
    for number, (source, target, text, dashed) in enumerate(steps):
        y = top + row * number + 30
        there = x[at[target]]
        css = "edge dashed" if dashed else "edge"
        if not source:
            parts += [_box(there, y - 6, _width(text) + 2 * PAD, 28, "note", 3), _text(there, y - 6, [text])]
        elif source == target:
            parts += [
                f'<path class="{css}" d="M{there:.0f} {y - 12} h34 v14 h-26"/>',
                _tip(there + 1, y + 2, -1, 0),
                _text(there + 44, y - 5, [text], "start"),
            ]
        else:
            here = x[at[source]]
            ahead = 1 if there > here else -1
            parts += [
                f'<path class="{css}" d="M{here:.0f} {y} H{there - 8 * ahead:.0f}"/>',
                _tip(there - ahead, y, ahead, 0),
                _text((here + there) / 2, y - 11, [text]),
            ]
    return _svg(x[-1] + after, height, parts)


# --- graphs -----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Node:
    """A node, or a place in a layer for a label or for an edge that passes. ``along`` is the layers' direction."""

    lines: list[str] = field(default_factory=list)
    kind: str = "pass"
    layer: int = 0
    along: float = 0.0
    across: float = 0.0
    width: float = 0.0
    height: float = 0.0
    before: list[_Node] = field(default_factory=list)
    after: list[_Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.lines:
            pad = 2 * PAD if self.kind == "box" else PAD
            self.width = max(map(_width, self.lines)) + pad
            self.height = LINE * len(self.lines) + pad * 0.8
        if self.kind == "start":
            self.width = self.height = 14


@dataclass
class _Graph:
    nodes: dict[str, _Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], list[str]] = field(default_factory=dict)


def _flowchart(lines: list[str]) -> _Graph:
    graph = _Graph()
    piece = re.compile(r'\s*(?P<name>\w+)(?:\["(?P<label>[^"]+)"\])?\s*')
    arrow = re.compile(r'-->(?:\|(?:"(?P<quoted>[^"]+)"|(?P<plain>[^|"]+))\|)?')
    for line in lines:
        at, last, label = 0, None, ""
        while at < len(line):
            found = piece.match(line, at)
            if found is None:
                raise UnknownDiagram(line)
            name = found["name"]
            if found["label"]:
                graph.nodes[name] = _Node(found["label"].split("<br/>"), "box")
            elif name not in graph.nodes:
                graph.nodes[name] = _Node([name], "box")
            if last is not None:
                graph.edges.setdefault((last, name), []).append(label)
            last, at = name, found.end()
            if at < len(line):
                found = arrow.match(line, at)
                if found is None:
                    raise UnknownDiagram(line)
                label, at = found["quoted"] or found["plain"] or "", found.end()
    return graph


def _states(lines: list[str]) -> _Graph:
    graph = _Graph()
    for line in lines:
        found = re.fullmatch(r"(\w+|\[\*\]) --> (\w+)(?:: (.+))?", line)
        if found is None:
            raise UnknownDiagram(line)
        for name in found.group(1, 2):
            graph.nodes.setdefault(name, _Node([], "start") if name == "[*]" else _Node([name], "box"))
        graph.edges.setdefault((found[1], found[2]), []).append(found[3] or "")
    return graph


def _backward(graph: _Graph) -> set[tuple[str, str]]:
    """The edges that close a cycle, as a walk from the first node meets them."""
    back: set[tuple[str, str]] = set()
    state: dict[str, int] = {}

    def visit(name: str) -> None:
        state[name] = 1
        for edge in graph.edges:
            if edge[0] == name:
                if state.get(edge[1]) == 1:
                    back.add(edge)
                elif edge[1] not in state:
                    visit(edge[1])
        state[name] = 2

    for name in graph.nodes:
        if name not in state:
            visit(name)
    return back


def _layers(graph: _Graph) -> tuple[list[list[_Node]], list[tuple[list[_Node], bool]]]:
    """The layers, and each edge as the chain of nodes and places that it goes through, with whether it goes back."""
    back = _backward(graph)
    forward = [(b, a) if (a, b) in back else (a, b) for a, b in graph.edges]
    for _ in graph.nodes:
        for a, b in forward:
            graph.nodes[b].layer = max(graph.nodes[b].layer, graph.nodes[a].layer + 2)
    chains = []
    for edge, (a, b) in zip(graph.edges, forward, strict=True):
        first, last = graph.nodes[a], graph.nodes[b]
        labels = [label for label in graph.edges[edge] if label]
        middle = (first.layer + last.layer) // 2 | 1
        chain = [first]
        for layer in range(first.layer + 1, last.layer):
            lines = [", ".join(labels)] if labels and layer == middle else []
            chain.append(_Node(lines, "label" if lines else "pass", layer))
        chain.append(last)
        for one, other in pairwise(chain):
            one.after.append(other)
            other.before.append(one)
        chains.append((chain, edge in back))
    members = [*graph.nodes.values(), *(node for chain, _ in chains for node in chain[1:-1])]
    layers: list[list[_Node]] = [[] for _ in range(max(node.layer for node in members) + 1)]
    for node in members:
        layers[node.layer].append(node)
    return layers, chains


def _order(layers: list[list[_Node]]) -> None:
    """Members of a layer in the order of their neighbours' places, sweeping forth and back."""
    place = {node: float(at) for layer in layers for at, node in enumerate(layer)}
    for sweep in range(12):
        for layer in layers if sweep % 2 == 0 else reversed(layers):

            def middle(node: _Node) -> float:
                near = node.before if sweep % 2 == 0 else node.after  # noqa: B023
                return sum(place[one] for one in near) / len(near) if near else place[node]

            layer.sort(key=middle)
            place.update({node: float(at) for at, node in enumerate(layer)})


def _spread(layers: list[list[_Node]], down: bool) -> None:
    """Places: layers one after the other; within a layer, near the neighbours and clear of each other."""
    along = 0.0
    for layer in layers:
        depth = max((node.height if down else node.width) for node in layer)
        for node in layer:
            node.along = along + depth / 2
        along += depth + 20

    def need(one: _Node, other: _Node) -> float:
        half = (one.width + other.width) / 2 if down else (one.height + other.height) / 2
        return half + 24

    for layer in layers:
        for one, other in pairwise(layer):
            other.across = one.across + need(one, other)
    for _ in range(60):
        for layer in layers:
            wanted = [
                sum(other.across for other in near) / len(near) if (near := node.before + node.after) else node.across
                for node in layer
            ]
            # Clear of each other, once seen from the one end and once from the other; the middle of both is fair.
            low, high = wanted.copy(), wanted.copy()
            for at in range(1, len(layer)):
                low[at] = max(low[at], low[at - 1] + need(layer[at - 1], layer[at]))
            for at in range(len(layer) - 2, -1, -1):
                high[at] = min(high[at], high[at + 1] - need(layer[at], layer[at + 1]))
            for node, one, other in zip(layer, low, high, strict=True):
                node.across = (one + other) / 2


def _curve(points: list[tuple[float, float]], down: bool) -> str:
    """A smooth path through points (along, across); it begins and ends in the direction of the layers."""
    slopes = [0.0]
    for (a0, c0), _, (a1, c1) in zip(points, points[1:], points[2:], strict=False):
        slopes.append((c1 - c0) / (a1 - a0))
    slopes.append(0.0)
    steps = [points[0]]
    for ((a0, c0), slope0), ((a1, c1), slope1) in pairwise(zip(points, slopes, strict=True)):
        third = (a1 - a0) / 3
        steps += [(a0 + third, c0 + slope0 * third), (a1 - third, c1 - slope1 * third), (a1, c1)]
    shown = [f"{c:.0f} {a:.0f}" if down else f"{a:.0f} {c:.0f}" for a, c in steps]
    return f"M{shown[0]} C{' '.join(shown[1:])}"


def _graph(graph: _Graph, down: bool) -> str:
    layers, chains = _layers(graph)
    _order(layers)
    _spread(layers, down)
    nodes = [node for layer in layers for node in layer]

    def side(node: _Node) -> float:
        return (node.width if down else node.height) / 2

    shift = PAD - min(node.across - side(node) for node in nodes)
    across = shift + max(node.across + side(node) for node in nodes) + PAD
    along = max(node.along + (node.height if down else node.width) / 2 for node in nodes) + PAD

    def point(node: _Node, end: int = 0) -> tuple[float, float]:
        """Along and across: the middle of a node, or of the side where edges leave (1) or enter (-1)."""
        deep = (node.height if down else node.width) / 2
        return node.along + end * deep + PAD, node.across + shift

    parts = []
    for chain, is_back in chains:
        points = [point(chain[0], 1), *map(point, chain[1:-1]), point(chain[-1], -1)]
        for end, near in ((0, chain[1]), (-1, chain[-2])):
            node = chain[end]
            others = sorted(node.before if end else node.after, key=lambda one: one.across)
            share = (others.index(near) + 1) / (len(others) + 1) - 0.5
            points[end] = (points[end][0], points[end][1] + 1.2 * side(node) * share)
        path = _curve(points, down)
        x, y = (points[0] if is_back else points[-1])[:: -1 if down else 1]
        ahead = -1 if is_back else 1
        parts += [f'<path class="edge" d="{path}"/>', _tip(x, y, 0 if down else ahead, ahead if down else 0)]
    for node in nodes:
        x, y = point(node)[:: -1 if down else 1]
        if node.kind == "start":
            parts.append(f'<circle class="tip" cx="{x:.0f}" cy="{y:.0f}" r="7"/>')
        elif node.kind == "box":
            parts += [_box(x, y, node.width, node.height, "box"), _text(x, y, node.lines)]
        elif node.kind == "label":
            parts += [_box(x, y, node.width, node.height, "label", 2), _text(x, y, node.lines)]
    return _svg(across, along + PAD, parts) if down else _svg(along + PAD, across, parts)
