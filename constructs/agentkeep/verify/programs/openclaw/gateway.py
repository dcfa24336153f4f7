"""The gateway of a configuration: where it listens, what it asks for, whom it trusts."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping, texts
from agentkeep.verify.intervals import Span, spans
from agentkeep.verify.values import dig

_DANGEROUS: Final = ("allowInsecureAuth", "dangerouslyDisableDeviceAuth", "dangerouslyAllowHostHeaderOriginFallback")
# More addresses than this are not the pods of one cluster.
_WIDEST: Final = {4: 2**24, 6: 2**120}


def gateways(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG003: what is wrong with the gateway, whatever the cluster is."""
    gateway = mapping(config.get("gateway"))
    if gateway.get("mode") != "local":
        yield "is not a gateway of its own (mode)"
    if gateway.get("bind") != "lan":
        yield "does not listen where the tunnel reaches it (bind)"
    auth = mapping(gateway.get("auth"))
    if auth.get("mode") != "token":
        yield f"asks for no token (auth mode {auth.get('mode')})"
    if not auth.get("token"):
        yield "has no token to ask for"
    control = mapping(gateway.get("controlUi"))
    yield from (f"sets controlUi.{key}" for key in _DANGEROUS if control.get(key))
    origins = texts(control.get("allowedOrigins"))
    if any("*" in origin for origin in origins):
        yield "allows every origin"
    if not origins:
        yield "allows no origin, not even its own"
    if dig(gateway, "tailscale", "mode") not in (None, "off"):
        yield "is published by Tailscale as well"
    if dig(gateway, "nodes", "pairing", "autoApproveLocal"):
        yield "pairs local devices by itself"
    yield from _trust(gateway)


def trusted(config: Mapping[str, Any]) -> tuple[Span, ...] | None:
    """Whom the gateway believes where a request comes from; ``None`` if one of them is not a network."""
    try:
        return spans(texts(dig(config, "gateway", "trustedProxies")))
    except ValueError:
        return None


def _trust(gateway: Mapping[str, Any]) -> Iterator[str]:
    found = trusted({"gateway": gateway})
    if found is None:
        yield "trusts a proxy that is not a network"
    elif not found:
        yield "trusts no proxy, so every forwarded request is answered 403"
    elif any(one.high - one.low >= _WIDEST[one.family] for one in found):
        yield "trusts almost everybody as a proxy"
