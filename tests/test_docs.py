"""The docs are programs: every python block of every page and README runs, and prints what the page shows.

The blocks of a page are one program: one namespace, in order. What a page may say about a block, in an HTML comment
on a line before the fence:

    <!-- docs: new program -->      begins with an empty namespace
    <!-- docs: not run -->          is shown only (of another library, say)
    <!-- docs: needs trio -->       the rest of the page needs this package; without it the rest is left out

A fence ```text title="output" holds what the python blocks since the last such fence have printed.
The other tests hold generated parts of the pages against what they were generated from.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import linecache
import pkgutil
import re
import sys
import types
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mezame
from mezame.core.state import TABLE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$", re.M | re.S)
COMMENT = re.compile(r"<!-- docs: ([^>]*?) -->\s*\Z")


def script(name: str) -> types.ModuleType:
    """A module of scripts/, which is no package."""
    path = ROOT / "scripts" / f"{name}.py"
    sys.path.insert(0, str(path.parent))
    try:
        spec = importlib.util.spec_from_file_location(f"scripts_{name}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look there
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent))
    return module


def blocks(text: str):
    """(info string, body, line of the body, what the comment before it says) of each fence."""
    for found in FENCE.finditer(text):
        said = COMMENT.search(text[: found.start()])
        indent = len(found["indent"])
        body = "".join(line[indent:] or "\n" for line in found["body"].splitlines(keepends=True))
        yield found["info"].strip(), body, text[: found.start("body")].count("\n"), said[1] if said else ""


class Program:
    """The program of a page: a module that is imported under a name of its own, so that it may be pickled, traced."""

    def __init__(self, page: Path) -> None:
        self.file = str(page)
        self.printed = io.StringIO()
        self.restart()

    def restart(self) -> None:
        self.module = types.ModuleType("__main__")
        self.module.__file__ = self.file

    def run(self, code: str, line: int) -> None:
        # Blank lines before it: a traceback names the line of the page.
        compiled = compile("\n" * line + code, self.file, "exec")
        with contextlib.redirect_stdout(self.printed):
            exec(compiled, self.module.__dict__)

    def take_output(self) -> str:
        text = self.printed.getvalue()
        self.printed.seek(0)
        self.printed.truncate()
        return text


@pytest.mark.parametrize("name", [name for name in NAMES if "```python" in (ROOT / name).read_text(encoding="utf-8")])
def test_page_runs_and_prints_what_it_shows(name):
    page = ROOT / name
    program = Program(page)
    linecache.checkcache(str(page))
    ran = 0
    for info, body, line, said in blocks(page.read_text(encoding="utf-8")):
        if said.startswith("needs "):
            package = said.removeprefix("needs ")
            if importlib.util.find_spec(package) is None:
                pytest.skip(f"the rest of {name} needs {package}; the {ran} blocks before it ran")
        if info == 'text title="output"':
            assert program.take_output().strip() == body.strip(), f"{name}:{line + 1}"
        elif info.split(" ")[0] == "python" and said != "not run":
            if said == "new program":
                program.restart()
            program.run(body, line)
            ran += 1
    assert ran


def test_comments_to_this_file_are_understood():
    known = re.compile(r"new program|not run|needs \w+")
    for page in PAGES:
        for said in re.findall(r"<!-- docs:([^>]*)-->", page.read_text(encoding="utf-8")):
            assert known.fullmatch(said.strip()), (page, said)


# --- generated parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in NAMES if "<!-- nine-steps:" in (ROOT / n).read_text(encoding="utf-8")])
def test_the_nine_steps_are_those_of_a_real_run(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert script("nine_steps").filled(text) == text, f"{name} is old: run scripts/nine_steps.py"


def test_readmes_and_the_japanese_page_show_the_nine_steps():
    for name in ("README.md", "README.ja.md", "docs/ja/index.md", "docs/tutorial.md"):
        assert "<!-- nine-steps:" in (ROOT / name).read_text(encoding="utf-8")


def public_packages() -> list[str]:
    """``mezame`` and each of its modules that has an ``__all__``: what users import from."""
    names = ["mezame"]
    for found in pkgutil.walk_packages(mezame.__path__, "mezame."):
        if found.name.startswith(("mezame.cli", "mezame.__main__", "mezame.testing.plugin")):
            continue
        if hasattr(importlib.import_module(found.name), "__all__"):
            names.append(found.name)
    return names


def shown(page: str) -> set[str]:
    """The names that an API page documents: those of its table."""
    return set(re.findall(r"^\| \[`(\w+)`\]", page, re.M))


@pytest.mark.parametrize("package", public_packages())
def test_api_page_shows_every_public_name(package):
    public = set(importlib.import_module(package).__all__)
    path = script("api_pages").page_of(package)
    assert path.exists(), f"{package} has no API page: run scripts/api_pages.py"
    page = path.read_text(encoding="utf-8")
    assert shown(page) == public, f"{path.name} is old: run scripts/api_pages.py"
    documented = re.findall(r"^::: ([\w.]+)", page, re.M)
    for name in public:
        value = getattr(importlib.import_module(package), name)
        if not isinstance(value, types.ModuleType):
            # Each is rendered, here or (what is exported twice) on the page that the table links to.
            assert any(one.rpartition(".")[2] == name for one in documented) or f"`{name}`](" in page, name


def test_api_pages_are_as_generated():
    for path, text in script("api_pages").pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is old: run scripts/api_pages.py"


def test_bench_tables_are_those_of_the_benchmarks_page():
    bench = script("bench_table")
    for name in ("README.md", "README.ja.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert bench.filled(text, name) == text, f"{name} is old: run scripts/bench_table.py"


def test_the_diagram_of_states_is_the_table():
    page = (DOCS / "design" / "task-state.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^    (\w+) --> (\w+): (\w+)$", page, re.M))
    changes = {(before, after, event) for (before, event), (after, _) in TABLE.items() if before != after}
    table = {one for one in changes if "+" not in one[0] + one[1]}
    assert drawn == table


def mermaid_blocks():
    return [
        pytest.param(body, id=f"{page.stem}:{line}")
        for page in PAGES
        for info, body, line, _ in blocks(page.read_text(encoding="utf-8"))
        if info == "mermaid"
    ]


@pytest.mark.parametrize("source", mermaid_blocks())
def test_the_site_draws_each_diagram_by_itself(source):
    drawn = ElementTree.fromstring(script("diagrams").draw(source))
    _, _, width, height = map(float, drawn.get("viewBox").split())
    shown = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    for one in drawn.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 < float(one.get("x")) < width and 0 < float(one.get("y")) < height, one.text
    words = re.findall(r'"([^"]+)"|: (.+)| as (.+)', source)
    for text in (word for found in words for word in found if word):
        for line in text.split("<br/>"):
            assert any(line in one for one in shown), line


@pytest.mark.parametrize("source", ["pie", "flowchart TD\nA --- B", "sequenceDiagram\nA->B: x", "stateDiagram-v2\nA B"])
def test_a_diagram_that_cannot_be_drawn_stops_the_build(source):
    diagrams = script("diagrams")
    with pytest.raises(diagrams.UnknownDiagram):
        diagrams.draw(source)


# --- names ------------------------------------------------------------------------------------------------------------


def exists(dotted: str) -> bool:
    """True if ``mezame.a.b`` can be reached by imports and attributes."""
    value = mezame
    for part in dotted.split(".")[1:]:
        if not hasattr(value, part):
            if not isinstance(value, types.ModuleType) or importlib.util.find_spec(f"{value.__name__}.{part}") is None:
                return False
            importlib.import_module(f"{value.__name__}.{part}")
        value = getattr(value, part)
    return True


def test_names_that_the_pages_mention_exist():
    folders = [page for name in ("guide", "design", "ja") for page in (DOCS / name).glob("*.md")]
    for page in [*PAGES[:2], *folders, DOCS / "tutorial.md"]:
        text = page.read_text(encoding="utf-8").partition("## Not in this version")[0]
        for name in re.findall(r"`(mezame(?:\.\w+)+)", text):
            assert exists(name), f"{page}: {name}"


def test_what_is_not_in_this_version_is_not():
    text = (DOCS / "guide" / "from-tokio.md").read_text(encoding="utf-8").partition("## Not in this version")[2]
    for name in re.findall(r"`(mezame(?:\.\w+)+)`", text):
        assert not exists(name), f"{name} is there now: move it to the table of names in from-tokio.md"


def test_every_example_is_on_the_page_of_examples():
    page = (DOCS / "guide" / "examples.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`examples/(\w+)\.py`", page)) == {path.stem for path in (ROOT / "examples").glob("*.py")}


# --- links ------------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and Markdown make them of plain words."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M):
        explicit = re.search(r"\{ *#([\w-]+) *\}", heading)
        words = re.sub(r"[^\w\s-]", "", re.sub(r"`|\{.*\}", "", heading)).strip().lower()
        found.add(explicit[1] if explicit else re.sub(r"[\s-]+", "-", words))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name):
    page = ROOT / name
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{name}: {target}"
        if anchor and path.suffix == ".md" and "api" not in path.parts:
            assert anchor in anchors(path), f"{name}: {target}: only {sorted(anchors(path))}"


def test_files_that_the_docs_name_exist():
    for page in PAGES:
        if page.parts[-2:-1] == ("api",):
            continue
        text = page.read_text(encoding="utf-8")
        for file in re.findall(r"`((?:src/mezame|tests|examples|scripts|benches)/[\w/.]+\.(?:py|sh|pxd|c))`", text):
            assert (ROOT / file).exists(), f"{page}: {file}"
        for file in re.findall(
            r"`((?:core|driver|runtime|scheduler|sync|net|time|future|task|testing|cli)/\w+\.(?:py|pxd))`", text
        ):
            assert (ROOT / "src" / "mezame" / file).exists(), f"{page}: {file}"


def test_every_page_is_in_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        assert str(page.relative_to(DOCS)) in nav, page
