#!/usr/bin/env bash
# make bench: the comparison, on CPython 3.13 where there is one (the goals are stated for it).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13 "$(command -v python3.13 || true)"; do
  if [[ -x $candidate ]]; then python=$candidate; break; fi
done
venv=.venv/bench
[[ -x $venv/bin/python ]] || "$python" -m venv "$venv"
install() { # install PYTHON RIVALS...: mezame, compiled, and the rivals; matplotlib only where there is a wheel of it
  local python=$1
  shift
  MEZAME_REQUIRE_COMPILED=1 "$python" -m pip install -q --disable-pip-version-check . "$@"
  "$python" -m pip install -q --disable-pip-version-check --only-binary :all: matplotlib ||
    echo "no matplotlib for $("$python" -V): its plots are left out" >&2
}
install "$venv/bin/python" uvloop aiofastnet trio
"$venv/bin/python" -m benches "$@"
# Several workers: where Python code runs in parallel.
threaded=$(command -v python3.13t || true)
if [[ -z $threaded && -x ../shared/install-python3.13t ]]; then threaded=$(../shared/install-python3.13t); fi
if [[ -n $threaded && $# -eq 0 ]]; then
  [[ -x $venv-t/bin/python ]] || "$threaded" -m venv "$venv-t"
  install "$venv-t/bin/python" trio
  "$venv-t/bin/python" -m benches --out out/bench-t
fi
