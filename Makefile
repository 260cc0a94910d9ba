# make reproduce [PRESET=minimal|quick] [BLAS=auto|pinned]   train, measure, judge, report
# make bench                              time a training step beside PyTorch and NumPy (installs PyTorch)
# make docs                               the site in docs/_build/html: course (executed), reference pages, API
# make knocks                             kills, full disks, damaged files, hostile input: hundreds of each
# make test                               lint, types, the tests, and those of arrays once more with shapes checked
PYTHON ?= python3
PRESET ?= minimal
# auto lets OpenBLAS choose its kernel even where the environment pins a slower one; results change in the last bits.
BLAS   ?= auto
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

# Where arrays are made and reduced; the rest trains from end to end, minutes where kernels run as Python loops.
ARRAYS := tests/theory tests/model tests/validate/statistics tests/validate/capture

.PHONY: reproduce test bench docs lint clean

reproduce: $(STAMP)
	$(BIN)/python -m validate reproduce --preset $(PRESET) --blas $(BLAS)

test: $(VENV)/.installed-test lint
	$(BIN)/python -m pytest -n auto
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n auto $(ARRAYS) --jaxtyping-packages=theory,model,validate,beartype.beartype

knocks: $(VENV)/.installed-test
	$(BIN)/python tests/knocks/campaign.py

bench: $(VENV)-bench/.installed
	$(VENV)-bench/bin/python -m benchmarks

# Two chapters at once; a warning is an error. What chapters printed is kept until they or the packages change.
docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -j 2 -W --keep-going -b html docs docs/_build/html

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

$(STAMP): pyproject.toml | $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(STAMP)

$(VENV)/.installed-docs: pyproject.toml | $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@ $(STAMP)

# An environment of its own: PyTorch is large, and nothing else needs it.
$(VENV)-bench/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-bench
	echo '*' > $(VENV)-bench/.gitignore
	$(VENV)-bench/bin/python -m pip install --quiet --editable '.[bench]'
	@touch $@

$(VENV):
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) $(VENV)-bench
