# make book: install into .venv, build the book, print its first page.
# make test: install into .venv, then lint, types, tests with coverage.
# make figures: install, run all chapters, export figures to _build/figures; the book then need not run them again.
# make check: look at the built book in a browser. make links: ask every outside link of the book.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
BUILD := PATH="$(CURDIR)/$(BIN):$$PATH" TQDM_DISABLE=1 jupyter-book build book --warningiserror --nitpick --keep-going

PARAMETERS ?= full
# Networks here are small: a second thread costs more than it brings, and on a busy machine far more.
export OMP_NUM_THREADS := 1

.PHONY: book test figures check links install lock clean

# The stamp is older than pyproject.toml or constraints.txt when the environment is out of date.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[book,dev]'
	touch $@

install: $(INSTALLED)

book: $(INSTALLED)
	$(BUILD)
	@echo "Open $(CURDIR)/_build/html/index.html"

figures: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" TQDM_DISABLE=1 na2q figures --parameters $(PARAMETERS)

test: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/zizmor --offline --no-progress --quiet .github
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pytest --numprocesses 2 --cov=na2q

check: $(INSTALLED)
	$(BIN)/python tests/check_site.py

links: $(INSTALLED)
	$(BUILD) --builder linkcheck

lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --extra book --extra dev --extra cluster --extra pettingzoo --extra tensorboard \
	  --constraint constraints.in --no-annotate --no-header pyproject.toml --output-file constraints.txt
	sed -i 's/+cpu$$//' constraints.txt

clean:
	rm -rf _build
