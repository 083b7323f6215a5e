#!/usr/bin/env python3
"""Writes docs/api/: a page per public module, from its ``__all__``.

A page has a table of the module's names, each with the first sentence of its docstring, and below it the whole
docstrings (rendered by mkdocstrings when the site is built). What two modules export is documented on the page of
the smaller one, and linked from the other. Run it after a change of an ``__all__``; tests/test_docs.py compares.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import types
from pathlib import Path
from typing import Any

import mezame

ROOT = Path(__file__).parent.parent
API = ROOT / "docs" / "api"
SKIPPED = ("mezame.cli", "mezame.__main__", "mezame.testing.plugin")
INHERITING = ("mezame.stream.stream.Stream", "mezame.net.tls_stream.TlsStream")  # their methods are their bases'


def packages() -> list[str]:
    """``mezame`` and each module that has an ``__all__``."""
    names = ["mezame"]
    for found in pkgutil.walk_packages(mezame.__path__, "mezame."):
        if not found.name.startswith(SKIPPED) and hasattr(importlib.import_module(found.name), "__all__"):
            names.append(found.name)
    return names


def page_of(package: str) -> Path:
    """The page of a module."""
    return API / f"{package}.md"


def public_names(package: str) -> list[str]:
    """What the page of a module has to show."""
    module = importlib.import_module(package)
    return sorted(module.__all__, key=str.lower)


def home(name: str, value: Any, package: str) -> str:
    """The module in which an object is defined: what mkdocstrings reads. A number does not know: it is the package."""
    if name == "Poll":
        return "mezame.core.poll"
    return str(getattr(value, "__module__", package))


def sentence(value: Any) -> str:
    """The first sentence of a docstring, for a table; of a module's, what follows its name."""
    if isinstance(value, int | float | str):
        return f"{value:,}" if isinstance(value, int) else f"`{value!r}`"
    text = (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")
    if isinstance(value, types.ModuleType):
        text = re.sub(r"^[\w ]+(\([^)]*\))?: ", "", text)
        text = text[:1].upper() + text[1:]
    first = re.split(r"(?<=\.)\s", text, maxsplit=1)[0]
    return first.rstrip(":").replace("|", r"\|").replace("``", "`")


def pages() -> dict[Path, str]:
    """{path: text} of every page."""
    every = sorted(packages())
    # The page on which an object is documented: the deepest module that exports it; errors come last.
    order = sorted(every, key=lambda name: (name == "mezame.errors", name == "mezame", -name.count("."), name))
    owner: dict[str, str] = {}
    for package in order:
        module = importlib.import_module(package)
        for name in public_names(package):
            value = getattr(module, name)
            if not isinstance(value, types.ModuleType):
                owner.setdefault(f"{home(name, value, package)}.{_true_name(name, value)}", package)
    made = {}
    for package in every:
        made[page_of(package)] = page(package, owner, every)
    made[API / "index.md"] = index(every)
    return made


def _true_name(name: str, value: Any) -> str:
    return name if name == "Poll" else getattr(value, "__name__", name)


def page(package: str, owner: dict[str, str], every: list[str]) -> str:
    """One page."""
    module = importlib.import_module(package)
    lines = [f"# {package}", "", "<!-- Made by scripts/api_pages.py: do not edit. -->", ""]
    summary = (inspect.getdoc(module) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
    lines += [summary, "", "| name | |", "| --- | --- |"]
    own = []
    for name in public_names(package):
        value = getattr(module, name)
        if isinstance(value, types.ModuleType):
            link = f"{value.__name__}.md" if value.__name__ in every else "index.md"
            lines.append(f"| [`{name}`]({link}) | {sentence(value)} |")
            continue
        true = _true_name(name, value)
        path = f"{home(name, value, package)}.{true}"
        if path == "asyncio.exceptions.CancelledError":
            text = "`asyncio.CancelledError`, that very class: raised at the await of what is cancelled."
            lines.append(f"| [`{name}`](https://docs.python.org/3/library/asyncio-exceptions.html) | {text} |")
            continue
        where = owner[path]
        anchor = f"#{path}" if where == package else f"{where}.md#{path}"
        note = f"Another name for `{true}`." if true != name else sentence(value)
        lines.append(f"| [`{name}`]({anchor}) | {note} |")
        if where == package and path not in own:
            own.append(path)
    for path in own:
        lines += ["", f"::: {path}"]
        if path == "mezame.core.poll.Poll":  # the class that runs, not the one for type checkers
            lines += ["    options:", "      force_inspection: true"]
        if path in INHERITING:
            lines += ["    options:", "      inherited_members: true"]
    return "\n".join(lines) + "\n"


def index(every: list[str]) -> str:
    """The first page: which module has what."""
    lines = ["# API", "", "<!-- Made by scripts/api_pages.py: do not edit. -->", ""]
    lines += [
        "What a program needs is in `mezame` itself; the modules below it hold the rest. Every entry says what it",
        "does, what it takes (durations in seconds), what it raises, and whether it is *cancel safe*: whether an",
        "await of it that is cancelled loses anything.",
        "",
        "| module | |",
        "| --- | --- |",
    ]
    for package in every:
        lines.append(f"| [`{package}`]({package}.md) | {sentence(importlib.import_module(package))} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes them, and removes what has no module any more."""
    API.mkdir(exist_ok=True)
    made = pages()
    for old in set(API.glob("*.md")) - set(made):
        old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    print(f"{len(made)} pages in {API.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
