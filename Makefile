# Everything runs from .venv, which the first target that needs it makes.
# Needed beforehand: python3 (3.11 or newer, with venv) and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=  # empty: hundreds of processes start, and compile nothing anew

.PHONY: help demo browser servers runtimes test check baseline results lint format bench schema clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "tokenrace needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
	       "Name another with: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY)  ## Run the main job: a stampede with and without single-flight, on real HTTP
	$(BIN)/tokenrace run scenarios/expiry-stampede.yaml --seeds 1 \
	  --strategy check_then_act --strategy single_flight --strategy shared_lock

browser:  ## Install Chromium, which the tests of the control page open, where that is possible
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq >/dev/null 2>&1 && \
	    apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; } || \
	  echo "No Chromium here, and it cannot be installed: the tests of the control page are skipped."

servers:  ## Install Redis and PostgreSQL, which the tests of the stores start, where that is possible
	@{ command -v redis-server && { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }; } \
	  >/dev/null 2>&1 || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq >/dev/null 2>&1 && \
	    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	      redis-server postgresql >/dev/null 2>&1; } || \
	  echo "No Redis or no PostgreSQL here, and it cannot be installed: its tests are skipped."

runtimes:  ## Install curl and Node, in which the examples in other languages are, where possible
	@{ command -v curl && command -v node; } >/dev/null 2>&1 || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq >/dev/null 2>&1 && \
	    apt-get install -y -qq --no-install-recommends curl nodejs >/dev/null 2>&1; } || \
	  echo "No curl or no Node here, and it cannot be installed: their examples are skipped."

test: $(READY) browser servers runtimes  ## Run the tests, then every scenario; in CI (CI=true) a skip has failed
	$(BIN)/python -m pytest -rs -n 3 --dist loadfile --ignore tests/simulation/test_agree.py
	$(BIN)/python -m pytest -rs tests/simulation/test_agree.py  # alone: it holds real time against simulated
	$(BIN)/tokenrace check scenarios/ --baseline results/baseline.json --exact

check: $(READY)  ## Hold every scenario to what it expects, and to results/baseline.json
	$(BIN)/tokenrace check scenarios/ --baseline results/baseline.json --exact

baseline: $(READY)  ## Take what the scenarios come to now as results/baseline.json; then make results
	$(BIN)/tokenrace baseline scenarios/ --out results/baseline.json

results: $(READY)  ## Make the reference run of every scenario in results/ anew
	$(BIN)/python -m tests.reference

lint: $(READY)  ## Check style, types and the import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet tests

format: $(READY)  ## Rewrite the code as the formatter wants it
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

bench: $(READY)  ## Measure the virtual engine against its yardsticks
	$(BIN)/python -m tests.benchmarks

schema: $(READY)  ## Rewrite scenarios/schema.json
	$(BIN)/tokenrace schema

clean:  ## Remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
