# `make demo` and `make test` are all a newcomer needs; the machine must only have make and Python 3.11 to 3.14.
# Arguments are passed on: make demo ARGS="--exit --json", make test ARGS="tests/erp -x", make bench ARGS="orders".

ARGS ?=
PYTHON = .venv/bin/python
# Errors only: a slow network is retried without a word.
PIP = $(PYTHON) -m pip -qq --disable-pip-version-check --no-input --retries 10 --timeout 60 install -c constraints.txt

.PHONY: help install demo test lint bench rules clean FORCE
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:
	@echo 'make demo     start everything with a sandbox shop and let orders flow   (ARGS="--exit --json")'
	@echo 'make test     run all tests                                             (ARGS="tests/erp -x")'
	@echo 'make lint     ruff, mypy, import-linter, temporalint'
	@echo 'make bench    measure                                                   (ARGS="orders --orders 5000 --json")'
	@echo 'make rules    remove the rules one by one and see their tests fail      (ARGS="oss test_discounts")'
	@echo 'make install  only prepare .venv, then use .venv/bin/connect'

install: .venv/installed

demo: .venv/installed
	@exec .venv/bin/connect demo $(ARGS)

test: .venv/installed-dev
	@exec $(PYTHON) -m pytest $(ARGS)

bench: .venv/installed-dev
	@exec $(PYTHON) -m bench $(ARGS)

# Every linter runs, so that one call shows all there is to mend. Of temporalint's rules TPL010 is left out: it takes
# `raise refusal(...)`, a function of ours that makes an ApplicationError, for another exception.
lint: .venv/installed-dev
	@failed=; \
	check() { echo "== $$*"; "$$@" || failed="$$failed $$1"; }; \
	PATH="$$PWD/.venv/bin:$$PATH"; \
	check ruff check .; \
	check ruff format --check .; \
	check mypy; \
	check mypy docs/generate.py; \
	check lint-imports; \
	check temporalint --select TPL001,TPL002,TPL003,TPL004,TPL005,TPL006,TPL007,TPL008,TPL009 workflows activities; \
	if [ -n "$$failed" ]; then echo "lint: failed:$$failed"; exit 1; fi; \
	echo "lint: all good"

rules: .venv/installed-dev
	@exec $(PYTHON) -m tests.test_project.rule_removal $(ARGS)

clean:
	rm -rf .venv

# A .venv that was moved, copied or lost its Python is made anew; one that somebody made by hand is used.
ifneq ($(shell .venv/bin/python -c '' 2>/dev/null && cat .venv/place 2>/dev/null),$(CURDIR))
.venv/place: FORCE
endif

# The first Python that is new enough and can make virtual environments; otherwise the one line that helps.
.venv/place:
	@fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))'; old=; bare=; \
	if [ ! -e .venv/place ] && .venv/bin/python -c "$$fits" 2>/dev/null; then pwd -P > .venv/place; exit 0; fi; \
	for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
		command -v $$name >/dev/null 2>&1 || continue; \
		if ! $$name -c "$$fits" 2>/dev/null; then \
			old=$$($$name -c 'import platform; print(platform.python_version())' 2>/dev/null); continue; fi; \
		if ! $$name -c 'import ensurepip, venv' 2>/dev/null; then \
			bare=$$($$name -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); continue; fi; \
		echo "Making .venv with $$name ..."; \
		rm -rf .venv; $$name -m venv .venv && pwd -P > .venv/place && exit 0; \
		rm -rf .venv; exit 1; \
	done; \
	if [ -n "$$bare" ]; then echo "$$bare cannot make virtual environments: apt-get install $$bare-venv" >&2; \
	else echo "Python 3.11 to 3.14 is needed, found $${old:-none}: apt-get install python3 python3-venv" >&2; fi; \
	exit 1

# Extras only add: after the tests' installation the demo needs none of its own, and it takes nothing away.
.venv/installed: .venv/place pyproject.toml constraints.txt
	@echo "Installing Connect (a minute or two, only the first time) ..."
	@$(PIP) -e .
	@touch $@

.venv/installed-dev: .venv/place pyproject.toml constraints.txt
	@echo "Installing Connect and what its tests need (a minute or two, only the first time) ..."
	@$(PIP) -e '.[dev]'
	@touch .venv/installed $@

FORCE:
