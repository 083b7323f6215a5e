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
build=("setuptools>=77" "Cython>=3.3.1") # what pyproject.toml asks for
names=() kinds=() wants=()

# What another driver can change: sockets, pipes, signals, processes, timers, and how threads sleep and are woken.
driver=(test_net_*.py test_io_{async_fd,pipes,std}.py test_signal.py test_process_*.py test_time*.py test_runtime*.py
  test_multi_thread*.py test_dropped_waits.py test_rules.py test_core_coop.py)
# What another interpreter can change first: coroutines and threads, and all that stands on them.
core=(test_core_*.py test_future*.py test_task_*.py test_sync*.py test_stream_*.py test_runtime*.py test_multi_thread*.py
  test_time*.py test_signal.py test_net_{tcp,tls}.py)

environment() { # environment NAME INTERPRETER
  [[ -x .venv/$1/bin/python ]] || "$2" -m venv ".venv/$1"
}

lint() {
  environment lint "$python"
  .venv/lint/bin/python "${pip[@]}" ruff mypy pytest
  .venv/lint/bin/ruff check src tests scripts examples benches setup.py
  .venv/lint/bin/mypy --strict -p mezame
}

# prepare NAME INTERPRETER compiled|pure all|fewer|core: an environment with the package in it, to be tested so:
#   all     everything, with both drivers
#   fewer   the same, with a fifth of the examples of the property tests: another run of this interpreter has them all
#   core    the core alone, with a fifth of the examples
prepare() {
  environment "$1" "$2"
  local python=.venv/$1/bin/python build_option=(--no-build-isolation)
  # One configuration is built as a user's pip does it, in an environment of its own; the others save that download.
  if [[ $1 == py-compiled ]]; then build_option=(); fi
  "$python" "${pip[@]}" pytest pytest-timeout trio "hypothesis<6.151" "${build[@]}"
  if [[ $3 == compiled ]]; then
    MEZAME_REQUIRE_COMPILED=1 "$python" "${pip[@]}" "${build_option[@]}" --no-deps --force-reinstall .
  else
    MEZAME_PURE=1 "$python" "${pip[@]}" "${build_option[@]}" --no-deps --force-reinstall .
  fi
  names+=("$1") kinds+=("$3") wants+=("$4")
}

suite() { # suite NAME compiled|pure all|fewer|core
  local python=../.venv/$1/bin/python
  cd tests
  echo "== $1 ($2): $("$python" -VV | head -1)"
  export MEZAME_EXPECT=$2
  if [[ $3 != all ]]; then export MEZAME_EXAMPLES=0.2; fi
  # The lists of files are patterns: they are expanded here, among the tests.
  local pytest=("$python" -m pytest -c ../pyproject.toml --rootdir .. -p no:cacheprovider)
  if [[ $3 == core ]]; then
    "${pytest[@]}" ${core[@]}
  else
    "${pytest[@]}" .
    MEZAME_DRIVER=selectors "${pytest[@]}" ${driver[@]}
  fi
}

# One configuration keeps one core busy, so two run at a time; lint and types are one more. What failed is shown, and
# the others still run to their end.
together() {
  local jobs=() failed=() labels=() order=(lint) index
  mkdir -p out/test
  rm -f out/test/*.log
  # The longest goes first, or it is still running when there is nothing left for the other core.
  for index in "${!names[@]}"; do
    if [[ ${names[index]} == py313t-* ]]; then order=("$index" "${order[@]}"); else order+=("$index"); fi
  done
  for index in "${order[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do sleep 1; done
    if [[ $index == lint ]]; then
      labels+=(lint)
      (lint) >out/test/lint.log 2>&1 &
    else
      labels+=("${names[index]}")
      (suite "${names[index]}" "${kinds[index]}" "${wants[index]}") >"out/test/${names[index]}.log" 2>&1 &
    fi
    jobs+=($!)
    echo "== ${labels[-1]} is running: out/test/${labels[-1]}.log"
  done
  for index in "${!jobs[@]}"; do
    wait "${jobs[index]}" || failed+=("${labels[index]}")
    cat "out/test/${labels[index]}.log"
  done
  if ((${#failed[@]})); then
    echo "failed: ${failed[*]}: see above, or out/test/" >&2
    exit 1
  fi
}

models() {
  environment models "$python"
  .venv/models/bin/python "${pip[@]}" pytest pytest-timeout
  MEZAME_PURE=1 .venv/models/bin/python "${pip[@]}" --no-deps --force-reinstall .
  (cd tests && MEZAME_EXPECT=pure MEZAME_MODEL_SWITCHES=1 ../.venv/models/bin/python -m pytest -c ../pyproject.toml \
    --rootdir .. --timeout 3000 -v test_scheduler_model.py)
}

pyenv_or_path() { # pyenv_or_path VERSION: an interpreter of that version, if there is one that runs
  local candidate
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1"*/bin/"python$1" "$(command -v "python$1" || true)"; do
    if [[ -x $candidate ]] && "$candidate" -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

case ${1:-} in
models) models ;;
lint) lint ;;
*)
  # The installations come first, one by one: they write to build/, and the compiler has all cores.
  prepare py-compiled "$python" compiled all
  prepare py-pure "$python" pure fewer
  newer=$(pyenv_or_path 3.13)
  threaded=$(command -v python3.13t || true)
  between=$(pyenv_or_path 3.12)
  if [[ -z $threaded && -x ../shared/install-python3.13t ]]; then threaded=$(../shared/install-python3.13t); fi
  if [[ -n $newer ]]; then prepare py313-compiled "$newer" compiled all; fi
  if [[ -n $threaded ]]; then prepare py313t-compiled "$threaded" compiled all; fi
  if [[ -n $between ]]; then prepare py312-pure "$between" pure core; fi
  together
  echo "ran:"
  printf '  %s\n' "ruff, mypy --strict"
  for index in "${!names[@]}"; do
    case ${wants[index]} in
    all) tested="epoll and selectors" ;;
    fewer) tested="epoll and selectors, fewer examples" ;;
    core) tested="the core" ;;
    esac
    printf '  %s\n' "${names[index]} (${kinds[index]}): $tested"
  done
  ;;
esac
