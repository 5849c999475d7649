PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= verify-out
STUDY  ?= study-out

.PHONY: verify test study study-images coverage claims view explore lint slow bench lock clean

# The stamp is written last: an interrupted installation starts over instead of half counting as done.
$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "hyperenergy needs Python >= 3.11: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

verify: $(VENV)/.installed
	$(BIN)/hyperenergy verify --out $(OUT)

# Tests run on one thread each, so that every core takes one at a time.
test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto

# Of all tests it takes a third more time: so of one folder, whose tests are to reach every line of what they mirror.
coverage: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --cov=hyperenergy.theorems --cov-report=term-missing:skip-covered --cov-fail-under=95 tests/theorems

# What the paper claims about practice, on images: 15 minutes, and hours; both go on where they were ended.
study: $(VENV)/.installed
	$(BIN)/hyperenergy study --out $(STUDY)

study-images: $(VENV)/.installed
	$(BIN)/hyperenergy study --images --out $(STUDY)-images

claims: $(VENV)/.installed
	$(BIN)/python docs/claims.py

slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

view: $(VENV)/.installed
	$(BIN)/hyperenergy view 600-cell

explore: $(VENV)/.installed
	$(BIN)/hyperenergy explore

# The peers are no part of the lock file: they are wanted here alone.
bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[benchmarks]'
	$(BIN)/python -m benchmarks --out benchmarks/results.txt

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pins of the environment that was tested, less this package and the local part of torch's version.
lock: $(VENV)/.installed
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > requirements.lock

clean:
	rm -rf $(VENV)
