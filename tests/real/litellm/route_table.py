"""
Print every route that LiteLLM can serve, as JSON: kind, path, methods, and whether its key check is attached.

Run with the interpreter of LiteLLM's own environment. Half of the routes are registered on first use only; all of them
are loaded here, because a caller can make the proxy load them too.
"""

import asyncio
import json
import sys
from typing import Any

from fastapi.routing import iter_route_contexts  # type: ignore[import-not-found]
from litellm.proxy import _lazy_features as lazy  # type: ignore[import-not-found]
from litellm.proxy.proxy_server import app  # type: ignore[import-not-found]

Row = tuple[str, str, tuple[str, ...], bool]


def checks(dependant: Any) -> set[str]:
    """Return the names of all dependencies below *dependant*."""
    if dependant is None:
        return set()
    found: set[str] = set()
    for below in dependant.dependencies:
        found |= {getattr(below.call, "__name__", "")} | checks(below)
    return found


def walk(routes: Any, prefix: str, found: set[Row]) -> None:
    """Add every route below *routes* to *found*."""
    for context in iter_route_contexts(routes):
        route = getattr(context, "starlette_route", None) or getattr(context, "original_route", None) or context
        path = prefix + (getattr(context, "path", None) or getattr(route, "path", "") or "")
        methods = getattr(context, "methods", None) or getattr(route, "methods", None) or []
        names = checks(getattr(context, "dependant", None) or getattr(route, "dependant", None))
        keyed = any(name.startswith("user_api_key_auth") for name in names)
        kind = type(route).__name__
        found.add((kind, path, tuple(sorted(methods)), keyed))
        if kind == "Mount":
            walk(getattr(route, "routes", None) or [], path, found)


for feature in lazy.LAZY_FEATURES:
    asyncio.run(lazy._force_load(app, feature))
table: set[Row] = set()
walk(app.routes, "", table)
json.dump(sorted(table), sys.stdout)
