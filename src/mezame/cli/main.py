"""The command line of mezame: what is installed, and the demo."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .completion import SHELLS, completion_script

EXAMPLES = """\
examples:
  %(prog)s info                              what is installed
  %(prog)s demo --connections 100            a smaller demo
  source <(%(prog)s completion bash)         completion of the command mezame, in this shell
"""


class _Version(argparse.Action):
    """``--version``: imports mezame only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        import mezame

        print(f"mezame {mezame.__version__}")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    name = "mezame" if os.path.basename(sys.argv[0]) == "mezame" else "python -m mezame"
    parser = argparse.ArgumentParser(
        prog=name,
        description="mezame: a tokio-class async runtime for Python",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    about = "what is compiled, which driver, GIL or not"
    commands.add_parser("info", help=about, description=f"Prints {about}.")
    demo = commands.add_parser(
        "demo",
        help="a TCP service under 1,000 connections, and its nine steps",
        description="Runs a real TCP service, connects to it from another process, and draws the nine steps of one "
        "connection as they were recorded.",
    )
    demo.add_argument("--connections", type=int, default=1000, metavar="N", help="how many (default %(default)s)")
    demo.add_argument("--requests", type=int, default=5, metavar="N", help="per connection (default %(default)s)")
    demo.add_argument(
        "--out", default="out", metavar="FOLDER", help="where the SVG and Mermaid files go (default %(default)s)"
    )
    completion = commands.add_parser(
        "completion",
        help="print a shell's completion script",
        description="Prints the completion script of the command mezame for a shell.",
    )
    completion.add_argument("shell", choices=SHELLS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit status."""
    try:
        status = _run(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone; and nothing may be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(arguments: Sequence[str] | None) -> int:
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command == "info":
        from .info import print_info

        try:
            print_info(sys.stdout)
        except ValueError as error:  # an environment in which every run would fail
            print(f"{parser.prog} info: error: {error}", file=sys.stderr)
            return 1
        return 0
    if options.command == "demo":
        from .demo import run_demo

        return int(run_demo(options.connections, options.requests, options.out))
    if options.command == "completion":
        print(completion_script(options.shell, parser))
        return 0
    parser.print_help(sys.stderr)
    return 2
