# Thin: each line is a command that one could type. `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo study test test-slurm test-workflow test-loading test-rest test-fast lint format docs bench findings lock browser latex slurm slurm-up slurm-down slurm-demo slurm-recover clean

LAST_LOG = { echo "A job failed; the last lines of the newest log:"; find logs -name '*.log' -size +0 -printf '%T@ %p\n' | \
  sort -n | tail -n 1 | cut -d ' ' -f 2 | xargs -r tail -n 20; exit 1; }

# The demo study, then its recommendation in fresh blocks and a plan of further trainings, then its page with both. A
# noisy machine may leave nothing to confirm or to plan with: the page stands all the same. Once all are made, the first
# run keeps them up to date.
DEMO := snakemake --profile local --quiet host --config 'plan={jobs: [{name: final, times: 10},   {name: fold, times: 3, count: 5}], cluster: {nodes: 2, cores_per_node: 4, gpus_per_node: 4}}'
ANSWER := results/demo/scaling
PAGE := results/demo/report/index.html
FRESH := test $(ANSWER)/confirmation.json -nt $(ANSWER)/recommendation.json && test $(ANSWER)/plan.json -nt $(ANSWER)/training.parquet

demo: $(VENV)/run.installed
	@$(DEMO) -- all || $(LAST_LOG)
	@$(FRESH) || $(DEMO) -- confirm plan || echo "Not all was confirmed and planned: see above."
	@test $(PAGE) -nt $(ANSWER)/plan.json && test $(PAGE) -nt $(ANSWER)/confirmation.json || $(DEMO) -- all || $(LAST_LOG)
	@python -m scripts.report.terminal.print_tables $(ANSWER)
	@echo "The page: $(PAGE)"

# An adaptive study: pass after pass, until its answer is stable or its budget spent. SNAKEMAKE names profile and config.
SNAKEMAKE ?= snakemake --profile local
STUDY ?= demo
study: $(VENV)/run.installed
	@while $(SNAKEMAKE) -- next_pass; do \
	  python -m scripts.scaling.answers.take_pass results/$(STUDY)/scaling || { [ $$? = 3 ] && exec $(SNAKEMAKE); exit 1; }; done; exit 1

# Four parts at once, each with a lock of the machine of its own: Slurm's tests mostly wait, and much of the others is
# one process starting after another.
test: $(VENV)/dev.installed browser latex slurm
	@$(MAKE) --no-print-directory --jobs=4 --keep-going --output-sync=line test-slurm test-workflow test-loading test-rest

test-slurm test-workflow test-loading: test-%:
	TMPDIR="$$(mktemp -d)" python -m pytest tests/$*

test-rest:
	python -m pytest --ignore tests/slurm --ignore tests/workflow --ignore tests/loading

# For the inner loop, in a minute: without Snakemake, trainings, browser and daemons.
test-fast: $(VENV)/dev.installed
	python -m pytest -m "not slow"

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
	SCALECARD_WRITE_DOCS=1 python -m pytest --quiet tests/images/test_formats.py tests/workflow/test_staleness.py

bench: $(VENV)/dev.installed
	python -m benchmarks.pack_throughput
	python -m benchmarks.decode_fidelity
	python -m benchmarks.dag_growth --figure docs/dag_growth.svg
	python -m benchmarks.train_one_core --output docs/one_core.md
	python -m benchmarks.train_two_cores
	python -m benchmarks.augment_cost
	python -m benchmarks.watch_cost
	python -m benchmarks.watched_against_own
	python -m benchmarks.memory_asked --output docs/memory.md
	python -m benchmarks.calibration_alarms
	python -m benchmarks.page_paint

# What libraries, tools and formats do against one's guess: each script fails if that has changed. See findings/README.md.
findings:
	@failed=0; for script in findings/*.sh; do began=$$(date +%s); $$script && said=seen || { said=FAILED; failed=1; }; \
	  echo "$$said $$script, $$(( $$(date +%s) - began )) s"; done; exit $$failed

# The page's tests use a real browser. As root on Debian it is installed; elsewhere those tests are skipped and say so.
browser:
	@command -v chromium google-chrome >/dev/null || { \
	  echo "The tests of the page need a browser: apt-get install chromium"; \
	  [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }; }

# The test of a proposal's PDF uses LaTeX. As root on Debian it is installed (a minute and a half); elsewhere it is skipped.
LATEX_PACKAGES := texlive-latex-base texlive-latex-recommended lmodern latexmk poppler-utils
latex:
	@for program in latexmk pdflatex pdftotext; do command -v $$program >/dev/null || lacking="$$lacking $$program"; done; \
	  [ -z "$$lacking" ] || { echo "A PDF of a proposal needs$$lacking: apt-get install $(LATEX_PACKAGES)"; \
	  [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends $(LATEX_PACKAGES) >/dev/null; }; }

# Slurm's programs, for a cluster on this machine. As root on Debian they are installed; elsewhere their tests are skipped.
SLURM_PACKAGES := slurm-wlm munge slurmdbd mariadb-server
slurm:
	@PATH="$$PATH:/usr/sbin"; for program in slurmctld slurmd slurmdbd munged mariadbd; do \
	  command -v $$program >/dev/null || lacking="$$lacking $$program"; done; [ -z "$$lacking" ] || { \
	  echo "A Slurm cluster needs$$lacking: apt-get install --no-install-recommends $(SLURM_PACKAGES)"; \
	  [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends $(SLURM_PACKAGES) >/dev/null; }; }

# A real Slurm cluster of four virtual nodes on this machine, all of it in .slurm/.
slurm-up: $(VENV)/run.installed slurm
	@python -m scripts.slurm.local_cluster up

slurm-down: $(VENV)/run.installed
	@python -m scripts.slurm.local_cluster down

# The demo study there, with four workers on two nodes too. Its nodes are one machine: one measurement at a time.
slurm-demo: slurm-up
	SLURM_CONF="$(CURDIR)/.slurm/slurm.conf" snakemake --profile slurm --quiet host --resources machine=1000 \
	  --slurm-init-seconds-before-status-checks 2 --config study=slurm_demo 'training={workers: [1, 2, 4], workers_per_node: 2}' \
	  || $(LAST_LOG)
	python -m scripts.report.terminal.print_tables results/slurm_demo/scaling
	@echo "The page: results/slurm_demo/report/index.html. The cluster still runs: make slurm-down stops it."

# What an earlier Snakemake left in the queue: shown, or waited for (WAIT=1), or cancelled (CANCEL=1).
ifneq ($(wildcard .slurm/pid/slurmctld.pid),)
slurm-recover: export SLURM_CONF ?= $(CURDIR)/.slurm/slurm.conf
endif
slurm-recover: $(VENV)/run.installed
	@python -m scripts.slurm.recover $(if $(FOLDER),--folder $(FOLDER)) $(if $(CANCEL),--cancel,$(if $(WAIT),--wait))

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is $$($(PYTHON) -V 2>&1); expected Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.installed: requirements.lock | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.lock
	@touch $@

$(VENV)/dev.installed: requirements-loaders.lock requirements-dev.lock $(VENV)/run.installed
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements-loaders.lock
	@touch $@

# All locks anew from the pins of pyproject.toml, in fresh environments: all at once, so that they agree, then which of
# them a run needs, and which its tests without other loaders. CUDA's own packages exist for Linux only.
PINS = python3 -c 'import sys, tomllib; found = tomllib.load(open("pyproject.toml", "rb")); \
  found = {"run": found["project"]["dependencies"], **found["dependency-groups"]}; \
  print(*(pin for name in sys.argv[1:] for pin in found[name]), sep="\n")'
FREEZE = -m pip freeze | sed -E '/^(nvidia-|cuda-|triton)/s/$$/ ; sys_platform == "linux"/'
LOCK := $(VENV)-lock

BEYOND = grep --invert-match --line-regexp --fixed-strings --file

lock:
	rm -rf $(LOCK) && for one in all dev run; do python3 -m venv $(LOCK)/$$one; done
	$(PINS) run dev loaders | $(LOCK)/all/bin/python -m pip install --quiet --requirement /dev/stdin
	$(LOCK)/all/bin/python $(FREEZE) > $(LOCK)/all.lock
	$(PINS) run dev | $(LOCK)/dev/bin/python -m pip install --quiet --constraint $(LOCK)/all.lock --requirement /dev/stdin
	$(LOCK)/dev/bin/python $(FREEZE) > $(LOCK)/dev.lock
	$(PINS) run | $(LOCK)/run/bin/python -m pip install --quiet --constraint $(LOCK)/all.lock --requirement /dev/stdin
	$(LOCK)/run/bin/python $(FREEZE) > requirements.lock
	{ echo "--requirement requirements.lock"; $(BEYOND) requirements.lock $(LOCK)/dev.lock; } > requirements-dev.lock
	{ echo "--requirement requirements-dev.lock"; $(BEYOND) $(LOCK)/dev.lock $(LOCK)/all.lock; } > requirements-loaders.lock
	rm -rf $(LOCK)

clean:
	@[ ! -d .slurm ] || $(MAKE) slurm-down
	rm -rf $(VENV) .slurm .snakemake .pytest_cache .mypy_cache .ruff_cache
