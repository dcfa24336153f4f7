"""Mutants of the site family: whom the tunnel and Access let in, and where a request ends."""

# A table of harms: long lines are values of real fields, "passwords" are names or made up, and mypy does not infer the
# type of a lambda with a default.
# mypy: disable-error-code="misc"
from collections.abc import Iterator
from functools import partial

from tests.proofs.world import Mutant


def mutants() -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _sites()
    yield from _second_look()


def _sites() -> Iterator[Mutant]:
    application, policy = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
    record, routes = "cloudflare_record", "cloudflare_zero_trust_tunnel_cloudflared_config"
    rule = partial(lambda w: w.tf(routes)["config"]["ingress_rule"])
    for what, kind in (("application", application), ("policy", policy)):
        yield Mutant("SITE001", f"the Access {what} dropped", lambda w, k=kind: w.cloudflare["resource"].pop(k))
    yield Mutant(
        "SITE001", "the Access application for another host", lambda w: w.tf(application).update(domain="other.b0xp.io")
    )
    yield Mutant(
        "SITE001",
        "one more route",
        lambda w: rule(w).insert(
            0, {"hostname": "admin.b0xp.io", "service": "http://litellm.openclaw.svc.cluster.local:4000"}
        ),
    )
    yield Mutant(
        "SITE001",
        "one more DNS record",
        lambda w: w.cloudflare["resource"][record].update(
            x={"name": "admin", "type": "CNAME", "content": "x", "proxied": True}
        ),
    )
    yield Mutant(
        "SITE001",
        "the policy of another application",
        lambda w: w.tf(policy).update(application_id="${cloudflare_zero_trust_access_application.other.id}"),
    )
    for what, include in (
        ("login_method alone", [{"login_method": ["x"]}]),
        ("everybody", [{"everyone": True}]),
        ("any service token", [{"any_valid_service_token": True}]),
        ("a mail domain", [{"email_domain": ["gmail.com"]}]),
        ("a range of addresses", [{"ip": ["0.0.0.0/0"]}]),
        ("a country", [{"geo": ["JP"]}]),
        ("an organization", [{"github": [{"name": "boxp"}]}]),
        ("a group elsewhere", [{"group": ["x"]}]),
        ("nobody", []),
        ("an address with a star", [{"email": ["*@b0xp.io"]}]),
    ):
        yield Mutant("SITE002", f"Access admits {what}", lambda w, i=include: w.tf(policy).update(include=i))
        if include and "email" not in include[0]:
            yield Mutant(
                "SITE002",
                f"Access admits people, and {what} as well",
                lambda w, i=include: w.tf(policy)["include"].extend(i),
            )
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
    for domain in ("openclaw.b0xp.io/api", "*.b0xp.io"):
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
        lambda w: w.tf(record).update(content="${cloudflare_zero_trust_tunnel_cloudflared.other.cname}"),
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


def _second_look() -> Iterator[Mutant]:
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
