# Every target makes its own environment in .venv from the lock first, when that is missing or out of date.
#   PYTHON=/path/to/python3.12   which Python to build it with (default: the first usable of CANDIDATES)
#   BUNDLE=models/icp/v1         which bundle `make wheel-check` opens
#   UPGRADE=--upgrade            let `make lock` move every version, not only those that have to
#   PYTEST_ARGS="-k splits"      passed on by `make test`
#   FULL=1                       `make bench-model` on all sets and seeds, which takes most of a day

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
CANDIDATES = $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
VENV = .venv
STAMP = $(VENV)/made-from-lock
PEERS = training/benchmarks/peers
PEERS_VENV = .venv-peers
OLDEST_VENV = .venv-oldest
NEWEST_VENV = .venv-newest
PEERS_STAMP = $(PEERS_VENV)/made-from-lock
BIN = $(VENV)/bin
BUNDLE ?= $(lastword $(sort $(wildcard demo/models/*/v*)) $(sort $(wildcard models/demo/v*)))
UPGRADE ?=
PYTEST_ARGS ?=
FULL ?=

# Two test processes on two cores: a library that starts threads of its own would only slow them down. A file stays in one process, so that
# what its tests share is made once.
ONE_THREAD = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: help demo test test-oldest test-newest check check-format check-lint check-types check-layout lock lock-peers peers recovery recovery-leaks recovery-icp two-years bench-model bench-search bench-score bench-spark report-pages bench-speed bench-as-of one-hash faults fuzz mutants coverage wheel-check bill docs clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## a synthetic CRM with a planted truth: train on it, score a list, say what was found (into demo/)
	@$(BIN)/icp demo

test: $(STAMP) ## all tests, in two processes
	@$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15 $(PYTEST_ARGS)

test-oldest: $(STAMP) ## the tests that need no browser and no Spark, with the oldest versions that pyproject.toml allows, in .venv-oldest
test-oldest: RESOLUTION = lowest-direct
test-oldest: ALLOWED_VENV = $(OLDEST_VENV)
test-newest: $(STAMP) ## the same with the newest versions that it allows, which the lock may not know yet, in .venv-newest
test-newest: RESOLUTION = highest
test-newest: ALLOWED_VENV = $(NEWEST_VENV)
test-oldest test-newest:
	@mkdir -p build && $(BIN)/uv --no-config pip compile pyproject.toml --quiet --system-certs --resolution $(RESOLUTION) --upgrade \
	--extra train --extra sql --extra sign --extra dev --no-emit-index-url --output-file build/$@.txt
	@test -x $(ALLOWED_VENV)/bin/python || $(BIN)/python -m venv $(ALLOWED_VENV)
	@$(BIN)/uv --no-config pip sync --quiet --system-certs --python $(ALLOWED_VENV)/bin/python build/$@.txt
	@$(BIN)/uv --no-config pip install --quiet --system-certs --python $(ALLOWED_VENV)/bin/python --no-deps --no-build-isolation --editable .
	@$(ONE_THREAD) $(ALLOWED_VENV)/bin/python -m pytest -n 2 --dist loadfile -q \
	-W default tests/unit tests/spec tests/properties tests/compat $(PYTEST_ARGS)

check: check-format check-lint check-types check-layout ## format, lint, types, and the laws of the file tree

check-format: $(STAMP)
	@$(BIN)/ruff format --check .

check-lint: $(STAMP)
	@$(BIN)/ruff check .

check-types: $(STAMP)
	@$(BIN)/mypy

check-layout: $(STAMP)
	@$(BIN)/python -m pytest -q tests/layout

recovery: $(STAMP) ## planted and null worlds, all seeds: is the truth found, and nothing where there is none?
	@$(BIN)/python training/benchmarks/recovery.py

recovery-leaks: $(STAMP) ## planted leaks, all seeds: is each accused, and no clean column? writes docs/leakage.md
	@$(BIN)/python training/benchmarks/leakage.py

recovery-icp: $(STAMP) ## planted conditions, types and boundaries found again, and none where there are none; writes docs/criteria-recovery.md, docs/subgroups.md
	@$(BIN)/python training/benchmarks/criteria.py
	@$(BIN)/python training/benchmarks/subgroups.py
	@$(BIN)/python training/benchmarks/boundary.py

two-years: $(STAMP) ## two years of quarters by the loop: skill, changes noticed, false alarms; hours; writes docs/two-years.md, docs/emerging.md
	@$(BIN)/python training/benchmarks/emerging.py
	@$(BIN)/python training/benchmarks/two_years.py

bench-model: $(STAMP) $(PEERS_STAMP) ## accuracy beside other methods, on the same folds; within 90 minutes, FULL=1 for all; writes docs/bench-model.md
	@$(BIN)/python training/benchmarks/accuracy.py $(if $(FULL),--full)

bench-search: $(STAMP) $(PEERS_STAMP) ## search and final fit at equal trials beside LightGBM tuned by Optuna's own integration: seconds
	@$(BIN)/python training/benchmarks/search_time.py

bench-score: $(STAMP) $(PEERS_STAMP) ## scoring with reasons beside other ways, Parquet to Parquet; within an hour; writes docs/bench-score.md
	@$(BIN)/python training/benchmarks/score.py

bench-spark: $(STAMP) ## scoring on Spark beside an identity and beside one process; minutes; writes its table into docs/spark.md
	@$(BIN)/python training/benchmarks/spark_pace.py

peers: $(PEERS_STAMP) ## the environment of the methods that bench-model compares with

report-pages: $(STAMP) ## pages of six kinds of models in a real browser: sizes, seconds until ready, what is wrong; writes docs/report-pages.md
	@$(ONE_THREAD) $(BIN)/python -m tests.browser.survey

bench-speed: $(STAMP) ## how long training and scoring take, and how much memory
	@$(BIN)/python training/benchmarks/speed.py

bench-as-of: $(STAMP) ## how long attributes from millions of dated rows take, and how much memory
	@$(BIN)/python training/benchmarks/as_of.py

one-hash: $(STAMP) ## one bundle of the same deals, on one thread and on two, in whatever order, language and time zone? writes docs/one-hash.md
	@$(BIN)/python -m benchmarks.one_hash

faults: $(STAMP) ## kills, full and lost disks, stopped databases put into real commands: is anything lost or doubled? writes docs/faults.md
	@$(ONE_THREAD) $(BIN)/python -m benchmarks.faults --workers 1

fuzz: $(STAMP) ## 100,000 cases of broken and hostile input: answers, sentences, and nothing else; goes on where it stopped; writes docs/fuzzing.md
	@$(ONE_THREAD) $(BIN)/python training/benchmarks/hostile.py

mutants: $(STAMP) ## small faults put into chosen modules one at a time: does a test notice? goes on where it stopped; writes docs/mutation.md
	@$(ONE_THREAD) $(BIN)/python training/benchmarks/mutants.py

coverage: $(STAMP) ## which branches the tests take, and why the others are not taken; half an hour; writes docs/coverage.md
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(ONE_THREAD) $(MEASURED) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q
	@$(ONE_THREAD) NUMBA_DISABLE_JIT=1 $(MEASURED) -m pytest -q $(LOOPS)
	@$(MEASURED_IN) $(BIN)/coverage combine -q && $(MEASURED_IN) $(BIN)/coverage json -q -o build/coverage/report.json
	@$(BIN)/python training/benchmarks/coverage_page.py build/coverage/report.json

MEASURED_IN = COVERAGE_FILE="$(CURDIR)/build/coverage/data"
MEASURED = $(MEASURED_IN) $(BIN)/coverage run
# A tracer does not see into machine code: the loops run once more as the Python that they are written in.
LOOPS = -W "ignore:overflow:RuntimeWarning" tests/unit/test_model_cells.py tests/parity/test_cell_tables.py \
	--deselect=tests/unit/test_model_cells.py::test_machine_code_is_kept_where_it_was_asked_for

docs: $(STAMP) ## the documentation as pages of HTML, with a search; a warning is an error; into docs/_build
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build
	@echo "Open docs/_build/index.html in a browser."

wheel-check: $(STAMP) ## the wheel alone, in an empty environment and another folder, reproduces a bundle's golden rows
	@test -d "$(BUNDLE)" || { echo "make wheel-check needs the folder of a bundle and found none; run make demo first, or name one with BUNDLE=models/icp/v1." >&2; exit 1; }
	@rm -rf build/wheel
	@$(BIN)/python -m pip wheel -qq --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheel .
	@room=$$(mktemp -d) && trap 'rm -rf "$$room"' EXIT INT TERM && \
	wheel=$$(echo "$(CURDIR)"/build/wheel/*.whl) && bundle=$$(realpath "$(BUNDLE)") && \
	"$(BIN)/python" -m venv "$$room/venv" && \
	"$$room/venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-plain.lock && \
	"$$room/venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-index "$$wheel" && \
	cp tests/wheel/check_wheel.py "$$room/check_wheel.py" && cd "$$room" && \
	venv/bin/python check_wheel.py "$$bundle"

bill: $(STAMP) ## what an installation consists of: licences into docs/dependencies.md, a bill of materials into build/
	@$(BIN)/python training/supply_chain.py

LOCK_OPTIONS = --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --system-certs
LOCKING = $(BIN)/uv --no-config pip compile pyproject.toml $(LOCK_OPTIONS) \
	--custom-compile-command "make lock" $(UPGRADE)

lock: | $(BIN)/uv ## write both lock files anew from pyproject.toml
	@$(LOCKING) --extra train --extra sql --extra sign --extra dev --output-file requirements.lock
	@$(LOCKING) --constraint requirements.lock --no-annotate --output-file requirements-plain.lock

lock-peers: | $(BIN)/uv ## write the lock of that environment anew from its requirements.in
	@$(BIN)/uv --no-config pip compile $(PEERS)/requirements.in $(LOCK_OPTIONS) \
	--custom-compile-command "make lock-peers" $(UPGRADE) --output-file $(PEERS)/requirements.lock

clean: ## remove what make made: its environments, demo, build and the tools' caches (models and mlruns stay)
	@rm -rf $(VENV) $(PEERS_VENV) $(OLDEST_VENV) $(NEWEST_VENV) demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find icp_ml training tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment ---------------------------------------------------------------------------------------------

USABLE = import sys, importlib.util as u; \
sys.version_info >= (3, 11) or sys.exit("it is %d.%d" % sys.version_info[:2]); \
u.find_spec("venv") and u.find_spec("ensurepip") or sys.exit("it lacks venv or ensurepip")

$(BIN)/pip:
	@for python in $(CANDIDATES); do \
	  if ! command -v "$$python" >/dev/null 2>&1; then why="not found"; \
	  elif why=$$("$$python" -c '$(USABLE)' 2>&1); then exec "$$python" -m venv $(VENV); \
	  else why=$$(printf '%s\n' "$$why" | head -n 1); fi; \
	  seen="$${seen:+$$seen, }$$python ($$why)"; \
	done; \
	echo "icp-ml needs Python 3.11 or later with venv and ensurepip, and there is only: $$seen; install one (on Debian: apt-get install python3-venv) or name one with PYTHON=/path/to/python." >&2; \
	exit 1

$(STAMP): requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing the locked packages into $(VENV): about 1.9 GB, once, some minutes."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import lightgbm' || { echo "LightGBM was installed and cannot be loaded; if libgomp.so.1 is what it misses, install that library (on Debian: apt-get install libgomp1) and run make again." >&2; exit 1; }
	@touch $@

$(BIN)/uv:
	@$(MAKE) --no-print-directory $(STAMP)

# AutoGluon needs an older pandas than icp-ml does: the peers run as processes of this environment.
$(PEERS_STAMP): $(PEERS)/requirements.lock | $(STAMP)
	@echo "Installing the locked packages of the peers into $(PEERS_VENV): about 1.2 GB, once, some minutes."
	@test -x $(PEERS_VENV)/bin/pip || $(BIN)/python -m venv $(PEERS_VENV)
	@$(PEERS_VENV)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(PEERS)/requirements.lock
	@touch $@
