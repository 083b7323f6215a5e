# Every target does its own set-up in .venv; a second call finds it done.
PYTHON ?= python3
VENV := .venv/main
BIN := $(VENV)/bin
SOURCES := $(shell find src -name '*.py' -o -name '*.pxd') setup.py pyproject.toml

.PHONY: demo test models tsan bench docs pages lint clean

$(VENV)/installed: $(SOURCES)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check .
	touch $@

demo: $(VENV)/installed
	$(BIN)/python -m mezame demo

test:
	PYTHON=$(PYTHON) bash scripts/test.sh

lint:
	PYTHON=$(PYTHON) bash scripts/test.sh lint

# The scheduler's small models with one more switch of threads than `make test` allows: minutes instead of seconds.
models:
	PYTHON=$(PYTHON) bash scripts/test.sh models

# ThreadSanitizer over the compiled modules; PYTHON has to be a free-threaded one with Cython.
tsan:
	$(PYTHON) scripts/tsan.py $(ARGS)

bench:
	PYTHON=$(PYTHON) bash scripts/bench.sh $(ARGS)

# The generated parts of README and docs: API pages, the nine steps of a real run, the benchmark table.
pages: $(VENV)/installed
	$(BIN)/python scripts/api_pages.py
	$(BIN)/python scripts/nine_steps.py
	$(BIN)/python scripts/bench_table.py

docs: $(VENV)/installed
	$(BIN)/python -m pip install -q --disable-pip-version-check 'mkdocs-material' 'mkdocstrings[python]' ruff
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build -q --strict

clean:
	rm -rf .venv build out site src/*.egg-info
