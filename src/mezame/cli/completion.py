"""Completion scripts for shells, made from the parser: a new option is completed without a word about it here."""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def words(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """What may follow: under "" the commands and the common options, under each command its options and choices."""
    found: dict[str, list[str]] = {"": []}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found[""] += action.choices
            for name, command in action.choices.items():
                found[name] = [word for one in command._actions for word in (*one.option_strings, *(one.choices or ()))]
        else:
            found[""] += action.option_strings
    return found


def completion_script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The completion script for one shell, for the installed command ``mezame``."""
    after = words(parser)
    first = " ".join(after.pop(""))
    if shell == "fish":
        lines = [f"complete -c mezame -f -n __fish_use_subcommand -a '{first}'"]
        for command, known in after.items():
            lines.append(f"complete -c mezame -n '__fish_seen_subcommand_from {command}' -a '{' '.join(known)}'")
        return "\n".join(lines)
    cases = "\n".join(f"    {command}) known='{' '.join(known)}' ;;" for command, known in after.items())
    script = f"""\
_mezame() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} known='{first}'
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
  if ((COMP_CWORD == 1)); then known='{first}'; fi
  if [[ ${{COMP_WORDS[COMP_CWORD-1]}} == --out ]]; then
    COMPREPLY=($(compgen -d -- "$current"))
  else
    COMPREPLY=($(compgen -W "$known" -- "$current"))
  fi
}}
complete -F _mezame mezame"""
    return f"autoload -U +X bashcompinit && bashcompinit\n{script}" if shell == "zsh" else script
