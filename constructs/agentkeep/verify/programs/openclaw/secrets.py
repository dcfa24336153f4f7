"""How a configuration comes by its secrets: variables, and files of named providers."""

from collections.abc import Iterator, Mapping
from typing import Any

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.values import dig, references


def variables(config: Mapping[str, Any]) -> set[str]:
    """CFG001: every variable that is asked for, in a text or by a reference."""
    named = {text(one.get("id")) for one in _references(config) if one.get("source") == "env"}
    return references(config) | named


def files(config: Mapping[str, Any]) -> dict[str, str]:
    """CFG012: the path of every secret file, by the name of its provider."""
    providers = mapping(dig(config, "secrets", "providers"))
    return {
        name: text(mapping(provider).get("path"))
        for name, provider in providers.items()
        if mapping(provider).get("source") == "file"
    }


def missing_providers(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG012: providers that a reference names and nobody defines."""
    known = mapping(dig(config, "secrets", "providers"))
    named = {text(one.get("provider")) for one in _references(config) if one.get("source") == "file"}
    yield from (f"names the secret provider {one[:60]}, which does not exist" for one in sorted(named - set(known)))


def _references(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        if {"source", "provider", "id"} <= value.keys():
            yield value
            return
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _references(inner)
