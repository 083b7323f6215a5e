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

prepare() { # prepare NAME INTERPRETER compiled|pure: an environment with the package in it
  environment "$1" "$2"
  local python=.venv/$1/bin/python
  "$python" "${pip[@]}" pytest pytest-timeout trio "hypothesis<6.151"
  if [[ $3 == compiled ]]; then
    MEZAME_REQUIRE_COMPILED=1 "$python" "${pip[@]}" --no-deps --force-reinstall .
  else
    MEZAME_PURE=1 "$python" "${pip[@]}" --no-deps --force-reinstall .
  fi
}

suite() { # suite NAME compiled|pure: the tests, with both drivers
  local python=../.venv/$1/bin/python
  cd tests
  echo "== $1 ($2): $("$python" -VV | head -1)"
  local pytest=("$python" -m pytest -c ../pyproject.toml --rootdir .. -p no:cacheprovider)
  MEZAME_EXPECT=$2 "${pytest[@]}" .
  MEZAME_EXPECT=$2 MEZAME_DRIVER=selectors "${pytest[@]}" -k "net or runtime or time" .
}

# The tests of one configuration keep one core busy: so two run at a time. The installations come first, one by one:
# they write to build/.
together() { # together NAME INTERPRETER KIND [NAME INTERPRETER KIND]
  local jobs=() names=() failed=0
  mkdir -p out/test
  while (($#)); do
    prepare "$1" "$2" "$3"
    names+=("$1" "$3")
    shift 3
  done
  for ((index = 0; index < ${#names[@]}; index += 2)); do
    local name=${names[index]} kind=${names[index + 1]}
    echo "== $name ($kind) is running: out/test/$name.log"
    (set -euo pipefail; suite "$name" "$kind") >"out/test/$name.log" 2>&1 &
    jobs+=($!)
    ran+=("$name ($kind): epoll and selectors")
  done
  for index in "${!jobs[@]}"; do
    wait "${jobs[index]}" || failed=1
    cat "out/test/${names[index * 2]}.log"
  done
  if ((failed)); then
    echo "failed: see above, or out/test/" >&2
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

if [[ ${1:-} == models ]]; then
  models
  exit
fi
lint
if [[ ${1:-} != lint ]]; then
  together py-compiled "$python" compiled py-pure "$python" pure
  others=()
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13 "$(command -v python3.13 || true)"; do
    if [[ -x $candidate ]]; then others+=(py313-compiled "$candidate" compiled); break; fi
  done
  threaded=$(command -v python3.13t || true)
  if [[ -z $threaded && -x ../shared/install-python3.13t ]]; then threaded=$(../shared/install-python3.13t); fi
  if [[ -n $threaded ]]; then others+=(py313t-compiled "$threaded" compiled); fi
  if ((${#others[@]})); then together "${others[@]}"; fi
fi
echo "ran:"
printf '  %s\n' "${ran[@]}"
