# Every task of the project; 'make help' lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin
DATA ?=
PYTEST ?=
# What Python compiles is kept, apart from the sources and whatever the caller's shell says:
# starting without it takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.data/pycache

.PHONY: help
help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8123 make run     another port"
	@echo "  make run DATA=FOLDER   real files instead of the demonstration"
	@echo "  DATABASE_URL=… make run   an existing PostgreSQL server with PostGIS"

.PHONY: run
run: setup ## Install what is missing, start the database, load and serve the site
	@exec $(PY)/observatory run --data "$(DATA)"

.PHONY: stop
stop: ## Stop the site and the private database
	@$(PY)/observatory stop

.PHONY: setup
setup: ## Install system packages and the Python environment
	@./observatory/deploy/setup.sh

.PHONY: setup-dev
setup-dev: ## The same, with what tests and checks need
	@./observatory/deploy/setup.sh --dev

.PHONY: test
test: setup-dev ## Run the whole suite on the private database (PYTEST="-k word" narrows it)
	@$(PY)/pytest -n auto --dist loadfile $(PYTEST)

.PHONY: references
references: setup-dev ## Keep how pages look now (tests/maps/references); look at what git says changed
	@OBSERVATORY_RENEW_REFERENCES=1 $(PY)/pytest -q tests/maps/test_every_page.py tests/maps/test_pages_of_refusal.py -k "desk or phone or leads_back"

.PHONY: check
check: setup-dev ## Lint, types, room boundaries, migrations
	@$(PY)/ruff check .
	@$(PY)/ruff format --check .
	@$(PY)/mypy
	@$(PY)/lint-imports
	@$(PY)/observatory makemigrations --check --dry-run

.PHONY: containers
containers: setup-dev ## Lint the compose file and the Dockerfile without an engine
	@$(PY)/hadolint observatory/deploy/Dockerfile
	@command -v docker-compose >/dev/null || { echo "docker-compose is missing: apt-get install docker-compose"; exit 1; }
	@POSTGRES_PASSWORD=x OBSERVATORY_SECRET_KEY=x docker-compose -f docker-compose.yml config -q

.PHONY: frontend
frontend: ## Rebuild the page's scripts and styles (needs Node 20 or newer)
	@cd maps/frontend && npm ci --silent && npm run build

.PHONY: frontend-check
frontend-check: ## Check that a rebuild gives the committed files
	@maps/frontend/check-build.sh

.PHONY: messages
messages: setup-dev ## Gather the texts of pages and forms and compile their English (needs Debian's gettext)
	@for room in maps importers; do ( cd $$room && \
		../$(PY)/django-admin makemessages --settings=observatory.settings --pythonpath=.. -l en --no-wrap --no-obsolete --add-location=file -i frontend -i static -v 0 && \
		../$(PY)/django-admin compilemessages --settings=observatory.settings --pythonpath=.. -l en -v 0 ) || exit 1; done

.PHONY: lock
lock: ## Resolve the dependencies again and write both lock files
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

.PHONY: torture
torture: setup-dev ## Everything, with the long runs that CI samples
	@$(PY)/pytest -m "torture or not torture" --override-ini addopts="--strict-markers -ra"

.PHONY: clean
clean: ## Stop everything and remove what was made (the database too)
	@-$(PY)/observatory stop
	@rm -rf .data .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
