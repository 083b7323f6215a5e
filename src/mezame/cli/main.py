"""The command line of mezame: what is installed, and the demo."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

COMMANDS = ("info", "demo", "completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m mezame", description="mezame: a tokio-class async runtime for Python"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("info", help="what is compiled, which driver, GIL or not")
    demo = commands.add_parser("demo", help="a real TCP service under a thousand connections, and its nine steps")
    demo.add_argument("--connections", type=int, default=1000, help="how many (default 1000)")
    demo.add_argument("--requests", type=int, default=5, help="per connection (default 5)")
    demo.add_argument("--out", default="out", help="folder for the SVG and Mermaid files (default out)")
    completion = commands.add_parser("completion", help="print the shell completion script")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    options = parser.parse_args(arguments)
    if options.command == "info":
        from .info import print_info

        print_info(sys.stdout)
        return 0
    if options.command == "demo":
        from .demo import run_demo

        return int(run_demo(options.connections, options.requests, options.out))
    if options.command == "completion":
        print(completion_script(options.shell))
        return 0
    parser.print_help()
    return 2


def completion_script(shell: str) -> str:
    """The completion script for one shell, for the installed command ``mezame``."""
    words = " ".join(COMMANDS)
    if shell == "fish":
        return f"complete -c mezame -f -n __fish_use_subcommand -a '{words}'"
    if shell == "zsh":
        return f"#compdef mezame\n_arguments '1:command:({words})'"
    return f"complete -W '{words}' mezame"
