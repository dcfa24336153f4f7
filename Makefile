# Each target is one command without logic; the logic is Python, where it is tested.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := constructs:.
export CHECKPOINT_DISABLE := 1

.DEFAULT_GOAL := synth
.PHONY: synth accept test laws check real cluster lab bench imports lock environment setup

synth: environment        ## write dist/ from the declaration, and print the ledger of edges
	@$(BIN)/python -m agentkeep.cli synth lolice.openclaw

accept: synth             ## the same, for whoever changed something on purpose: read the diff before you commit
	@git --no-pager diff --stat -- dist

test: setup               ## unit, targets, proofs, snapshot
	@$(BIN)/python -m pytest -q -m "not real and not property and not cluster" tests

laws: setup               ## property tests
	@$(BIN)/python -m pytest -q -m property tests

check: setup              ## lint, format, types, generated files are current
	@$(BIN)/python tools/check.py

real: setup               ## the real programs, on exactly the files in dist/
	@$(BIN)/python -m pytest -q -m real -n 2 --dist loadfile --no-loadscope-reorder tests/real

cluster: setup            ## the real servers and what ArgoCD makes of dist/; needs Go, and minutes on a new machine
	@$(BIN)/python -m pytest -q -m cluster tests/cluster

lab: setup                ## the same cluster for a person, until Ctrl-C
	@$(BIN)/python -m tools.lab

bench: setup              ## speed, memory and size as ratios, in one run
	@$(BIN)/python -m bench

imports: setup            ## regenerate imports/ from the pinned versions
	@$(BIN)/python tools/imports.py

lock: setup               ## resolve the pinned versions anew, with hashes
	@$(BIN)/python tools/lock.py

environment:
	@$(PYTHON) tools/environment.py .venv locks/synth.txt

setup: environment
	@$(PYTHON) tools/environment.py .venv locks/test.txt
