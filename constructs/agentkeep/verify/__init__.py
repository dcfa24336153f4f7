"""
Proofs that read ``dist/`` and nothing else.

Nothing here imports the halves that wrote the artifacts, so a mistake made there cannot be repeated here. It needs the
standard library, PyYAML and rich; never an engine and never Node.
"""
