# The 12345 hotline. `make help` lists everything.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo stop test test-fast lint bench setup clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMP := $(VENV)/.installed

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## Set up, start the whole stack, place one real call, leave the stack running
	@$(BIN)/hotline demo

stop: ## Stop the stack and leave no process behind
	@if [ -x $(BIN)/hotline ]; then $(BIN)/hotline down; else echo "nothing is set up here"; fi

test: $(STAMP) ## Set up for tests, then every check and every test, with one summary
	@$(BIN)/hotline setup --for-tests
	@$(BIN)/python tests/run_all.py

test-fast: $(STAMP) ## What a developer runs every minute: lint and unit tests, no services
	@$(BIN)/python tests/run_all.py --fast

lint: $(STAMP) ## ruff, mypy and the architecture
	@$(BIN)/python tests/run_all.py --lint

bench: $(STAMP) ## Measure calls, pops, bridge, gap repair and store (QUICK=1: two minutes)
	@$(BIN)/hotline bench $(if $(QUICK),--quick)

setup: $(STAMP) ## Install what is missing; create database, users, secrets, prompts
	@$(BIN)/hotline setup

clean: stop ## Stop the stack; delete caches and test leftovers (keeps data, secrets and .venv)
	@sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); $$sudo rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build *.egg-info .runtime/reports
	@sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); $$sudo rm -rf --one-file-system .runtime/test

# Bare Debian has Python without ensurepip. The stamp makes every later run instant.
$(STAMP): requirements.lock pyproject.toml
	@mkdir -p .runtime/reports
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python3.11"; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "installing python3-venv"; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -q || true; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv; \
	fi
	@[ -x $(BIN)/python ] && $(PIP) --version >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@echo "installing Python packages (pinned by hash; about a minute the first time)"
	@PIP_ROOT_USER_ACTION=ignore $(PIP) install --progress-bar on -q --require-hashes -r requirements.lock
	@PIP_ROOT_USER_ACTION=ignore $(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@
