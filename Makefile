# make book: install into .venv, build the book, print its first page.
# make test: install into .venv, then lint, types, tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: book test install lock clean

# The stamp is older than pyproject.toml or constraints.txt when the environment is out of date.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[book,dev]'
	touch $@

install: $(INSTALLED)

book: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" TQDM_DISABLE=1 jupyter-book build book --warningiserror --nitpick --keep-going
	@echo "Open $(CURDIR)/_build/html/index.html"

test: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/pytest --numprocesses 2

lock: $(INSTALLED)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --extra book --extra dev --extra cluster --extra tensorboard \
	  --constraint constraints.in --no-annotate --no-header pyproject.toml --output-file constraints.txt
	sed -i 's/+cpu$$//' constraints.txt

clean:
	rm -rf _build
