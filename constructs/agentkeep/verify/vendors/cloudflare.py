"""Cloudflare's side of a site, the same for both generations of its Terraform provider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from agentkeep.verify.artifacts import Place, Terraform, mapping, mappings, text
from agentkeep.verify.values import referred
from agentkeep.verify.vendors import Vendor

if TYPE_CHECKING:
    from agentkeep.verify.case import Case

_TUNNELS: Final = ("cloudflare_zero_trust_tunnel_cloudflared", "cloudflare_tunnel")
_CONFIGS: Final = ("cloudflare_zero_trust_tunnel_cloudflared_config", "cloudflare_tunnel_config")
_RECORDS: Final = ("cloudflare_record", "cloudflare_dns_record")
_APPLICATIONS: Final = ("cloudflare_zero_trust_access_application", "cloudflare_access_application")
_POLICIES: Final = ("cloudflare_zero_trust_access_policy", "cloudflare_access_policy")
# {email = {...}}: the selector of an object in a version 5 expression.
_EXPRESSION_KIND: Final = re.compile(r"\{\s*(\w+)\s*=\s*\{")
VENDOR: Final = Vendor(
    name="cloudflare",
    kind="publishing",
    terraform=("cloudflare_",),
    resources=frozenset(
        {
            "cloudflare_record", "cloudflare_dns_record", "cloudflare_zero_trust_access_application",
            "cloudflare_zero_trust_access_policy", "cloudflare_zero_trust_tunnel_cloudflared",
            "cloudflare_zero_trust_tunnel_cloudflared_config",
        }
    ),
    data=("cloudflare_zero_trust_",),
    secret_fields=frozenset(
        {
            ("cloudflare_zero_trust_tunnel_cloudflared", "secret"),
            ("cloudflare_zero_trust_tunnel_cloudflared", "tunnel_secret"),
        }
    ),
    # The attribute, and not a resource that is called like it.
    secret_values=(r"(?<![\w-])tunnel_(?:token|secret)(?![\w.-])", r"cloudflared_token\.\w+\.token"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One ingress rule of a tunnel; *address* is that of the whole configuration."""

    address: str
    tunnel: str
    hostname: str
    service: str
    body: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Record:
    """One DNS record, by its full name."""

    address: str
    host: str
    kind: str
    content: str
    proxied: bool
    place: Place


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """One Access policy; *include* and *require* hold (selector, value) pairs, ``?`` for what cannot be told."""

    address: str
    decision: str
    include: tuple[tuple[str, Any], ...]
    require: tuple[tuple[str, Any], ...]
    body: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Application:
    """One Access application with the policies that are attached to it."""

    address: str
    domain: str
    body: Mapping[str, Any]
    place: Place
    policies: tuple[AccessPolicy, ...] = field(default=())


def tunnels(case: Case) -> Iterator[tuple[str, Mapping[str, Any], Place]]:
    """(address, body, place) of every tunnel."""
    for module in case.artifacts.terraform:
        for kind, name, body in module.resources(*_TUNNELS):
            yield f"{kind}.{name}", body, module.at("resource", kind, name)


def routes(case: Case) -> Iterator[tuple[Route, bool]]:
    """Every ingress rule, and whether it is the last of its tunnel."""
    for module in case.artifacts.terraform:
        for kind, name, body in module.resources(*_CONFIGS):
            at = module.at("resource", kind, name)
            config = body.get("config")
            config = mapping(config[0]) if isinstance(config, list) and config else mapping(config)
            rules = mappings(config.get("ingress_rule")) or mappings(config.get("ingress"))
            tunnel = referred(body.get("tunnel_id"))
            for index, rule in enumerate(rules):
                one = Route(f"{kind}.{name}", tunnel, text(rule.get("hostname")), text(rule.get("service")), rule, at)
                yield one, index == len(rules) - 1


def records(case: Case) -> Iterator[Record]:
    """Every DNS record."""
    zone = next((site.zone for site in case.ledger.sites if site.zone), "")
    for module in case.artifacts.terraform:
        for kind, name, body in module.resources(*_RECORDS):
            short = text(body.get("name"))
            host = zone if short == "@" else short if not zone or short.endswith(zone) else f"{short}.{zone}"
            content = text(body.get("content")) or text(body.get("value"))
            place = module.at("resource", kind, name)
            proxied = body.get("proxied") is True
            yield Record(f"{kind}.{name}", host, text(body.get("type")), content, proxied, place)


def applications(case: Case) -> list[Application]:
    """Every Access application."""
    found: list[Application] = []
    for module in case.artifacts.terraform:
        policies = [_policy(module, kind, name, body) for kind, name, body in module.resources(*_POLICIES)]
        owners: dict[str, list[int]] = {}
        for number, policy in enumerate(policies):
            for key in {f"of {referred(policy.body.get('application_id'))}", f"is {policy.address}"}:
                owners.setdefault(key, []).append(number)
        for kind, name, body in module.resources(*_APPLICATIONS):
            address = f"{kind}.{name}"
            attached = [one if isinstance(one, dict) else {"id": one} for one in body.get("policies") or []]
            named = {referred(one.get("id")) for one in attached}
            inline = [
                _policy(module, kind, f"{name}.policies[{number}]", one)
                for number, one in enumerate(attached)
                if set(one) - {"id", "precedence"}
            ]
            keys = (f"of {address}", *(f"is {one}" for one in named))
            mine = [policies[number] for number in sorted({number for key in keys for number in owners.get(key, ())})]
            place = module.at("resource", kind, name)
            found.append(Application(address, text(body.get("domain")), body, place, (*mine, *inline)))
    return found


def policies(case: Case) -> list[AccessPolicy]:
    """Every Access policy, attached or not, and those written inside an application."""
    named = [
        _policy(module, kind, name, body)
        for module in case.artifacts.terraform
        for kind, name, body in module.resources(*_POLICIES)
    ]
    known = {policy.address for policy in named}
    return [*named, *(p for app in applications(case) for p in app.policies if p.address not in known)]


def _policy(module: Terraform, kind: str, name: str, body: Mapping[str, Any]) -> AccessPolicy:
    return AccessPolicy(
        f"{kind}.{name}",
        text(body.get("decision")),
        _selectors(body.get("include")),
        _selectors(body.get("require")),
        body,
        module.at("resource", kind, name),
    )


def _selectors(value: Any) -> tuple[tuple[str, Any], ...]:
    if isinstance(value, str):
        # An expression: only one that builds selectors and nothing else can be told.
        kinds = _EXPRESSION_KIND.findall(value)
        known = (
            value.startswith("${")
            and kinds
            and not re.search(r"\b(local|module|data)\.[\w.]*(selectors|include)", value)
        )
        return tuple((kind, value) for kind in kinds) if known else (("?", value),)
    # Version 5 writes "everyone = {}": an empty object admits as much as a full one. Only null, false and [] admit
    # nobody.
    return tuple(
        (kind, inner)
        for one in mappings([value] if isinstance(value, dict) else value)
        for kind, inner in one.items()
        if inner is not None and inner is not False and inner != []
    )
