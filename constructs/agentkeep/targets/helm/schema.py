"""
``values.schema.json``: what may be changed in ``values.yaml``, and nothing else.

The chart is synthesized, and its templates repeat much of what its values say (a policy knows the port, a claim the
pod). So a value is fixed unless it is listed here as one that can change by itself: the version, sizes, resources and
timings. An unknown key is always refused, because helm would ignore it without a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from agentkeep.targets.helm import upstream
from agentkeep.targets.helm.upstream import ANY

_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|[kMGTPE]i?)?$"
_FIXED_VERSION = r"^(v?[0-9]+\.[0-9]+\.[0-9]+([.-][A-Za-z0-9.-]+)?|sha256:[0-9a-f]{64})$"

_WIDTH = 110
_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array"}

# By dotted path below app-template.
_TUNABLE: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"openclawVersion", {"type": "string", "pattern": _FIXED_VERSION}),
    (r"controllers\.\w+\.(c|initC)ontainers\.[^.]+\.resources\..*", {"type": "string", "pattern": _QUANTITY}),
    (r"controllers\.\w+\.(c|initC)ontainers\.[^.]+\.probes\.\w+\.spec\.\w+", {"type": "integer", "minimum": 0}),
    (r"persistence\.[^.]+\.(size|sizeLimit)", {"type": "string", "pattern": _QUANTITY}),
    # Long texts, which a schema would only repeat.
    (r"configMaps\.[^.]+\.data\..*", {"type": "string"}),
)


def values_schema(values: Mapping[str, Any], title: str) -> dict[str, Any]:
    """
    The JSON schema (draft 7) of *values*.

    Args:
        values: The whole of ``values.yaml``.
        title: Name of the schema.
    """
    charts = {
        key: {
            "type": "object",
            "required": [upstream.TEMPLATE],
            "additionalProperties": False,
            "properties": {
                "global": {"type": "object"},
                upstream.TEMPLATE: _template(chart[upstream.TEMPLATE]),
            },
        }
        for key, chart in values.items()
    }
    return {
        # helm knows this draft by heart; a newer one, or a reference, might be fetched.
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        "type": "object",
        "required": sorted(values),
        "additionalProperties": False,
        "properties": {"global": {"type": "object"}, **charts},
    }


def schema_text(schema: Mapping[str, Any]) -> str:
    """The schema as JSON, with everything short on one line."""
    return _laid_out(schema, "")[1] + "\n"


@lru_cache(maxsize=10_000)
def _quoted(text: str) -> str:
    # The same few words stand in a schema again and again.
    return json.dumps(text, ensure_ascii=False)


def _laid_out(value: Any, indent: str) -> tuple[str, str]:
    """*value* on one line, and as it is written; each part is turned into text once, whatever it is nested in."""
    if isinstance(value, str):
        line = _quoted(value)
        return line, line
    if not isinstance(value, Mapping) or not value:
        line = json.dumps(value, ensure_ascii=False)
        return line, line
    deeper = indent + "  "
    parts = [(_quoted(key), *_laid_out(item, deeper)) for key, item in value.items()]
    line = "{" + ", ".join(f"{key}: {short}" for key, short, _ in parts) + "}"
    if len(indent) + len(line) <= _WIDTH:
        return line, line
    entries = [f"{deeper}{key}: {written}" for key, _, written in parts]
    return line, "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _template(values: Mapping[str, Any]) -> dict[str, Any]:
    schema = _object(values, upstream.DEFAULTS, ())
    # helm hands down its globals, and the defaults of app-template's own library, in these two.
    schema["properties"]["global"]["additionalProperties"] = True
    schema["properties"]["common"] = {"type": "object"}
    return schema


def _object(values: Mapping[str, Any], defaults: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    properties = {key: _node(item, defaults.get(key, {}), (*path, key)) for key, item in values.items()}
    properties |= {key: _default(default) for key, default in defaults.items() if key not in values}
    return {
        "type": "object",
        "required": sorted(values),
        "additionalProperties": False,
        "properties": properties,
    }


def _node(value: Any, default: Any, path: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, Mapping):
        if value.get("enabled") is False:
            # Switched off; what the chart says of it otherwise does not matter.
            return {"type": "object", "required": ["enabled"], "properties": {"enabled": {"const": False}}}
        return _object(value, default if isinstance(default, Mapping) else {}, path)
    dotted = ".".join(path)
    for pattern, schema in _TUNABLE:
        if re.fullmatch(pattern, dotted):
            return dict(schema)
    # The type first: it makes the better message.
    return {"type": _TYPES[type(value)], "const": value}


def _default(default: Any) -> dict[str, Any]:
    if isinstance(default, Mapping):
        properties = {key: _default(item) for key, item in default.items()}
        return {"type": "object", "additionalProperties": False, "properties": properties}
    return {} if default == ANY else {"type": default}
