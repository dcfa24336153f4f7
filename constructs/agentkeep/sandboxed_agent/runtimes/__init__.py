"""Runtimes: the programs that an agent can be, one folder each."""
