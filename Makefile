# Thin: each line is a command that one could type. `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test lint format docs bench lock browser clean

demo: $(VENV)/run.installed
	snakemake --profile local --quiet rules || { echo "A job failed; the last lines of the newest log:"; \
	  find logs/demo -name '*.log' -size +0 -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2 | xargs -r tail -n 20; exit 1; }
	python -m scripts.report.print_tables results/demo/scaling
	@echo "The page: results/demo/report/index.html"

test: $(VENV)/dev.installed browser
	python -m pytest

lint: $(VENV)/dev.installed
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow
	snakemake --lint
	mypy
	codespell
	python -m scripts.document --check

format: $(VENV)/dev.installed
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

docs: $(VENV)/dev.installed
	python -m scripts.document

bench: $(VENV)/dev.installed
	python -m benchmarks.pack_throughput

# The page's tests use a real browser. As root on Debian it is installed; elsewhere those tests are skipped and say so.
browser:
	@command -v chromium google-chrome >/dev/null || { \
	  echo "The tests of the page need a browser: apt-get install chromium"; \
	  [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is $$($(PYTHON) -V 2>&1); expected Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.installed: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.lock
	@touch $@

$(VENV)/dev.installed: requirements-dev.lock $(VENV)/run.installed
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements-dev.lock
	@touch $@

# Both locks anew from the pins of pyproject.toml, in a fresh environment. CUDA's own packages exist for Linux only.
PINS = python3 -c 'import sys, tomllib; found = tomllib.load(open("pyproject.toml", "rb")); \
  print(*(found["project"]["dependencies"] if sys.argv[1] == "run" else found["dependency-groups"]["dev"]), sep="\n")'
FREEZE = $(VENV)-lock/bin/python -m pip freeze | sed -E '/^(nvidia-|cuda-|triton)/s/$$/ ; sys_platform == "linux"/'

lock:
	rm -rf $(VENV)-lock && python3 -m venv $(VENV)-lock
	$(PINS) run | $(VENV)-lock/bin/python -m pip install --quiet --requirement /dev/stdin
	$(FREEZE) > requirements.lock
	$(PINS) dev | $(VENV)-lock/bin/python -m pip install --quiet --requirement /dev/stdin
	{ echo "--requirement requirements.lock"; $(FREEZE) | grep --invert-match --line-regexp --fixed-strings --file requirements.lock; } \
	  > requirements-dev.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) .snakemake .pytest_cache .mypy_cache .ruff_cache
