"""Imports point down only, and there is no cycle: the structure that ``design`` promises."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "src" / "mezame"
RANKS = {
    "errors": 0, "core": 1, "driver": 2, "scheduler": 2, "runtime": 3, "future": 4, "time": 4, "sync": 4, "io": 4,
    "fs": 5, "net": 5, "signal": 5, "process": 6, "task": 5, "stream": 6, "codec": 7, "trace": 8, "testing": 8,
    "cli": 9,
}  # fmt: skip
DIAGRAM = Path(__file__).parent.parent / "docs" / "design" / "index.md"
ONLY_C = {"atomic.pxd", "bound.pxd", "immortal.pxd", "shelf.pxd"}  # C, with nothing to say in Python
LONG: dict[str, str] = {}  # a file of more than 500 lines, and why it is one concept


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def imported_by(path):
    """(target module, at top level) for each import of ours in a file."""
    package = path.relative_to(ROOT).parts[:-1]
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            if node.module:
                yield ".".join((*base, *node.module.split("."))), id(node) in top
            else:
                for alias in node.names:
                    yield ".".join((*base, alias.name)), id(node) in top


def files(pattern="*.py"):
    return [p for p in sorted(ROOT.rglob(pattern)) if p.name not in ("__init__.py", "__main__.py")]


@pytest.mark.parametrize("path", files(), ids=module_of)
def test_imports_point_down(path):
    mine = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for target, _ in imported_by(path):
        theirs = target.split(".")[0]
        assert RANKS[theirs] <= RANKS[mine], f"{module_of(path)} imports {target}, which is above it"
        if {mine, theirs} == {"driver", "scheduler"}:
            pytest.fail(f"{module_of(path)} imports {target}: drivers and schedulers do not know each other")


def test_there_is_no_cycle_of_imports():
    graph = {}
    names = {module_of(p) for p in files()}
    for path in files():
        graph[module_of(path)] = {t for t, top in imported_by(path) if top and t in names}
    seen, stack = set(), []

    def visit(name):
        assert name not in stack, " -> ".join([*stack[stack.index(name) :], name])
        if name in seen:
            return
        stack.append(name)
        for target in sorted(graph.get(name, ())):
            visit(target)
        stack.pop()
        seen.add(name)

    for name in sorted(graph):
        visit(name)


def test_pxd_cimports_point_down():
    for path in files("*.pxd"):
        assert path.with_suffix(".py").exists() or path.name in ONLY_C, f"{path.name} has no .py beside it"
        mine = RANKS[path.relative_to(ROOT).parts[0].removesuffix(".pxd")]
        for dots, module in re.findall(r"^from (\.+)(\S+) cimport", path.read_text(), re.M):
            base = path.relative_to(ROOT).parts[: -len(dots)]
            target = (*base, *module.split("."))[0]
            assert RANKS[target] <= mine, f"{path}: {module}"


def test_nothing_is_left_unfinished_and_long_files_have_a_reason():
    for path in files():
        text = path.read_text()
        assert "NotImplemented" + "Error" not in text, path
        if len(text.splitlines()) > 500:
            assert str(path.relative_to(ROOT)) in LONG, f"{path} is over 500 lines: which two concepts?"


def test_the_diagram_of_the_design_has_every_package_in_its_layer():
    block = re.search(r"## Layers.*?```text\n(.*?)```", DIAGRAM.read_text(), re.S)
    lines = [{re.split(r"[: (]", part.strip())[0] for part in line.split("·")} for line in block[1].splitlines()]
    by_rank = [{name for name, rank in RANKS.items() if rank == one} for one in sorted({*RANKS.values()}, reverse=True)]
    assert lines == by_rank
    packages = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert packages - {"__init__", "__main__", "__pycache__"} == {*RANKS}
