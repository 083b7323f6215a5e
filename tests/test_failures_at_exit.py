"""A failure whose handle is held when Python ends: it is reported before, once, by the process in which it failed."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import mezame, os, sys
async def boom(): raise ValueError("lost at exit")
async def fail():
    global held
    held = mezame.spawn(boom())
    while not held.is_finished():
        await mezame.yield_now()
"""

WAYS = {
    "runtime": "runtime = mezame.Runtime(); runtime.block_on(fail())",
    "multi_thread": "runtime = mezame.Runtime('multi_thread'); runtime.block_on(fail())",
    "executor": "executor = mezame.Executor(); held = executor.spawn(boom()); executor.run()",
    "dropped executor": "executor = mezame.Executor(); held = executor.spawn(boom()); executor.run(); del executor",
    "blocking": (
        "def call(): raise ValueError('lost at exit')\n"
        "async def main():\n"
        "    global held\n"
        "    held = mezame.spawn_blocking(call)\n"
        "    while not held.is_finished(): await mezame.sleep(0.001)\n"
        "mezame.run(main())"
    ),
    "local set": (
        "local = mezame.task.LocalSet()\n"
        "async def main():\n"
        "    global held\n"
        "    held = local.spawn_local(boom())\n"
        "    while not held.is_finished(): await mezame.yield_now()\n"
        "mezame.run(local.run_until(main()))"
    ),
}


def end_of(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("way", WAYS)
def test_it_is_reported_once(way):
    done = end_of(PROGRAM + WAYS[way])
    assert done.stderr.count("ValueError: lost at exit") == 1
    assert done.stderr.count("nobody looked at its result") == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_was_looked_at_is_not_reported(way):
    done = end_of(PROGRAM + WAYS[way] + "\nheld.exception()")
    assert "lost at exit" not in done.stderr


def test_it_comes_before_the_end_of_a_log_that_is_configured_later(tmp_path):
    log = tmp_path / "log"
    configure = f"import logging; logging.basicConfig(filename={str(log)!r}, filemode='w')\n"
    end_of(PROGRAM + configure + WAYS["runtime"])
    assert log.read_text().count("ValueError: lost at exit") == 1


def test_on_unhandled_hears_of_it():
    listen = "import mezame.trace; mezame.trace.on_unhandled(lambda *what: print('heard', *what))\n"
    done = end_of(PROGRAM + listen + WAYS["runtime"])
    assert done.stdout.count("heard") == 1 and "lost at exit" in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_reports_its_own_and_not_its_parents():
    child = """
import warnings; warnings.simplefilter("ignore")
executor = mezame.Executor(); held = executor.spawn(boom(), name="of the parent"); executor.run()
pid = os.fork()
if pid == 0:
    mine = mezame.Executor(); also = mine.spawn(boom(), name="of the child"); mine.run()
    also_here = executor.spawn(boom(), name="by the old executor"); executor.run()
    sys.exit()
assert os.waitpid(pid, 0)[1] == 0
print("the child is gone", file=sys.stderr, flush=True)
"""
    of_child, of_parent = end_of(PROGRAM + child).stderr.split("the child is gone")
    assert "of the child" in of_child and "by the old executor" in of_child and "of the parent" not in of_child
    assert of_parent.count("of the parent") == 1 and "of the child" not in of_parent
