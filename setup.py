"""The build: every ``.py`` with a ``.pxd`` beside it is compiled to C; all else stays as it is.

There is no other list. A machine without a C compiler compiles nothing: the same files then run
interpreted, with the same behaviour. The environment:

    MEZAME_PURE=1              compile nothing
    MEZAME_REQUIRE_COMPILED=1  fail instead of falling back to the interpreted package
    MEZAME_BUILD_JOBS=N        processes that translate and compile; default one per CPU
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
    # ``leaf.poll(None)`` raises instead of crashing the interpreter. Hot methods that no None can reach have it off.
    "nonecheck": True,
}
JOBS = int(os.environ.get("MEZAME_BUILD_JOBS", "0")) or (os.cpu_count() or 1)


class OptionalBuild(build_ext):
    """Compiles all or nothing: a missing compiler leaves a working, slower package and says so.

    Never a part: a compiled module reaches into the C structs of its neighbours.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        if self.parallel is None:
            self.parallel = JOBS

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:
            if os.environ.get("MEZAME_REQUIRE_COMPILED"):
                raise
            for built in self.get_outputs():
                Path(built).unlink(missing_ok=True)
            print(f"mezame: not compiled ({error}); the interpreted modules are used", file=sys.stderr)


def extensions() -> list[Extension]:
    """One extension per ``.pxd`` that has a ``.py`` beside it."""
    if PURE:
        return []
    try:
        from Cython import __version__ as cython_version
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
    # The C files go to build/, one folder per Cython: they are the same for all interpreters. Nothing is left in src/.
    return list(
        cythonize(
            found,
            build_dir=f"build/cython-{cython_version}",
            nthreads=JOBS if sys.platform == "linux" else 0,
            compiler_directives=DIRECTIVES,
            include_path=["src"],
            quiet=True,
        )
    )


if __name__ == "__main__":
    setup(ext_modules=extensions(), cmdclass={"build_ext": OptionalBuild})
