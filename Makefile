# Vitrine. `make demo` and `make test` need Python 3.11, 3.12 or 3.13, and make; they install the rest into .venv.
#
#   make demo [PHOTOS=folder] [PORT=7860]    collect, scan, train, serve the demo and the light table
#   BY_NAME=yes                              labels are read off file names ("mug_1.jpg"), where there is no class folder
#   CLASSES=top|leaf  VAL_IS_TEST=yes        as --classes and --val-is-test of `python -m space loop`
#   BUDGET=10m                               what training is planned to fit into; picks epochs and resolution
#   make loop [PHOTOS=folder] [OUT=folder]   the same without serving; prints the path of OUT/summary.json
#   make test                                every test, those in the browser included
#   make quick                               unit tests only
#   make lint                                ruff, mypy, and biome for JavaScript
#   FASTDUP=no                               leave fastdup out (closed binary, non-commercial licence, telemetry off)

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
PHOTOS ?= museum
OUT ?= out
PORT ?= 7860
FASTDUP ?= yes
CHROMIUM ?= /usr/bin/chromium
TORCH_FOR_CPU ?= https://download.pytorch.org/whl/cpu

# Anything but no, 0, false, off and nothing at all.
said = $(filter-out no 0 false off,$(1))
CHOSEN = $(if $(BUDGET),--budget $(BUDGET)) $(if $(call said,$(BY_NAME)),--by-name) \
	$(if $(call said,$(VAL_IS_TEST)),--val-is-test) $(if $(CLASSES),--classes $(CLASSES))

# The quick tests run in as many processes as there are cores, four at most. All of them run in one: a process of
# several ended without a word, in OpenVINO, and nobody knows why yet. A file stays in one, for what its tests share.
SHARED_OUT = -n auto --maxprocesses 4 --dist loadfile

.PHONY: demo loop test quick lint browser node lock clean
.DEFAULT_GOAL := demo

demo: .venv/ready
	$(BIN)/python -m space demo "$(PHOTOS)" "$(OUT)" --port $(PORT) $(if $(filter no,$(FASTDUP)),--no-fastdup) $(CHOSEN)

loop: .venv/ready
	$(BIN)/python -m space loop "$(PHOTOS)" "$(OUT)" $(if $(filter no,$(FASTDUP)),--no-fastdup) $(CHOSEN)

test: .venv/ready-dev lint browser node
	OMP_NUM_THREADS=2 TOKENIZERS_PARALLELISM=false CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest

# Unit tests only: what is quick to run after each change, with fewer made-up examples. What Python and pytest make of
# the files is kept for the next run, whatever the environment says.
quick: .venv/ready-dev
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest \
		$(SHARED_OUT) -m "not slow" --hypothesis-profile quick

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/biome lint --error-on-warnings
	$(BIN)/mypy

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Vitrine needs Python 3.11, 3.12 or 3.13; say which with: make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv

# On Linux PyPI's torch brings CUDA. Where no GPU answers, PyTorch's own index has a build without it; where that index
# cannot be reached, the one from PyPI is taken.
.venv/ready: .venv/bin/python requirements.txt requirements-fastdup.txt
	@if [ "$$(uname -s)" = Linux ] && ! nvidia-smi >/dev/null 2>&1; then \
		echo "Setting up .venv takes about 3 GB of disk."; \
		$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --retries 0 --timeout 15 \
			--index-url $(TORCH_FOR_CPU) "$$(grep '^torch==' requirements.txt)" >/dev/null 2>&1 || \
		echo "PyTorch without CUDA cannot be had from here, so PyPI's comes: up to 6 GB in all."; \
	else echo "Setting up .venv takes up to 6 GB of disk, PyTorch's CUDA libraries among them."; fi
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -e . || \
		echo "The command vitrine could not be installed; python -m space.console is the same."
ifneq ($(FASTDUP),no)
	@echo "Installing fastdup: a closed binary, CC BY-NC-ND licence (non-commercial use only); its telemetry is switched off."
	@echo "Vitrine works without it: make FASTDUP=no"
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps -r requirements-fastdup.txt || \
		echo "fastdup has no build for this Python; near-duplicates are then proposed by embeddings alone."
endif
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-album.txt || \
		echo "pyexiv2 has no build for this Python; photos of an album cannot be tagged."
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt requirements-ray.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-ray.txt || \
		echo "Ray has no build for this Python; the scan by a cluster is then not tested."
	touch $@

# The browser tests drive Debian's chromium.
browser:
	@test -x $(CHROMIUM) || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu >/dev/null; } || \
		{ echo "The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium)," \
		       "or say where it is: make test CHROMIUM=/path/to/chromium"; exit 1; }

# The tests of the pages' logic are run by node. Without it they are left out, and pytest says so.
node:
	@command -v node >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs >/dev/null; } || \
		echo "There is no node here, so the pages' logic is not tested (Debian: sudo apt-get install nodejs)."

# The pins with hashes, and the licences of what they install. Run it after a change of requirements.txt.
lock: .venv/ready
	$(BIN)/python -m pip install --disable-pip-version-check -q uv==0.13.9
	$(BIN)/uv pip compile requirements.txt --generate-hashes --python-version 3.11 -q -o requirements.lock
	$(BIN)/python .ci/supply_chain.py notice

clean:
	rm -rf .venv out
