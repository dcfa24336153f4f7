"""Targets: assemble the halves of the constructs into stacks, charts and the folders of dist/."""
