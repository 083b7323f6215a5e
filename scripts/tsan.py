"""``make tsan``: the compiled modules under ThreadSanitizer, on a free-threaded Python.

    python3.13t scripts/tsan.py [rounds]

Builds them with -fsanitize=thread into build/tsan (minutes), runs ``scripts/tsan_load.py`` with them, and prints the
data races that it finds. The interpreter is not built so. Two orders of events are therefore hidden from the tool, and
what only they explain is counted but not shown: an object is freed after its last reference was given back (the count
is the interpreter's), and memory is used again after it was freed (its allocator). The locks of our own modules are
announced to it in ``core/guard.pxd``. Exit status 1 if a race is left.
"""

from __future__ import annotations

import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
BUILD = ROOT / "build" / "tsan"
LOG = ROOT / "build" / "tsan-log"
# The function of one of the two accesses, if it is about an object's death or birth, or under a lock of the interpreter
# (the condition of a Parker).
BIRTH_OR_DEATH = re.compile(
    r"__pyx_tp_(dealloc|finalize|traverse|clear|new)|^(free|malloc|calloc|realloc|memset|memmove|memcpy)$|__make_|__start_|__init__|Parker_unpark"
)


def build() -> None:
    flags = {"CFLAGS": "-fsanitize=thread -g -O1 -Wno-tsan", "LDFLAGS": "-fsanitize=thread"}
    flags["MEZAME_REQUIRE_COMPILED"] = "1"
    command = [sys.executable, "setup.py", "-q", "build", "--build-base", "build/tsan-base", "--build-lib", str(BUILD)]
    subprocess.run(command, cwd=ROOT, env=os.environ | flags, check=True)


def run(rounds: str) -> None:
    library = subprocess.run(["gcc", "-print-file-name=libtsan.so"], capture_output=True, text=True, check=True)
    for old in LOG.parent.glob(LOG.name + ".*"):
        old.unlink()
    env = os.environ | {
        "LD_PRELOAD": library.stdout.strip(),
        "TSAN_OPTIONS": f"history_size=4 report_signal_unsafe=0 exitcode=0 log_path={LOG}",
        "PYTHONPATH": str(BUILD),
    }
    # -R: without the randomised addresses, which the tool does not know all layouts of.
    command = ["setarch", "-R", sys.executable, str(ROOT / "scripts" / "tsan_load.py"), rounds]
    subprocess.run(command, env=env, check=True, timeout=900)


def races() -> list[tuple[list[str], str]]:
    """(the first named frame of each access, the report) of each race."""
    found = []
    for path in LOG.parent.glob(LOG.name + ".*"):
        for report in path.read_text().split("=================="):
            if "data race" not in report:
                continue
            accesses = re.split(r"\n\s*\n", report)[:2]
            found.append(([first_frame(access) for access in accesses], report))
    return found


def first_frame(access: str) -> str:
    """The function in which the access is; "" if the tool has lost it. The tool has no names of static functions."""
    frame = re.search(r"#0 (\S+).*?(\(([^()]+)\+(0x[0-9a-f]+)\))?$", access, re.M)
    if frame is None:
        return ""
    name, _, library, offset = frame.groups()
    if name == "<null>" and library is not None:
        files = list(BUILD.rglob(library))
        if files:
            command = ["addr2line", "-f", "-e", str(files[0]), offset]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[0]
    return name


def main() -> int:
    build()
    run(sys.argv[1] if len(sys.argv) > 1 else "3")
    hidden: collections.Counter[str] = collections.Counter()
    left = 0
    for names, report in races():
        explained = next((name for name in names if BIRTH_OR_DEATH.search(name)), None)
        if explained is None:
            left += 1
            print(report)
        else:
            hidden[explained] += 1
    print(f"{sum(hidden.values())} reports about an object's birth or death: explained at the top of this script")
    for name, count in hidden.most_common():
        print(f"  {count:4} {name}")
    print(f"{left} data races")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
