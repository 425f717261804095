# What one types here; `make` alone lists it. Needs Python 3.11 to 3.13, nothing else.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
LANGUAGES := --language zh --language en
PERIOD := last-quarter

# The lock binds what is installed and what builds it.
export PIP_CONSTRAINT := $(CURDIR)/requirements.lock
export PIP_BUILD_CONSTRAINT := $(CURDIR)/requirements.lock

.DEFAULT_GOAL := help
.PHONY: help report test check ready lab picture bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do \
		printf 'make %-8s %s\n' "$$name" "$$text"; done

report: $(VENV)/.report-stamp ## every report on the example company's last complete quarter, Chinese and English
	@$(BIN)/channel-analysis simulate data/demo --example --force
	@$(BIN)/channel-analysis risk train .
	@$(BIN)/channel-analysis report . --report all --period $(PERIOD) $(LANGUAGES)

test: $(VENV)/.dev-stamp ## every test
	@$(BIN)/python -m pytest

check: $(VENV)/.dev-stamp ## structure, format, lint, types, generated files
	@$(BIN)/python -m pytest tests/test_structure.py -q
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python tools/environment.py --check
	@$(BIN)/channel-analysis dictionary --check

ready: $(VENV)/.lab-stamp ## what the lab needs, and the example company
	@test -e data/demo || $(BIN)/channel-analysis simulate data/demo --example

lab: ready ## JupyterLab on this workspace, opened on the tour
	@$(BIN)/jupyter lab --ServerApp.root_dir=. notebooks/tour.ipynb

picture: $(VENV)/.dev-stamp ## the README's picture, from a review made now (needs Chromium)
	@$(BIN)/channel-analysis simulate data/demo --example --force
	@$(BIN)/channel-analysis report . --period $(PERIOD) --language en --language zh
	@$(BIN)/python tools/picture.py

bench: $(VENV)/.bench-stamp ## the benchmarks, beside their peers
	@$(BIN)/python -m benchmarks

lock: ## resolve requirements.lock anew, all extras together
	@$(MAKE) --no-print-directory $(VENV)/bin/python
	@rm -rf build/lock && $(BIN)/python -m venv build/lock
	@env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT build/lock/bin/python -m pip -qq install \
		--disable-pip-version-check hatchling editables '.[lab,zh,pdf,spark,postgres,dev,bench]'
	@{ echo '# Every extra resolved together on Python 3.11 by `make lock`.'; \
		build/lock/bin/python -m pip freeze --exclude channel_analysis | LC_ALL=C sort -f -t= -k1,1; } > build/lock.txt
	@mv build/lock.txt requirements.lock && rm -rf build/lock
	@echo "requirements.lock written: $$(grep -c == requirements.lock) packages"

clean: ## environment, caches, example company, reports
	@rm -rf $(VENV) build dist data/demo data/cache models .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find reports -mindepth 1 ! -name README.md -delete
	@find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.report-stamp: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing channel-analysis into $(VENV) ..."
	@$(PIP) install -e '.[zh]'
	@touch $@

$(VENV)/.lab-stamp: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing channel-analysis and JupyterLab into $(VENV) ..."
	@$(PIP) install -e '.[lab,zh]'
	@touch $@ $(VENV)/.report-stamp

$(VENV)/.dev-stamp: pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing channel-analysis with its tools into $(VENV) ..."
	@$(PIP) install -e '.[lab,zh,spark,postgres,dev]'
	@touch $@ $(VENV)/.report-stamp $(VENV)/.lab-stamp

$(VENV)/.bench-stamp: $(VENV)/.dev-stamp
	@echo "Installing what the benchmarks compare with ..."
	@$(PIP) install -e '.[lab,zh,pdf,spark,postgres,dev,bench]'
	@touch $@

# PYTHON=... names another interpreter.
$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
			&& found=$$python && break; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 was found."; \
		echo "  fix: install one (Debian, Ubuntu: apt-get install python3 python3-venv)"; \
		echo "       or name it: make PYTHON=/path/to/python3.11 <target>"; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$found cannot make an environment: its venv or ensurepip is missing."; \
		echo "  fix: Debian, Ubuntu: apt-get install python3-venv (or python3.11-venv)"; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version) ..."; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
