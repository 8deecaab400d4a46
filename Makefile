# Everything this project can be asked to do; `make` lists it.
# No target needs root, or anything but make and a Python of 3.11 or newer with its venv module; the
# tests look at pages in a Chromium, which is fetched from Debian where they run as root.

PYTHON ?=
# one mark per place: an environment does not survive being moved or copied
READY := .venv/ready-$(shell pwd | cksum | cut -d ' ' -f 1)
BIN := .venv/bin
KINDS := $(filter-out __pycache__,$(sort $(notdir $(patsubst %/,%,$(wildcard tests/*/)))))

# the tests are about this tree, not about what the caller has set
UNSET := $(foreach name,$(filter R2B_% PREFECT_%,$(.VARIABLES)),-u '$(name)')
# four whatever the cores: tests that wait for real processes leave the cores to the others; more would
# each start a Prefect server of their own
PYTEST := env $(UNSET) $(BIN)/python -m pytest --numprocesses 4 --dist worksteal

# from the command line only: terminals keep their height in a variable called LINES
given = $(if $(filter command,$(firstword $(origin $1))),--$2 '$($1)')

# bytecode makes every start seconds quicker; other people's packages have no place in here
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV LINES

.DEFAULT_GOAL := help
.PHONY: browser strace postgres help demo serve test year crash crash-deep soak concurrent-deep differential-deep histories-deep mutants mutants-deep fuzz-deep coverage setup check audit fix lock bench bench-deep docs clean $(KINDS:%=test-%)

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  make test-KIND         run one kind of tests: $(KINDS)"
	@echo "Other arguments for pytest, the benchmark or the lock: ARGS='...'"

demo: $(READY) ## show the whole job on a made-up reseller (LINES=20000 SEED=7)
	@$(BIN)/r2b demo $(call given,LINES,lines) $(call given,SEED,seed)

serve: $(READY) ## bring up server, worker and deployments: r2b.toml's, or a sample reseller's
	@$(BIN)/r2b serve $(if $(wildcard r2b.toml),,--sample) $(ARGS)

test: $(READY) browser strace postgres ## run all tests
	@echo "Running all tests: pytest $(ARGS)"
	@$(PYTEST) $(ARGS)

$(KINDS:%=test-%): test-%: $(READY) browser strace postgres
	@echo "Running tests/$*: pytest $(ARGS)"
	@$(PYTEST) tests/$* $(ARGS)

year: $(READY) ## play forty years of a bigger reseller with a run every day: takes hours
	@echo "Playing years: pytest tests/year $(ARGS)"
	@R2B_YEAR=deep $(PYTEST) --timeout 7200 tests/year $(ARGS)

crash: $(READY) strace ## kill the program wherever it can be killed, and show that its books are right
	@$(BIN)/python -m tests.crash $(ARGS)

crash-deep: $(READY) strace ## the same at every point and every system call, three seeds: takes hours (ARGS='--part 1/6')
	@$(BIN)/python -m tests.crash --deep --seeds 3 $(ARGS)

soak: $(READY) ## live a thousand days in one process, faults and all: an hour of one core
	@$(BIN)/python -m tests.soak $(ARGS)

concurrent-deep: $(READY) ## let processes collide in 400 rounds instead of 20 (SEED=2)
	@R2B_ROUNDS=200 R2B_ROUNDS_SEED=$(or $(SEED),2) $(PYTEST) tests/concurrent $(ARGS)

differential-deep: $(READY) ## ask product, oracle and SQL about two million lines: 17 minutes of one core
	@$(BIN)/python -m tests.differential.deep --lines 2000000 $(ARGS)

histories-deep: $(READY) ## live 5,000 charges' histories of 30 steps (SEED=2): two hours of one core
	@R2B_HISTORIES=50 R2B_HISTORIES_SEED=$(or $(SEED),2) $(PYTEST) tests/histories $(ARGS)

mutants: $(READY) strace ## build mistakes into the program, and show which of them no test notices
	@$(BIN)/python -m tests.mutants $(ARGS)

mutants-deep: $(READY) strace ## every small mistake there is, and every test of the protocol: takes hours
	@$(BIN)/python -m tests.mutants --drawn 0 $(ARGS)
	@$(BIN)/python -m tests.mutants --protocol

fuzz-deep: $(READY) ## damage 20,000 files and run on them (SEED=1): an hour of one core
	@$(BIN)/python -m tests.malformed.fuzz --files 20000 $(call given,SEED,seed) $(ARGS)

coverage: $(READY) browser strace postgres ## run all tests, and list the lines of the product they never ran
	@$(PYTEST) --cov --cov-report=term $(ARGS)

browser:
	@sh .ci/browser

strace:
	@sh .ci/strace

postgres:
	@sh .ci/postgres

setup: $(READY) ## make .venv, as every target does by itself when it has to
	@echo 'The environment is ready.'

check: $(READY) ## lint, format, types and import rules; changes nothing
	@echo "Checking lint: ruff check"
	@$(BIN)/ruff check --quiet
	@echo "Checking format: ruff format --check"
	@$(BIN)/ruff format --check
	@echo "Checking types: mypy"
	@$(BIN)/python -m mypy
	@echo "Checking who imports whom: lint-imports"
	@$(BIN)/lint-imports --no-logo

audit: $(READY) ## ask whether a locked package has a known weakness; says so where it cannot
	@sh .ci/audit

fix: $(READY) ## mend what ruff can mend, and format
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

lock: $(READY) ## write requirements.lock anew, keeping versions (newer ones: ARGS=--upgrade)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --group dev \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	  --output-file requirements.lock $(ARGS) pyproject.toml
	@! grep -n '://' requirements.lock || { echo "requirements.lock must hold no address" >&2; exit 1; }

bench: $(READY) ## time a run over a million order lines (ARGS='day' or 'start': what else there is)
	@$(BIN)/python -m benchmarks $(or $(ARGS),whole)

bench-deep: $(READY) ## measure anew whatever docs/performance.md shows, and write it: takes hours
	@$(BIN)/python -m benchmarks all $(ARGS)
	@$(BIN)/python -m docs.generate

docs: $(READY) ## write the generated reference pages anew
	@$(BIN)/python -m docs.generate

clean: ## remove the environment, the caches and the demo
	rm -rf .venv *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf .coverage var/demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml .ci/set-up $(BIN)/python
	@PYTHON='$(PYTHON)' sh .ci/set-up
	@rm -f .venv/ready-* && touch $@

# missing, or a link to a Python that is gone: the set-up makes it
$(BIN)/python: ;
