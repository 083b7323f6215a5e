"""The build: every ``.py`` with a ``.pxd`` beside it is compiled to C; all else stays as it is.

There is no other list. ``MEZAME_PURE=1`` compiles nothing, and so does a machine without a C
compiler: the same files then run interpreted, with the same behaviour.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
SOURCE = ROOT / "src"
PURE = os.environ.get("MEZAME_PURE", "") not in ("", "0")
# What the compiler may assume. Types live in the .pxd files only, so annotations must not become C types.
DIRECTIVES = {
    "language_level": "3",
    "annotation_typing": False,
    "binding": True,
    "embedsignature": False,
    "freethreading_compatible": True,
    "infer_types": None,
    "initializedcheck": False,
}


class OptionalBuild(build_ext):
    """Compiles what it can; a missing compiler leaves a working, slower package and says so."""

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:  # noqa: BLE001 - no compiler, no headers: the pure package still works
            if os.environ.get("MEZAME_REQUIRE_COMPILED"):
                raise
            print(f"mezame: not compiled ({error}); the interpreted modules are used", file=sys.stderr)

    def build_extension(self, ext: Extension) -> None:
        try:
            super().build_extension(ext)
        except Exception as error:  # noqa: BLE001
            if os.environ.get("MEZAME_REQUIRE_COMPILED"):
                raise
            print(f"mezame: {ext.name} not compiled ({error})", file=sys.stderr)


def extensions() -> list[Extension]:
    """One extension per ``.pxd`` that has a ``.py`` beside it."""
    if PURE:
        return []
    try:
        from Cython.Build import cythonize
    except ImportError as error:
        print(f"mezame: not compiled ({error}); the interpreted modules are used", file=sys.stderr)
        return []
    found = []
    for pxd in sorted(SOURCE.rglob("*.pxd")):
        source = pxd.with_suffix(".py")
        if source.name == "__init__.py" or not source.exists():
            continue
        name = ".".join(source.relative_to(SOURCE).with_suffix("").parts)
        flags = [] if sys.platform == "win32" else ["-O2", "-g0", "-fno-strict-aliasing", "-Wno-unreachable-code"]
        found.append(
            Extension(name, [str(source.relative_to(ROOT))], depends=[str(pxd)], extra_compile_args=flags)
        )
    workers = int(os.environ.get("MEZAME_BUILD_JOBS", "0")) or (os.cpu_count() or 1)
    tag = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    return list(
        cythonize(
            found,
            build_dir=f"build/cython-{tag}",
            nthreads=workers if sys.platform == "linux" else 0,
            compiler_directives=DIRECTIVES,
            include_path=["src"],
            quiet=True,
        )
    )


if __name__ == "__main__":
    setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
