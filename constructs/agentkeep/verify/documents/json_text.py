"""JSON to data: one object, no key twice, no number that JSON does not have."""

import json
import sys
from typing import Any, NoReturn

from agentkeep.errors import ProofError
from agentkeep.verify.documents.node import MAX_DEPTH, Node, NotMappingError, too_deep
from agentkeep.verify.documents.yaml_text import parse_yaml


class _DuplicateKeyError(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> Node:
    # As in YAML: one copy of each text, and of each key over all files.
    intern = sys.intern
    node = Node([(intern(key), intern(value) if type(value) is str else value) for key, value in pairs])
    if len(node) != len(pairs):
        raise _DuplicateKeyError
    return node


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def parse_json(text: str, file: str) -> Node:
    """
    The one object that *text* holds.

    Raises:
        ProofError: broken, too deep, a key twice in one object, NaN or Infinity, or not an object at all.
    """
    try:
        data = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except _DuplicateKeyError:
        # The YAML reader knows lines, and JSON that got this far is YAML.
        parse_yaml(text, file, lenient=True)
        raise ProofError(f"{file}:1", "a key is given twice in one object", "keep one of them") from None
    except json.JSONDecodeError as error:
        raise ProofError(f"{file}:{error.lineno}", f"this is not JSON ({error.msg})", "fix the file") from None
    except RecursionError:
        raise too_deep(file, 1) from None
    except ValueError:
        raise ProofError(f"{file}:1", "a number that JSON does not have", "write a finite one") from None
    if not isinstance(data, Node):
        raise NotMappingError(f"{file}:1", "the file does not hold one object", "write a JSON object")
    if _depth(data) > MAX_DEPTH:
        raise too_deep(file, 1)
    return data


def _depth(root: Any) -> int:
    deepest, level = 0, [root]
    while level:
        deepest += 1
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    return deepest
