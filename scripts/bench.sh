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
MEZAME_REQUIRE_COMPILED=1 "$venv/bin/python" -m pip install -q --disable-pip-version-check . uvloop aiofastnet trio matplotlib
exec "$venv/bin/python" -m benches "$@"
