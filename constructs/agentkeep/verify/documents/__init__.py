"""
Text to data, strictly: YAML and JSON read so that every reader downstream would read the same.

Kubernetes tools disagree about some YAML (``on`` is a boolean for one and text for the next). Such a file is refused
rather than guessed at. Everything is bounded: size, depth, number of nodes, and what aliases expand to.
"""

from agentkeep.verify.documents.files import Document, decode, parse
from agentkeep.verify.documents.json_text import parse_json
from agentkeep.verify.documents.node import MAX_BYTES, MAX_DEPTH, MAX_EXPANSION, MAX_NODES, Node, NotMappingError
from agentkeep.verify.documents.yaml_text import parse_yaml

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_EXPANSION",
    "MAX_NODES",
    "Document",
    "Node",
    "NotMappingError",
    "decode",
    "parse",
    "parse_json",
    "parse_yaml",
]
