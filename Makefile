# Needs make and Python 3.11 or newer, nothing else: every target makes the environment it runs in.

PYTHON ?= python3
ARGS ?=
SEED ?=

BASE := .venv
FRAMEWORKS := .venv-frameworks

# pytest-xdist runs a process a core, so that threads of theirs would only be in each other's way.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

# Compiled once, and not again by each of the hundreds of processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE

# Without SEED, pytest's own default holds: 0, set in pyproject.toml.
SEED_OPTION = $(if $(SEED),--hypothesis-seed=$(SEED))
PIP_INSTALL = -m pip install -qq --disable-pip-version-check

.DELETE_ON_ERROR:

.PHONY: help
help:  ## say what there is
	@echo 'make TARGET [PYTHON=python3.12] [SEED=7] [ARGS="..."]'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r target text; do printf '  %-12s%s\n' "$$target" "$$text"; done

.PHONY: verify
verify: $(BASE)/.installed  ## hold the reference and the NumPy implementation to the spec
	$(BASE)/bin/rnnspec verify $(ARGS)

.PHONY: test
test: $(BASE)/.installed  ## run the tests on all cores; ARGS goes to pytest, SEED to Hypothesis
	$(BASE)/bin/pytest -n auto $(SEED_OPTION) $(ARGS)

.PHONY: frameworks
frameworks: $(FRAMEWORKS)/.installed  ## add PyTorch and JAX, run their tests and hold PyTorch to the spec
	$(FRAMEWORKS)/bin/pytest -n auto -m 'framework and not thorough' $(SEED_OPTION) $(ARGS)
	$(FRAMEWORKS)/bin/rnnspec check torch --dtype float32

.PHONY: thorough
thorough: seed := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
thorough: $(BASE)/.installed  ## run everything that takes long, from a seed that it prints
	$(BASE)/bin/pytest -n auto -m 'not framework' --hypothesis-profile=thorough --hypothesis-seed=$(seed) $(ARGS)
	$(BASE)/bin/rnnspec verify --profile thorough --seed $(seed)
	$(MAKE) --no-print-directory matrix

.PHONY: matrix
matrix: $(BASE)/.installed  ## hold every mutant to every law; ARGS=--check says whether what is kept is stale
	cd tests && ../$(BASE)/bin/python -m mutants.matrix $(ARGS)

.PHONY: benchmark
benchmark: $(BASE)/.installed  ## time every number system; ARGS goes to benchmarks/speed.py
	$(BASE)/bin/python benchmarks/speed.py $(ARGS)

.PHONY: lint
lint: $(BASE)/.installed  ## check style and layout
	$(BASE)/bin/ruff check
	$(BASE)/bin/ruff format --check

.PHONY: types
types: $(BASE)/.installed  ## check the types
	$(BASE)/bin/mypy

# The lock holds the files of PyPI and of nowhere else, whatever pip is set up to look at besides.
# What is locked stays as it is unless pyproject.toml asks for something else; ARGS=--upgrade takes the newest.
.PHONY: lock
lock: $(BASE)/.locked  ## write requirements/lock.txt anew; ARGS=--upgrade for the newest of everything
	PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= $(BASE)/bin/pip-compile pyproject.toml \
		--extra dev --constraint requirements/frameworks.txt --output-file requirements/lock.txt \
		--generate-hashes --allow-unsafe --strip-extras --no-header --no-config --quiet \
		--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(ARGS)
	{ echo '# The environment of development and of CI, for every Python from 3.11 on. Made by `make lock` from'; \
	  echo '# pyproject.toml (with the extra dev) and requirements/frameworks.txt; do not edit.'; \
	  cat requirements/lock.txt; } > requirements/lock.txt.new
	mv requirements/lock.txt.new requirements/lock.txt

.PHONY: clean
clean:  ## remove environments, caches and what was built
	rm -rf $(BASE) $(FRAMEWORKS) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find spec reference tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is made again when the lock changes, the project installed again when its metadata do.
%/.locked: requirements/lock.txt
	@command -v $(PYTHON) > /dev/null || \
		{ echo 'rnnspec needs Python 3.11 or newer, and there is no $(PYTHON). Name one: make PYTHON=...' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "rnnspec needs Python 3.11 or newer, and $(PYTHON) is Python %d.%d. Name another: make PYTHON=..." % sys.version_info[:2])'
	$(PYTHON) -m venv --clear $*
	$*/bin/python $(PIP_INSTALL) --require-hashes -r requirements/lock.txt
	@touch $@

$(FRAMEWORKS)/.frameworks: $(FRAMEWORKS)/.locked requirements/frameworks.txt
	$(FRAMEWORKS)/bin/python $(PIP_INSTALL) -c requirements/frameworks.txt torch
	$(FRAMEWORKS)/bin/python $(PIP_INSTALL) -c requirements/frameworks.txt jax
	$(FRAMEWORKS)/bin/python -m pip check
	@touch $@

$(FRAMEWORKS)/.installed: $(FRAMEWORKS)/.frameworks

%/.installed: %/.locked pyproject.toml
	$*/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

.PRECIOUS: %/.locked
