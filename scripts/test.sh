#!/usr/bin/env bash
# make test: lint, types, layers, then the suite in every configuration that this machine can run.
#   scripts/test.sh lint     only the first part
#   scripts/test.sh models   only the models of the scheduler, with one more switch of threads
# A configuration = an interpreter x compiled or pure, installed with `pip install .` into an environment of its
# own, so that what is tested is what users get.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-python3}
pip=(-m pip install -q --disable-pip-version-check)
ran=()

environment() { # environment NAME INTERPRETER
  [[ -x .venv/$1/bin/python ]] || "$2" -m venv ".venv/$1"
}

lint() {
  environment lint "$python"
  .venv/lint/bin/python "${pip[@]}" ruff mypy pytest
  .venv/lint/bin/ruff check src tests scripts examples benches setup.py
  .venv/lint/bin/mypy --strict -p mezame
  ran+=("ruff, mypy --strict")
}

suite() { # suite NAME INTERPRETER compiled|pure [pytest arguments]
  local name=$1 interpreter=$2 kind=$3
  shift 3
  environment "$name" "$interpreter"
  local bin=.venv/$name/bin
  "$bin/python" "${pip[@]}" pytest pytest-timeout trio "hypothesis<6.151"
  if [[ $kind == compiled ]]; then
    MEZAME_REQUIRE_COMPILED=1 "$bin/python" "${pip[@]}" --no-deps --force-reinstall .
  else
    MEZAME_PURE=1 "$bin/python" "${pip[@]}" --no-deps --force-reinstall .
  fi
  echo "== $name ($kind): $("$bin/python" -VV | head -1)"
  (cd tests && MEZAME_EXPECT=$kind "../$bin/python" -m pytest -c ../pyproject.toml --rootdir .. . "$@")
  (cd tests && MEZAME_EXPECT=$kind MEZAME_DRIVER=selectors "../$bin/python" -m pytest -c ../pyproject.toml --rootdir .. -k "net or runtime or time" . "$@")
  ran+=("$name ($kind): epoll and selectors")
}

models() {
  environment models "$python"
  .venv/models/bin/python "${pip[@]}" pytest pytest-timeout
  MEZAME_PURE=1 .venv/models/bin/python "${pip[@]}" --no-deps --force-reinstall .
  (cd tests && MEZAME_EXPECT=pure MEZAME_MODEL_SWITCHES=1 ../.venv/models/bin/python -m pytest -c ../pyproject.toml \
    --rootdir .. --timeout 3000 -v test_scheduler_model.py)
}

if [[ ${1:-} == models ]]; then
  models
  exit
fi
lint
if [[ ${1:-} != lint ]]; then
  suite py-compiled "$python" compiled
  suite py-pure "$python" pure
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13 "$(command -v python3.13 || true)"; do
    if [[ -x $candidate ]]; then suite py313-compiled "$candidate" compiled; break; fi
  done
  threaded=$(command -v python3.13t || true)
  if [[ -z $threaded && -x ../shared/install-python3.13t ]]; then threaded=$(../shared/install-python3.13t); fi
  if [[ -n $threaded ]]; then suite py313t-compiled "$threaded" compiled; fi
fi
echo "ran:"
printf '  %s\n' "${ran[@]}"
