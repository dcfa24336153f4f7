"""Mutants of the site family: whom the tunnel and Access let in, and where a request ends."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.proofs.mutants.shared import COULD
from tests.proofs.world import UNKNOWN, Base, Json, Mutant


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _sites(base)
    yield from _second_look(base)


def _sites(base: Base) -> Iterator[Mutant]:
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    record, routes = base.dns_record, "cloudflare_zero_trust_tunnel_cloudflared_config"
    host, zone = base.site["host"], base.site["zone"]
    rule = partial(lambda w: w.routes)
    for what, kind in (("application", application), ("policy", policy)):
        yield Mutant("SITE001", f"the Access {what} dropped", lambda w, k=kind: w.cloudflare["resource"].pop(k))
    yield Mutant(
        "SITE001", "the Access application for another host", lambda w: w.tf(application).update(domain=f"other.{zone}")
    )
    yield Mutant(
        "SITE001",
        "one more route",
        lambda w: rule(w).insert(0, {"hostname": f"admin.{zone}", "service": f"http://{base.host(base.proxy)}:4000"}),
    )
    yield Mutant(
        "SITE001",
        "one more DNS record",
        lambda w: w.cloudflare["resource"][record].update(
            x={
                "name": "admin" if base.cloudflare_version == 4 else f"admin.{zone}",
                "type": "CNAME",
                "content": "x",
                "proxied": True,
            }
        ),
    )
    # One selector as each version of the provider writes it.
    as_written: tuple[tuple[str, Json, Json], ...] = (
        ("login_method alone", {"login_method": ["x"]}, {"login_method": {"id": "x"}}),
        ("everybody", {"everyone": True}, {"everyone": {}}),
        ("any service token", {"any_valid_service_token": True}, {"any_valid_service_token": {}}),
        ("a mail domain", {"email_domain": ["gmail.com"]}, {"email_domain": {"domain": "gmail.com"}}),
        ("a range of addresses", {"ip": ["0.0.0.0/0"]}, {"ip": {"ip": "0.0.0.0/0"}}),
        ("a country", {"geo": ["JP"]}, {"geo": {"country_code": "JP"}}),
        ("an organization", {"github": [{"name": "acme"}]}, {"github_organization": {"name": "acme"}}),
        ("a group elsewhere", {"group": ["x"]}, {"group": {"id": "x"}}),
        ("an address with a star", {"email": [f"*@{zone}"]}, {"email": {"email": f"*@{zone}"}}),
    )
    for what, in_version_4, in_version_5 in as_written:
        selector = in_version_4 if base.cloudflare_version == 4 else in_version_5
        yield Mutant("SITE002", f"Access admits {what}", lambda w, s=selector: w.tf(policy).update(include=[s]))
        if "email" not in selector:
            yield Mutant(
                "SITE002", f"Access admits people, and {what} as well", lambda w, s=selector: _also(w.tf(policy), s)
            )
    yield Mutant("SITE002", "Access admits nobody", lambda w: w.tf(policy).update(include=[]))
    yield Mutant("SITE002", "Access does not require the login method", lambda w: w.tf(policy).pop("require"))
    yield Mutant(
        "SITE002",
        "the people have a default",
        lambda w: w.cloudflare["variable"]["access_emails"].update(default=["x@example.org"]),
    )
    for decision in ("bypass", "non_identity", "", "service_auth"):
        yield Mutant(
            "SITE003", f"Access decides {decision or 'nothing'}", lambda w, d=decision: w.tf(policy).update(decision=d)
        )
    yield Mutant(
        "SITE003",
        "one more policy that bypasses",
        lambda w: w.cloudflare["resource"][policy].update(x={**w.tf(policy), "decision": "bypass", "precedence": 2}),
    )
    for domain in (f"{host}/api", f"*.{zone}"):
        yield Mutant(
            "SITE003",
            f"an application for {domain}",
            lambda w, d=domain: w.cloudflare["resource"][application].update(x={**w.tf(application), "domain": d}),
        )
    yield Mutant("SITE003", "an application for SSH", lambda w: w.tf(application).update(type="ssh"))
    yield Mutant(
        "SITE003", "preflights bypass Access", lambda w: w.tf(application).update(options_preflight_bypass=True)
    )
    yield Mutant("SITE004", "DNS is not proxied", lambda w: w.tf(record).update(proxied=False))
    yield Mutant("SITE004", "DNS does not say that it is proxied", lambda w: w.tf(record).pop("proxied"))
    yield Mutant("SITE004", "DNS names the house", lambda w: w.tf(record).update(type="A", content="203.0.113.7"))
    yield Mutant(
        "SITE004",
        "DNS points at another tunnel",
        lambda w: w.tf(record).update(content=w.tf(record)["content"].replace(f".{base.tunnel_resource}.", ".other.")),
    )
    for session in ("720h", "25h", "", "forever", "90000s"):
        yield Mutant(
            "SITE005",
            f"a login lasts {session or 'as long as the default'}",
            lambda w, s=session: w.tf(application).update(session_duration=s),
        )
    for key in ("no_tls_verify", "bastion_mode", "http_host_header", "proxy_type"):
        yield Mutant("SITE006", f"the route sets {key}", lambda w, k=key: rule(w)[0].update(origin_request={k: "x"}))
    yield Mutant(
        "SITE006",
        "Access at the origin, not required",
        lambda w: rule(w)[0].update(origin_request={"access": {"required": False, "team_name": "x"}}),
    )
    yield Mutant(
        "SITE006",
        "the tunnel routes a private network",
        lambda w: w.tf(routes)["config"].update(warp_routing={"enabled": True}),
    )


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    routes = "cloudflare_zero_trust_tunnel_cloudflared_config"
    yield Mutant(
        "SITE003",
        "a policy inside the application bypasses",
        lambda w: w.tf(application).update(policies=[{"decision": "bypass", "include": [{"everyone": {}}]}]),
    )
    yield Mutant(
        "SITE002",
        "a policy inside the application admits everybody",
        lambda w: w.tf(application).update(policies=[{"decision": "allow", "include": [{"everyone": {}}]}]),
    )
    for include in (
        "${concat([for a in var.access_emails : { email = { email = a } }], [{ everyone = {} }])}",
        "${local.people}",
        "${var.open ? [{ everyone = {} }] : []}",
    ):
        yield Mutant("SITE002", f"Access admits by {include[:40]}", lambda w, i=include: w.tf(policy).update(include=i))
    yield Mutant(
        "SITE006",
        "defaults for every origin",
        lambda w: w.tf(routes)["config"].update(origin_request={"proxy_type": "socks"}),
        UNKNOWN,
        COULD,
    )
    yield from (_version_4 if base.cloudflare_version == 4 else _version_5)(application, policy)


def _also(policy: Json, selector: Json) -> None:
    """Admit whoever is admitted today, and *selector* as well."""
    if isinstance(policy["include"], list):
        policy["include"].append(selector)
    else:
        inner = policy["include"].removeprefix("${").removesuffix("}")
        policy["include"] = f"${{concat({inner}, [{_hcl(selector)}])}}"


def _hcl(value: Any) -> str:
    """*value* as Terraform would have it inside an expression."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_hcl(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)


def _version_4(application: str, policy: str) -> Iterator[Mutant]:
    yield Mutant(
        "SITE001",
        "the policy of another application",
        lambda w: w.tf(policy).update(application_id=f"${{{application}.other.id}}"),
    )
    yield Mutant(
        "SITE002",
        "another identity provider",
        lambda w: w.cloudflare["data"]["cloudflare_zero_trust_access_identity_provider"]["github"].update(
            name="Google"
        ),
    )
    yield Mutant(
        "SITE002",
        "another login method",
        lambda w: w.tf(policy).update(require=[{"login_method": ["11111111-2222-3333-4444-555555555555"]}]),
    )
    yield Mutant("SITE002", "other people", lambda w: w.tf(policy).update(include=[{"email": "${var.other}"}]))


def _version_5(application: str, policy: str) -> Iterator[Mutant]:
    """Version 5 has policies of their own, which applications name, and selectors that may be expressions."""
    for what, include in (
        ("a login method, by an expression", "${[{ login_method = { id = local.x } }]}"),
        ("everybody, with content", [{"everyone": {"x": 1}}]),
        ("everybody beside people, in a list", [{"email": {"email": "a@b.org"}}, {"everyone": {}}]),
        ("other people", "${[for a in var.others : { email = { email = a } }]}"),
    ):
        yield Mutant("SITE002", f"Access admits {what}", lambda w, i=include: w.tf(policy).update(include=i))
    yield Mutant(
        "SITE002",
        "another login method",
        lambda w: w.tf(policy).update(require=[{"login_method": {"id": "${local.other}"}}]),
    )
    yield Mutant(
        "SITE002",
        "another identity provider",
        lambda w: w.cloudflare["locals"].update(
            {name: text.replace("GitHub", "Google") for name, text in w.cloudflare["locals"].items()}
        ),
    )
    yield Mutant("SITE001", "the policy is not attached", lambda w: w.tf(application).update(policies=[]))
    yield Mutant(
        "SITE001",
        "the policy of another application",
        lambda w: w.tf(application)["policies"][0].update(id=f"${{{policy}.other.id}}"),
    )
    yield Mutant(
        "SITE003",
        "a policy beside the attached one bypasses",
        lambda w: w.tf(application)["policies"].append({"decision": "bypass", "include": [{"everyone": {}}]}),
    )
    yield Mutant(
        "SITE003",
        "further destinations",
        lambda w: w.tf(application).update(destinations=[{"type": "public", "uri": "x.example.org"}]),
        UNKNOWN,
        COULD,
    )
    yield Mutant("SITE005", "a long login in the policy", lambda w: w.tf(policy).update(session_duration="720h"))
