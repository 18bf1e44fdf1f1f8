# The commands of the portal. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r
PORT ?= 8000
export PORT

# What decides where the portal's data is; `make run` is a demonstration unless DEMO=0 says otherwise.
DEMO ?= 1
RUN := env DEMO=$(DEMO)

.PHONY: run stop test soak bench lint fmt types messages pins help

run: $(VENV)/run ## Try the portal: sets everything up, serves http://127.0.0.1:8000 (PORT=… changes it); Ctrl-C stops
	@mkdir -p -m 700 var
	@if [ -n "$$DATABASE_URL" ] || [ "$(DEMO)" != 1 ]; then rm -f var/demo; else : > var/demo; fi
	@$(RUN) sh .ci/prepare
	@exec $(RUN) $(PY) manage.py serve

stop: ## Stop what runs from this checkout: web server, job worker, embedded database
	@if [ -x $(PY) ]; then DEMO=1 $(PY) manage.py stop; else echo "Nothing was running."; fi

test: $(VENV)/dev ## All checks and tests, browser included; prints what each part took
	@sh .ci/check all

soak: $(VENV)/dev ## The long versions: state machine, kills, fuzzing, 100 000 rows
	@$(PY) -m pytest -m soak

bench: $(VENV)/dev ## Measure what pages and the API cost, as ratios taken in turn
	@$(PY) -m pytest tests/bench -m "" -s

lint: $(VENV)/dev ## Style of code and templates, layers, types
	@sh .ci/check lint

fmt: $(VENV)/dev ## Format code and templates
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .
	@find templates -name '*.html' -exec $(VENV)/bin/djade --target-version 5.2 {} +

types: $(VENV)/dev ## Types alone
	@$(VENV)/bin/mypy .

messages: $(VENV)/dev ## Bring the catalogues of translations up to date with the code
	@DEMO=1 $(PY) manage.py make_messages

pins: ## Rebuild the hashed requirements from pyproject.toml (needs uv)
	@sh .ci/pins

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/run: requirements.txt requirements-embedded.txt
	@sh .ci/environment run

$(VENV)/dev: requirements-dev.txt requirements-embedded.txt
	@sh .ci/environment dev
