PYTHON ?= python3
IN_VENV := .venv/bin/
WEEKS_AGO = $(shell date -u -d '2 weeks ago' +%Y-%m-%d 2>/dev/null || date -u -v-14d +%Y-%m-%d)
LOCK = uv pip compile --quiet --universal --python-version 3.11 --exclude-newer $(WEEKS_AGO) \
	--custom-compile-command 'make lock'

# As in production, so that the checks for it are the ones that run; no server is asked.
PRODUCTION := DEBUG=false ALLOWED_HOSTS=pos.example.com \
	SECRET_KEY=$$($(IN_VENV)python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	DATABASE_URL=postgres://makola@127.0.0.1:5432/makola

.PHONY: help run test check bench lock

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\): .*## /\1	/p' $(MAKEFILE_LIST) | expand -t 8

run:  ## install what is missing, start the database and serve the demo on :8000
	@$(PYTHON) core/bootstrap.py
	@exec $(IN_VENV)python manage.py serve

test:  ## run the tests; ARGS='-k shifts' chooses
	@$(PYTHON) core/bootstrap.py --dev
	@exec $(IN_VENV)python -m pytest -n 3 $(ARGS)

check:  ## lint, types, floors, migrations, schema and the checks for production
	@$(PYTHON) core/bootstrap.py --dev
	$(IN_VENV)ruff check .
	$(IN_VENV)ruff format --check .
	$(IN_VENV)mypy .
	$(IN_VENV)lint-imports
	$(IN_VENV)python manage.py provision
	$(IN_VENV)python manage.py makemigrations --check --dry-run
	$(IN_VENV)python manage.py lintmigrations --exclude-apps procrastinate
	$(IN_VENV)python manage.py spectacular --validate --fail-on-warn --file /dev/null
	@$(PRODUCTION) $(IN_VENV)python manage.py check --deploy --fail-level WARNING

bench:  ## measure the speed
	@$(PYTHON) core/bootstrap.py --dev
	@exec $(IN_VENV)python -m tests.bench

lock:  ## pin anew what requirements*.in ask for, leaving out the last two weeks' releases
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
