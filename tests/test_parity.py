"""The parity table says the truth: every name resolves, every test exists and runs, the page is the file."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from test_docs import script

ROOT = Path(__file__).parent.parent
parity = script("parity_page")
ROWS = parity.load()
HERE = [row for row in ROWS if row.tested]


def title(row):
    return f"{row.area}-{row.name}"


@cache
def functions():
    return parity.test_functions()


@cache
def may_be_skipped(path):
    """The names of a file's tests that a mark or a call may skip, or expects to fail."""
    source = path.read_text(encoding="utf-8")
    tree, lines = ast.parse(source), source.splitlines()
    marked = re.compile(r"mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail|importorskip)\b|\bSkipTest\b")
    names = set()

    def visit(nodes, inherited):
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                visit(node.body, inherited or has_mark(node) or any(map(sets_mark, node.body)))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if inherited or marked.search(text_of(node)):
                    names.add(node.name)

    def text_of(function):
        first = min(one.lineno for one in (function, *function.decorator_list))
        return "\n".join(lines[first - 1 : function.end_lineno])

    def has_mark(node):
        return any(marked.search(ast.unparse(one)) for one in node.decorator_list)

    def sets_mark(node):
        return isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node) and marked.search(ast.unparse(node))

    visit(tree.body, any(map(sets_mark, tree.body)))
    return names


@pytest.mark.parametrize("row", HERE, ids=title)
def test_our_names_resolve(row):
    for name in row.names:
        assert name.startswith("mezame."), name
        assert parity.exists(name), f"{name} ({row.item}) does not exist"


@pytest.mark.parametrize("row", HERE, ids=title)
def test_the_tests_exist_and_are_not_skipped(row):
    assert row.tests
    for test in row.tests:
        assert test in functions(), f"{row.item}: there is no {test}"
        file, _, name = test.partition("::")
        assert name not in may_be_skipped(ROOT / file), f"{row.item}: {test} may be skipped"


def test_the_page_is_made_of_the_file():
    assert parity.PAGE.read_text(encoding="utf-8") == parity.page(ROWS), "run scripts/parity_page.py"


def test_the_page_counts_what_is_not_there_yet():
    rows = parity.SOURCE.read_text(encoding="utf-8").splitlines()[1:]
    missing = sum(line.split("\t")[5] == "not yet" for line in rows)
    text = parity.PAGE.read_text(encoding="utf-8")
    assert f"{missing} not yet.**" in text
    assert text.count("*not yet*") == missing
    assert len(rows) == len(ROWS)


def test_what_is_not_kept_has_a_reason_and_no_test():
    for row in ROWS:
        if not row.kept:
            assert row.test == "-" and row.note, row


def test_no_row_is_there_twice():
    items = [(row.area, row.item) for row in ROWS]
    assert len(set(items)) == len(items)


def test_the_resolver_tells_names_that_exist_from_others():
    assert parity.expand("a.{b,c.d}.e") == ["a.b.e", "a.c.d.e"]
    for name in ("mezame.run", "mezame.sync.mpsc.Sender.send", "mezame.runtime.Handle.id", "mezame.core.waker"):
        assert parity.exists(name)
    for name in ("mezame.walk", "mezame.sync.mpsc.Sender.sing", "mezame.runtime.Handle.nose", "mezame.core.waiter"):
        assert not parity.exists(name)


def test_marks_that_skip_are_seen():
    assert "test_an_unpark_is_never_lost" in may_be_skipped(ROOT / "tests" / "test_scheduler_model.py")
    assert not may_be_skipped(ROOT / "tests" / "test_parity_rows.py")
