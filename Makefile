# The workshop. `make run` and `make test` are all that a newcomer needs.

PY := .venv/bin/python

.PHONY: help install run test drills check lint bench lock demo-data screenshots

help:  ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

install:  ## make .venv with the pinned requirements, and stop (PYTHON=..., ENCODER=multilingual|no)
	@PYTHON='$(PYTHON)' ENCODER='$(ENCODER)' config/install.sh

run: install  ## start everything and print where it is; safe to run again
	@exec $(PY) -m config.supervisor

demo-data: install  ## fill a forum with two weeks of made-up posts, to look at (ARGS=--remove)
	$(PY) -m config.demo demo_data $(ARGS)

screenshots: install  ## take the pictures of docs/screenshots anew; needs Chromium
	$(PY) -m benchmarks.screenshots $(ARGS)

test: install  ## run the tests against embedded servers of their own (ARGS="-k name")
	@config/browser.sh
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

drills: install  ## inflict every fault at full size on running processes; an hour or so
	$(PY) -m pytest tests/acceptance/test_drills.py -m drill $(ARGS)

lint: install
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy .
	$(PY) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m config.audit

check: lint test  ## lint, types, import contracts, missing migrations, tests: what CI runs

bench: install  ## measure; results and what they mean are in docs/BENCHMARKS.md
	$(PY) -m benchmarks.quality --json

# PyTorch and the hub, which nothing here talks to, are not for those who serve.
LOCK := $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--custom-compile-command 'make lock'

lock: install  ## pin the requirements of pyproject.toml anew
	echo huggingface-hub | $(LOCK) --excludes - pyproject.toml -o requirements.txt
	$(LOCK) --no-annotate -c requirements.txt pyproject.toml --extra traces --group dev \
		-o requirements-dev.txt
	$(LOCK) --no-annotate -c requirements-dev.txt --group encoder -o requirements-encoder.txt
