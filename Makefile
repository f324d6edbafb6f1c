# make run · make test · make check · make bench   (make install is part of each)

# The system's own Python where it will do: Debian's is built with every optimisation, which is an
# eighth of all time against one that pyenv compiled.
WILL_DO := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell /usr/bin/python3 -c '$(WILL_DO)' 2>/dev/null && echo /usr/bin/python3 || echo python3)
PORT ?= 8000
WORKERS ?= 2
BIN := .venv/bin

.PHONY: install run test check bench lock

install: .venv/installed

.venv/installed: requirements.txt locale/es/LC_MESSAGES/django.po
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed (set PYTHON= to one)."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing (on Debian: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pybabel --quiet compile --domain django --directory locale
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@# Bytecode, as pip makes it of what it installs; pytest has its own of tests. Else each of the
	@# processes that test would make all of it, at the same time.
	$(BIN)/python -m compileall -q -x '/\.venv/' .
	-$(PYTEST) -n 0 -qq --collect-only > /dev/null
	@touch $@

# The demonstration district on this machine, at http://127.0.0.1:$(PORT)/
run: install
	@PORT=$(PORT) WORKERS=$(WORKERS) ./serve --demo

# On SQLite, and on the PostgreSQL that TEST_DATABASE_URL= names, too; TESTS= picks some tests.
# Tests start processes by the dozen: each would compile all of them again without bytecode.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist worksteal
test: .venv/installed-dev
	unset TEST_DATABASE_URL; $(PYTEST) $(TESTS)
	[ -z "$$TEST_DATABASE_URL" ] || $(PYTEST) $(TESTS)

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING

# Ratios against a floor measured in the same run; DATABASE_URL= names a PostgreSQL.
bench: .venv/installed-dev
	$(BIN)/python -m bench.redeem
	$(BIN)/python -m bench.import_roster
	$(BIN)/python -m bench.grid
	$(BIN)/python -m bench.decide
	$(BIN)/python -m bench.lists
	$(BIN)/python -m bench.guesses

# After a change of the dependencies in pyproject.toml.
lock: .venv/installed-dev
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	  pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	  pyproject.toml --group dev --constraints requirements.txt --output-file requirements-dev.txt
