"""Sandboxes: where the commands of an agent's models run, one folder each."""
