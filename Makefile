# The commands of the project. `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup check style docs test relations nightly reliability bench bench-quick validation calibrate golden answers
.PHONY: gallery demo sbom advisories released

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(BIN)/ruff  ## make .venv with everything for work on the model

$(BIN)/python:
	$(PYTHON) -m venv .venv

$(BIN)/ruff: $(BIN)/python
	$(BIN)/pip install -e ".[dev]"

# What `make check` leaves out, besides the tests marked slow: where most tests run the model, draw or start processes.
LONG := trials verification sweep experiments benchmarks explorer calibration engine compiler model \
	analysis/test_scenarios.py analysis/test_verbs.py \
	commands/test_fields_and_verbs.py commands/test_terminals.py configuration/test_identity.py \
	figures/test_figures_of_results.py results/test_contrasts.py results/test_scenario.py

check: style  ## format, lint, types, import contract, fast tests (neither marked slow nor in LONG)
	$(BIN)/pytest -m "not slow and not nightly" $(LONG:%=--ignore=tests/%)

style: $(BIN)/ruff  ## format, lint, types, import contract, arrows between rooms
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m tests.rooms

docs: $(BIN)/ruff  ## the documentation as a site in build/site; fails on a broken link
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: $(BIN)/python  ## all tests
	$(BIN)/pip install -e ".[test]"
	$(BIN)/pytest

relations: $(BIN)/python  ## what the model is held to, in a minute: relations, reference, seeded faults
	$(BIN)/pip install --quiet -e ".[test]"
	$(BIN)/python -m tests.verification.relations

# What these hold, `python -m tests.trials.reliability` runs and counts.
COUNTED := tests/trials/soak tests/trials/clusters tests/trials/malformed tests/explorer tests/verification/reference tests/verification/golden/test_bits.py

nightly: $(BIN)/python  ## everything long, counted in docs/reliability.md: faults, kills, mutation score (four hours)
	$(BIN)/pip install --quiet -e ".[nightly,ray,dask,slurm]"
	$(BIN)/pytest -m nightly $(COUNTED:%=--ignore=%)
	$(BIN)/python -m tests.trials.browser.mesa_lines
	$(BIN)/python -m tests.trials.reliability

reliability: $(BIN)/python  ## a few trials of each of its suites (two minutes on idle cores)
	$(BIN)/pip install --quiet -e ".[nightly]"
	$(BIN)/python -m tests.trials.reliability --quick

$(BIN)/.bench: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet -e ".[sweep]" ema_workbench hydra-joblib-launcher
	-$(BIN)/pip install --quiet agentpy
	touch $@

bench: $(BIN)/.bench  ## all yardsticks in a table: Mesa, AgentPy, C, sizes, threads; what sweeps cost (a quarter hour)
	$(BIN)/python benchmarks/engine.py --sweeps

bench-quick: $(BIN)/.bench  ## the engine's yardsticks in a minute; the last line is JSON
	@$(BIN)/python benchmarks/engine.py --quick

sbom: $(BIN)/.release  ## results/sbom.json: what requirements.lock pins, as a bill of materials for a release
	mkdir -p results
	SOURCE_DATE_EPOCH=0 $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON \
		-o results/sbom.json requirements.lock

advisories: $(BIN)/.release  ## known holes in what requirements.lock pins; fails where they cannot be looked up
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

$(BIN)/.release: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet -e ".[release]"
	touch $@

validation: $(BIN)/python  ## the twenty patterns over the calibrated ensemble; writes docs/validation.* (ten minutes)
	$(BIN)/pip install --quiet -e ".[validation]"
	$(BIN)/python -m validation

calibrate: $(BIN)/python  ## find the calibrated ensemble anew, with its page (about ten minutes)
	$(BIN)/python -m sim calibrate --check --ship

golden: $(BIN)/ruff  ## write the golden table anew (say why in CHANGELOG.md)
	$(BIN)/python -m tests.verification.golden.make_golden

released: $(BIN)/python  ## note the sources as the released ones (sim/results/release.json); part of every commit that changes them
	$(BIN)/python docs/make_released.py

answers: $(BIN)/python  ## run every experiment and write its answer into experiments/README.md (about 6 minutes)
	$(BIN)/pip install --quiet -e ".[analysis]"
	$(BIN)/python -m experiments.answers

gallery: $(BIN)/python  ## draw results/gallery/ anew (some minutes)
	$(BIN)/pip install --quiet -e .
	$(BIN)/python docs/make_gallery.py

demo: $(BIN)/python  ## run the first experiment to its figure
	$(BIN)/pip install -e .
	$(BIN)/coalitions demo
