"""The command line, as a user calls it."""

import os
import pty
import re
import shutil
import subprocess
import sys

import pytest

import mezame
from mezame.cli.info import print_info


def cli(*arguments, **options):
    command = [sys.executable, "-m", "mezame", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **options)


def test_help_info_and_version():
    assert "info" in cli("--help").stdout
    info = cli("info")
    assert info.returncode == 0 and "I/O driver" in info.stdout and "GIL" in info.stdout and "\x1b" not in info.stdout
    assert cli("--version").stdout == f"mezame {mezame.__version__}\n"
    assert "(MEZAME_DRIVER)" in cli("info", env=os.environ | {"MEZAME_DRIVER": "selectors"}).stdout


def test_info_refuses_the_driver_that_a_run_would_refuse():
    info = cli("info", env=os.environ | {"MEZAME_DRIVER": "bogus"})
    assert info.returncode == 1 and "bogus" not in info.stdout
    assert "MEZAME_DRIVER must be 'epoll' or 'selectors', not 'bogus'" in info.stderr and "Traceback" not in info.stderr


def test_without_a_command_the_help_is_a_complaint():
    done = cli()
    assert done.returncode == 2 and "usage:" in done.stderr and not done.stdout


def test_colour_is_for_terminals_that_want_it(monkeypatch):
    ours, theirs = pty.openpty()

    def shown():
        print_info(terminal)
        terminal.write("the end")
        terminal.flush()
        text = ""
        while not text.endswith("the end"):  # a terminal gives what it has got so far
            text += os.read(ours, 10_000).decode()
        return text

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "w") as terminal:
        assert shown().startswith("\x1b[1mmezame")
        monkeypatch.setenv("NO_COLOR", "1")
        assert shown().startswith("mezame")
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.setenv("TERM", "dumb")
        assert shown().startswith("mezame")


def test_who_reads_our_output_may_stop():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "mezame", "info"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert done.returncode == 141 and not done.stderr


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_the_completion_of_bash_knows_commands_options_and_choices():
    script = cli("completion", "bash").stdout

    def complete(*words):
        line = " ".join(f"'{word}'" for word in words)
        ask = f"{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _mezame; echo ${{COMPREPLY[@]}}"
        return subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True).stdout.split()

    assert complete("mezame", "de") == ["demo"]
    assert complete("mezame", "demo", "--c") == ["--connections"]
    assert {"bash", "zsh", "fish"} <= set(complete("mezame", "completion", ""))


def test_other_shells_get_a_script_with_the_same_words():
    for shell in ("zsh", "fish"):
        script = cli("completion", shell).stdout
        assert "--connections" in script and "info" in script
    assert cli("completion", "csh").returncode == 2


def test_demo_records_all_nine_steps(tmp_path):
    done = cli("demo", "--connections", "20", "--requests", "2", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "20 connections, 40 requests" in done.stdout
    for step in ("1-2", "3 poll", "4-5", "5 Poll.Pending", "6 the driver", "6-7", "8 poll", "9 Poll.Ready"):
        assert len(re.findall(rf"   {step}", done.stdout)) == 1, (step, done.stdout)
    assert "sequenceDiagram" in (tmp_path / "nine-steps.mmd").read_text()
    assert "</svg>" in (tmp_path / "nine-steps.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--connections", "0"), "at least 1"),
        (("--requests", "-1"), "at least 1"),
        (("--connections", "1000000"), "at most"),
        (("--connections", "many"), "invalid int value"),
        (("--connections", "1", "--out", f"{os.devnull}/x"), "--out"),
    ],
)
def test_demo_says_what_is_wrong_before_it_runs(arguments, said):
    done = cli("demo", *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_demo_needs_as_many_open_files_as_it_has_connections():
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    done = cli("demo", "--connections", "1000", preexec_fn=limit)
    assert done.returncode == 2 and "open files" in done.stderr
