# Every target makes what it needs; none asks a question. `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# The first Python that is 3.11 or 3.12 and works.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes
# Lint and messages read the settings but open no connection.
STATIC_ENV := SECRET_KEY=only-for-reading-the-settings-0123456789-abcdefghijklm DATABASE_URL=postgresql://nowhere/none REDIS_URL=redis://nowhere

export PORT HOST

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Plurivox needs Python 3.11 or 3.12; install one of them and try again."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/app: requirements/app.txt | .venv/pyvenv.cfg
	$(PIP) -r requirements/app.txt
	@touch $@

.venv/dev: requirements/dev.txt | .venv/app
	$(PIP) -r requirements/dev.txt
	@touch $@

.PHONY: help demo demo-reset test test-vllm test-trainers lint format bench messages lock

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: .venv/app ## Serve the demo project at http://127.0.0.1:8000 (PORT, HOST), until Ctrl-C
	@exec $(BIN)/python -m config.demo

demo-reset: .venv/app ## Throw the demo's data away
	@$(BIN)/python -m config.demo --reset

test: .venv/dev ## Run the whole suite, with real servers and a real browser
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not vllm and not trainers"

test-vllm: .venv/dev ## Run the tests against a real vLLM on the CPU (installs 2.5 GB into .venv-vllm)
	@bash tests/vllm/install.sh
	@PLURIVOX_REQUIRE_VLLM=1 $(BIN)/python -m pytest tests/vllm -m vllm

test-trainers: .venv/dev ## Load and train on exports with datasets and TRL (installs 2 GB into .venv-trainers)
	@bash tests/trainers/install.sh
	@PLURIVOX_REQUIRE_TRAINERS=1 $(BIN)/python -m pytest tests/trainers -m trainers

lint: .venv/dev ## Style, types, directions of imports, templates, migrations, deployment checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(STATIC_ENV) $(BIN)/mypy .
	$(BIN)/lint-imports --no-cache
	git ls-files -z -- 'templates/*.html' | xargs -0 $(BIN)/djade --check --target-version 5.2
	$(BIN)/djlint templates --lint --quiet
	$(STATIC_ENV) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(STATIC_ENV) PUBLIC_URL=https://example.org ALLOWED_HOSTS=example.org $(BIN)/python -W error manage.py check --deploy --fail-level WARNING

format: .venv/dev ## Put code and templates in form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	git ls-files -z -- 'templates/*.html' | xargs -0 $(BIN)/djade --target-version 5.2 || true

bench: .venv/dev ## Measure the product against its yardsticks, side by side, and print one table
	@$(BIN)/python -m benchmarks

messages: .venv/dev ## Collect the translatable texts (needs gettext)
	$(STATIC_ENV) $(BIN)/python manage.py makemessages
	$(STATIC_ENV) $(BIN)/python manage.py compilemessages --verbosity 0

lock: .venv/dev ## Resolve the dependencies anew
	$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --quiet --extra embedded --extra dev pyproject.toml --no-annotate -o requirements/dev.txt
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --quiet --extra embedded -c requirements/dev.txt pyproject.toml --no-annotate -o requirements/app.txt
