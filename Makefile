# Every target sets itself up: it needs Python 3.11 or newer (PYTHON=...), make and a package index.
# test-render needs Debian or Ubuntu besides, or the packages of builder/render/debian-packages.txt.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
RENDER_VENV ?= .venv-render

.PHONY: help demo test test-environments test-render test-browser screenshots debian-packages test-all lint docs check clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

comma := ,
# The project with some extras, into an environment: by uv, or by pip where uv does not find the index that pip knows.
install = $(1)/bin/python -m pip install --quiet uv \
	&& $(1)/bin/uv pip install --quiet --python $(1)/bin/python --editable '.$(2)' \
	|| $(1)/bin/python -m pip install --quiet --editable '.$(2)'

$(VENV)/ready-%: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(call install,$(VENV),$(if $(filter dev docs,$*),[$*]))
	@touch $@

demo: $(VENV)/ready-run  ## build the bundled sample, load it and show a conversation
	$(BIN)/python -m builder build --sample
	$(BIN)/python docs/show_conversation.py

test: $(VENV)/ready-dev  ## the tests that need nothing but Python packages
	$(BIN)/python -m pytest -n auto

test-environments: $(VENV)/ready-dev  ## the tests that install several releases of datasets, and trainers
	$(BIN)/python -m pytest -m environments -n 2 --dist loadfile tests/environments

$(VENV)/ready-browser: $(VENV)/ready-dev
	@test -x /usr/bin/chromium || .ci/debian-packages tests/browser/debian-packages.txt
	$(call install,$(VENV),[dev$(comma)browser])
	@touch $@

test-browser: $(VENV)/ready-browser  ## the tests that open the report in Chromium
	$(BIN)/python -m pytest -m browser tests/browser

screenshots: $(VENV)/ready-browser  ## pictures of the sample's report, and docs/report.webp
	$(BIN)/python -m benchmarks.screenshots --picture docs/report.webp

debian-packages:
	.ci/debian-packages

$(RENDER_VENV)/ready: pyproject.toml | debian-packages
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python ..."; exit 1; }
	$(PYTHON) -m venv $(RENDER_VENV)
	$(call install,$(RENDER_VENV),[dev$(comma)render])
	@touch $@

test-render: $(RENDER_VENV)/ready  ## the tests that render with Manim in a sandbox; installs Debian packages that are missing
	$(RENDER_VENV)/bin/python -m builder doctor
	$(RENDER_VENV)/bin/python -m pytest -m render -n 2 --dist loadfile tests/render tests/evaluate

test-all: test test-environments test-render test-browser  ## all tests

lint: $(VENV)/ready-dev  ## style, types and import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/ready-docs  ## the documentation as a site, in site/
	$(BIN)/mkdocs build --strict

check: lint docs test-all  ## all that CI runs

clean:  ## remove what the targets made
	rm -rf $(VENV) $(RENDER_VENV) demo site screenshots
