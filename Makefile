# Each target is one command without logic; the logic is Python, where it is tested.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := constructs:imports:.
export CHECKPOINT_DISABLE := 1

.DEFAULT_GOAL := synth
.PHONY: synth accept examples test laws check real cluster lab bench imports lock environment setup

synth: environment        ## write dist/ from the declaration, and print the ledger of edges
	@$(BIN)/python -m agentkeep.cli synth lolice.openclaw

accept: synth             ## the same after a change on purpose, and what changed in dist/: read it before you commit
	@git --no-pager diff --stat -- dist

examples: environment     ## write dist/ of every example anew: read the diff before you commit
	@$(BIN)/python tools/examples.py

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

bench: setup              ## speed, memory and size, as ratios
	@$(BIN)/python -m bench

imports: setup            ## regenerate the bindings in imports/ from the pinned versions
	@$(BIN)/python tools/imports.py

lock: setup               ## resolve the versions of pyproject.toml anew, with hashes
	@$(BIN)/python tools/lock.py

environment:              ## .venv with what synthesis needs, from the lock
	@$(PYTHON) tools/environment.py .venv locks/synth.txt

setup: environment        ## .venv with what the tests need as well, from the lock
	@$(PYTHON) tools/environment.py .venv locks/test.txt
