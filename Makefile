# The commands of the project. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup check test relations nightly bench bench-quick validation golden demo
.PHONY: help setup check test relations nightly bench bench-quick calibrate golden demo
.PHONY: help setup check test relations nightly bench bench-quick golden answers demo
.PHONY: help setup check test relations nightly bench bench-quick golden gallery demo

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(BIN)/ruff  ## make .venv with everything for work on the model

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(BIN)/ruff: $(BIN)/python
	$(BIN)/pip install -e ".[dev]"

check: $(BIN)/ruff  ## format, lint, types, import contract, fast tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow and not nightly"

test: $(BIN)/python  ## all tests
	$(BIN)/pip install -e ".[test]"
	$(BIN)/pytest

relations: $(BIN)/python  ## what the model is held to, in a minute: relations, reference, seeded faults
	$(BIN)/pip install --quiet -e ".[test]"
	$(BIN)/python -m tests.relations

nightly: $(BIN)/python  ## the long suites: other machine code, every fault, mutation score (about an hour)
	$(BIN)/pip install --quiet -e ".[nightly]"
	$(BIN)/pytest -m nightly
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.sweeps --faults 1000
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m tests.mutation

$(BIN)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet -e ".[sweep]" ema_workbench hydra-joblib-launcher
	-$(BIN)/pip install --quiet agentpy
	touch $@

bench: $(BIN)/.bench  ## all yardsticks in a table: Mesa, AgentPy, C, sizes, threads; what sweeps cost (a quarter hour)
	$(BIN)/python experiments/benchmark/engine.py --sweeps

bench-quick: $(BIN)/.bench  ## the engine's yardsticks in a minute; the last line is JSON
	@$(BIN)/python experiments/benchmark/engine.py --quick

validation: $(BIN)/python  ## the twenty patterns over the calibrated ensemble; writes docs/validation.* (ten minutes)
	$(BIN)/pip install --quiet -e ".[validation]"
	$(BIN)/python -m experiments.validation

calibrate: $(BIN)/python  ## find the calibrated ensemble anew, with its page (about ten minutes)
	$(BIN)/python -m sim calibrate --check --ship
golden: $(BIN)/ruff  ## write the golden table anew (say why in CHANGELOG.md)
	$(BIN)/python -m tests.regression.make_golden

answers: $(BIN)/python  ## run every experiment and write its answer into experiments/README.md (about 6 minutes)
	$(BIN)/pip install --quiet -e ".[analysis]"
	$(BIN)/python -m experiments.answers

gallery: $(BIN)/python  ## draw results/gallery/ anew (some minutes)
	$(BIN)/pip install --quiet -e .
	$(BIN)/python docs/make_gallery.py
demo: $(BIN)/python  ## run the first experiment to its figure
	$(BIN)/pip install -e .
	$(BIN)/coalitions demo
