# Each target is one command; the logic lives in Python, where it is tested.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := constructs:.
export CHECKPOINT_DISABLE := 1

.PHONY: setup synth accept check test laws real bench imports lock clean
.DEFAULT_GOAL := synth

.venv-synth:
	@$(PYTHON) tools/environment.py .venv locks/synth.txt

setup:
	@$(PYTHON) tools/environment.py .venv locks/test.txt

.PHONY: .venv-synth
