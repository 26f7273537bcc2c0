# make demo: the whole chain on a part of MNIST, in minutes.  make test: all tests.
.DEFAULT_GOAL := help
.PHONY: help env demo test test-cluster fuzz chaos scale bench lint lock clean

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
LOCK := envs/requirements.lock
CORES ?= all
# As workflow/rules/common.smk sets it for every job.
MALLOC := MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=10000000000 MALLOC_TOP_PAD_=100000000
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
export PATH := $(CURDIR)/$(BIN):$(PATH)
# A pip.conf that installs into the home directory is not for environments.
export PIP_USER := 0

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 15

env: $(VENV)/.ready  ## make the environment in .venv from the hash-pinned lock

# The stamp comes last, so that an interrupted installation is taken up again.
$(VENV)/.ready: $(LOCK) envs/uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: realink needs Python 3.11 or newer; name one with: make env PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "error: Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/uv.lock
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes --compile-bytecode -r $(LOCK)
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	@touch $@

demo: env  ## build the small study of config/demo.yaml; the end says where its answer is
	snakemake --cores $(CORES) --configfile config/demo.yaml

test: env  ## run all tests but test-cluster
	python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test-cluster: env  ## run the small study on a SLURM that this starts here, through faults (Debian, root)
	python -m pytest -m cluster tests/cluster

fuzz: env  ## try thousands of damaged pictures, fonts, files, tables, configs and names (10 minutes)
	PYTHONPATH=workflow python -m tests.fuzz

chaos: env  ## kill, damage and fill a small study at random moments, and see it heal (Linux, root)
	PYTHONPATH=workflow python -m tests.chaos --workers 2

scale: env  ## run a study of 10,000 tiny classifiers, and measure what Snakemake and the page take (80 minutes here)
	PYTHONPATH=workflow python -m tests.scale

bench: env  ## how fast this machine trains, translates and starts, on one core, in 3 minutes
	PYTHONPATH=workflow $(MALLOC) python -m tests.bench

lint: env  ## ruff, snakefmt, Snakemake's own linter, and the links and length of all documents
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow studies
	snakemake --lint
	snakemake --lint --snakefile studies/talk/Snakefile
	python -m tests.links

lock: env  ## pin every package, with hashes; versions that still fit stay
	$(COMPILE) pyproject.toml --all-extras resources/fonts/families.txt --output-file $(LOCK)
	$(COMPILE) envs/uv.in --output-file envs/uv.lock

clean:  ## remove the environment (results stay)
	rm -rf $(VENV)
