# What can be done with this checkout. Every target sets up its own environment, so `make test` is enough on a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/installed
REAL := .venv-real/installed

PYTHON_FITS = { $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null || { \
	echo "This needs Python 3.11 to 3.14, and $(PYTHON) is none of them. Name one: make PYTHON=python3.13" >&2; false; }; }

# What the tests of the whole system need besides Python: Debian's packages, and the programs that they bring.
SYSTEM_IS_HERE = command -v prometheus >/dev/null && command -v promtool >/dev/null && command -v chromium >/dev/null \
	&& command -v ip >/dev/null && command -v zsh >/dev/null && command -v fish >/dev/null
SYSTEM_MAY_COME = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || { \
	echo "This needs the programs prometheus, promtool, chromium, ip, zsh and fish. Install them (Debian, Ubuntu:" \
		"apt-get install prometheus chromium iproute2 zsh fish) so that they are on the PATH, and try again." >&2; false; }; }
# The package of Prometheus starts a server of its own, which nobody has asked for.
SYSTEM_COMES = apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
	prometheus chromium iproute2 zsh fish >/dev/null && { [ ! -d /run/systemd/system ] || systemctl disable --quiet --now prometheus; }

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-real test-system bench lint docs dashboards build clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  make %-11s %s\n", $$1, $$2 }'
	@echo "PYTHON=python3.13 behind a target chooses the Python that makes the environment (3.11 to 3.14)."

venv: $(READY) ## the environment in .venv, with everything to run, develop and test

demo: $(READY) ## the whole job on simulated servers: scan, statistics, report
	$(BIN)/census demo

test: lint ## the checks of `make lint`, then all tests that need nothing but this machine
	$(BIN)/pytest -n 2 -m 'not real and not system'

test-real: $(READY) $(REAL) ## a scan of real inference servers, started on loopback
	$(BIN)/pytest -m real tests/real

test-system: $(READY) ## kills, a network cut in two, hostile servers, Chromium, Prometheus (as root, some minutes)
	@$(SYSTEM_IS_HERE) || { $(SYSTEM_MAY_COME) && $(SYSTEM_COMES); }
	$(BIN)/pytest -m system

bench: $(READY) ## the benchmarks; fails when a ratio to its floor fell by 20 % (Linux, some five minutes)
	$(BIN)/python benchmarks/gate.py

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

dashboards: $(READY) ## deploy/grafana/dashboards, made anew by the program beside it
	$(BIN)/python -m deploy.grafana.dashboards

docs: $(READY) ## the pages of docs/ that are made from the program and its database
	$(BIN)/python docs/generate.py

build: $(READY) ## wheel and source distribution in dist/, checked
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*

clean: ## remove the environments, the wheels and all caches
	rm -rf $(VENV) .venv-real dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment that was only half made has no pip that works: it is made anew.
$(READY): pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { $(PYTHON_FITS) && $(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[report,parquet,dev]'
	@touch $@

$(REAL): tests/real/requirements.txt
	@echo "Installing real inference servers into .venv-real, once: about 900 MB"
	@$(PYTHON_FITS) && $(PYTHON) -m venv --clear .venv-real
	.venv-real/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
