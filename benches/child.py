"""The process that runs one measurement: ``python -m benches.child RUNTIME PROGRAM PARAMS_JSON``.

Prints the numbers as one line of JSON. A process per measurement keeps imports, garbage and memory of
one runtime away from the next.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys

from benches.programs import import_time

MODULES = {
    "mezame": "on_mezame",
    "asyncio": "on_asyncio",
    "uvloop": "on_asyncio",
    "trio": "on_trio",
    "floor": "on_floor",
    "threads": "on_threads",
}


def main() -> None:
    """Runs what the arguments name."""
    runtime, program, text = sys.argv[1:4]
    params = json.loads(text)
    if not params.pop("collector", True):
        gc.disable()
    if program == "import_time":
        numbers = import_time.measure(runtime, params)
    else:
        module = importlib.import_module(f"benches.programs.{MODULES[runtime]}")
        numbers = module.measure(runtime, program, params)
    print(json.dumps(numbers), flush=True)


if __name__ == "__main__":
    main()
