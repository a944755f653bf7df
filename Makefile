# make book: install what the book needs into .venv, build the book, print its first page.
# make test: install what the tests need as well, then lint, types, and every test that takes seconds.
# make test-all: all tests. WITHOUT=in_book leaves out the chapters' quick runs that `make book` makes idle.
# make coverage: all tests, with the lines that none of them runs, which is slower.
# make figures: install, run all chapters, export figures to _build/figures; the book then need not run them again.
# make torture: try to break the package with bad inputs, damaged files, kills, full disks and lost workers (15 minutes).
# make data: make the derived tables in data/ again whose inputs have changed (na2q/book/recipes.py).
# make check: look at the built book in a browser. make links: ask every outside link of the book.
# make pdf: print the built book to _build/na2q.pdf.
# PYTHON=python3.12 chooses the interpreter of a new .venv; TORCH=cpu or TORCH=cuda the build of PyTorch (see below).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Bytecode of a module is written when it is first used. Most never is, and it would be a fifth of the environment.
PIP := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt
BUILD := PATH="$(CURDIR)/$(BIN):$$PATH" TQDM_DISABLE=1 jupyter-book build book --warningiserror --nitpick --keep-going

PARAMETERS ?= full
# Networks here are small: a second thread costs more than it brings, and on a busy machine far more.
export OMP_NUM_THREADS := 1

ifeq ($(origin PYTHON),command line)
  VERSION := -c 'import sys; print(*sys.version_info[:2], sep=".")'
  ifneq ($(wildcard $(BIN)/python),)
    ifneq ($(shell $(BIN)/python $(VERSION)),$(shell $(PYTHON) $(VERSION)))
      $(error $(VENV) was made with another Python than $(PYTHON): remove it, or name another folder, as in VENV=.venv-other)
    endif
  endif
endif

.PHONY: book lint test test-all coverage torture data figures check pdf links install lock clean

# On Linux, PyPI's PyTorch is the CUDA build of several gigabytes. Without an NVIDIA GPU its CPU build does the same work.
# `auto` keeps the build that .venv has; in a new .venv it takes the CPU build on a Linux machine without a GPU.
TORCH ?= auto
CPU_WHEELS := https://download.pytorch.org/whl/cpu
ifeq ($(TORCH),auto)
  BUILD_OF_TORCH := $(patsubst $(VENV)/.torch-%,%,$(firstword $(wildcard $(VENV)/.torch-*)))
  ifeq ($(BUILD_OF_TORCH),)
    BUILD_OF_TORCH := $(shell if [ "$$(uname -s)" = Linux ] && ! nvidia-smi -L 2>/dev/null | grep -q GPU; then echo cpu; else echo default; fi)
  endif
else ifeq ($(TORCH),cpu)
  BUILD_OF_TORCH := cpu
else ifeq ($(TORCH),cuda)
  BUILD_OF_TORCH := default
else
  $(error TORCH is '$(TORCH)', must be auto, cpu or cuda)
endif

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Only PyTorch comes from its own index. Where that does not answer within seconds, the next step takes PyPI's build.
$(VENV)/.torch-cpu: constraints.txt | $(BIN)/python
	@if $(BIN)/python -m pip index versions torch --index-url $(CPU_WHEELS) --retries 0 --timeout 5 >/dev/null 2>&1; then \
	  echo "Installing the CPU build of PyTorch (make TORCH=cuda takes the other)."; \
	  $(PIP) --no-deps $(if $(wildcard $(VENV)/.torch-default),--force-reinstall) --index-url $(CPU_WHEELS) torch; \
	else \
	  echo "$(CPU_WHEELS) does not answer. PyTorch will come from the default index, on Linux with several gigabytes of CUDA."; \
	fi
	@rm -f $(VENV)/.torch-default && touch $@

$(VENV)/.torch-default: constraints.txt | $(BIN)/python
	@if [ -e $(VENV)/.torch-cpu ]; then $(PIP) --force-reinstall torch && rm $(VENV)/.torch-cpu; fi
	@touch $@

# A stamp is older than what it depends on when the environment is out of date. What the tests need holds what the book needs.
$(VENV)/.for-book: pyproject.toml constraints.txt $(VENV)/.torch-$(BUILD_OF_TORCH)
	$(PIP) --editable '.[book]'
	touch $@

$(VENV)/.for-tests: pyproject.toml constraints.txt $(VENV)/.torch-$(BUILD_OF_TORCH)
	$(PIP) --editable '.[book,dev]'
	touch $(VENV)/.for-book $@

install: $(VENV)/.for-tests

book: $(VENV)/.for-book
	$(BUILD)
	@echo "Open $(CURDIR)/_build/html/index.html"

figures: $(VENV)/.for-book
	PATH="$(CURDIR)/$(BIN):$$PATH" TQDM_DISABLE=1 na2q figures --parameters $(PARAMETERS)

data: $(VENV)/.for-book
	$(BIN)/python -m na2q.book.recipes

lint: $(VENV)/.for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/zizmor --offline --no-progress --quiet .github
	$(BIN)/pyright --pythonpath $(BIN)/python

test: lint
	$(BIN)/pytest --numprocesses 2 -m "not slow"

test-all: lint
	$(BIN)/pytest --numprocesses 2 $(if $(WITHOUT),-m "not $(WITHOUT)")

coverage: lint
	$(BIN)/pytest --numprocesses 2 --cov=na2q

torture: $(VENV)/.for-tests
	$(BIN)/python tests/torture

check: $(VENV)/.for-tests
	$(BIN)/python tests/check_site.py

pdf: $(VENV)/.for-tests
	$(BIN)/python tests/print_site.py

links: $(VENV)/.for-book
	$(BUILD) --builder linkcheck

lock: $(VENV)/.for-tests
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --python-version 3.11 --extra book --extra dev --extra cluster --extra pettingzoo --extra tensorboard --extra wandb \
	  --constraint constraints.in --no-annotate --no-header pyproject.toml --output-file constraints.txt
	sed -i 's/+cpu$$//' constraints.txt

clean:
	rm -rf _build
