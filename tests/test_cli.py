"""The command line, as a user calls it."""

import subprocess
import sys


def cli(*arguments):
    return subprocess.run([sys.executable, "-m", "mezame", *arguments], capture_output=True, text=True, timeout=60)


def test_help_info_completion():
    assert "info" in cli("--help").stdout
    info = cli("info")
    assert info.returncode == 0 and "I/O driver" in info.stdout and "GIL" in info.stdout
    assert "mezame" in cli("completion", "bash").stdout
    assert cli().returncode == 2


def test_demo_records_all_nine_steps(tmp_path):
    done = cli("demo", "--connections", "20", "--requests", "2", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "20 connections, 40 requests" in done.stdout
    for step in ("1-2", "3 poll", "4-5", "5 Poll.Pending", "6 the driver", "6-7", "8 poll", "9 Poll.Ready"):
        assert step in done.stdout, (step, done.stdout)
    assert "sequenceDiagram" in (tmp_path / "nine-steps.mmd").read_text()
    assert "</svg>" in (tmp_path / "nine-steps.svg").read_text()
