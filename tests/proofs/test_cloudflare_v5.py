"""The same promises hold of version 5 of the Cloudflare provider, whose resources look quite different."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentkeep.verify.decide import decide, run
from tests.proofs.world import DIST, Json, World, rule

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

MODULE = Path(__file__).parents[1] / "corpus" / "cloudflare_v5" / "cdk.tf.json"
APPLICATION, POLICY = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
CONFIG, RECORD = "cloudflare_zero_trust_tunnel_cloudflared_config", "cloudflare_dns_record"


def world_of_version_5() -> World:
    world = World()
    world.files["arch/terraform/cloudflare/b0xp.io/openclaw/cdk.tf.json"] = MODULE.read_bytes()
    return world


def policy(world: World) -> Json:
    return world.tf(POLICY)


def include(value: Any) -> Callable[[World], Any]:
    return lambda world: policy(world).update(include=value)


def ingress(world: World) -> list[Json]:
    rules: list[Json] = world.tf(CONFIG)["config"]["ingress"]
    return rules


PEOPLE = "${[for address in var.access_emails : { email = { email = address } }]}"
MUTANTS: dict[str, tuple[str, Callable[[World], Any]]] = {
    "login_method alone": ("SITE002", include([{"login_method": {"id": "x"}}])),
    "login_method alone, as an expression": ("SITE002", include("${[{ login_method = { id = local.x } }]}")),
    "everybody": ("SITE002", include([{"everyone": {}}])),
    "everybody, as an object with content": ("SITE002", include([{"everyone": {"x": 1}}])),
    "everybody beside people": (
        "SITE002",
        include("${concat([for a in var.access_emails : { email = { email = a } }], [{ everyone = {} }])}"),
    ),
    "everybody beside people, as a list": ("SITE002", include([{"email": {"email": "a@b.org"}}, {"everyone": {}}])),
    "other people": ("SITE002", include("${[for a in var.others : { email = { email = a } }]}")),
    "another login method": (
        "SITE002",
        lambda w: policy(w).update(require=[{"login_method": {"id": "${local.other}"}}]),
    ),
    "any service token": ("SITE002", include([{"any_valid_service_token": {}}])),
    "an expression that cannot be told": ("SITE002", include("${local.people}")),
    "a mail domain": ("SITE002", include([{"email_domain": {"domain": "gmail.com"}}])),
    "nobody": ("SITE002", include([])),
    "the login method is not required": ("SITE002", lambda w: policy(w).pop("require")),
    "bypass": ("SITE003", lambda w: policy(w).update(decision="bypass")),
    "non_identity": ("SITE003", lambda w: policy(w).update(decision="non_identity")),
    "a policy inside the application bypasses": (
        "SITE003",
        lambda w: w.tf(APPLICATION)["policies"].append({"decision": "bypass", "include": [{"everyone": {}}]}),
    ),
    "the policy is not attached": ("SITE001", lambda w: w.tf(APPLICATION).update(policies=[])),
    "no application": ("SITE001", lambda w: w.cloudflare["resource"].pop(APPLICATION)),
    "further destinations": (
        "SITE003",
        lambda w: w.tf(APPLICATION).update(destinations=[{"type": "public", "uri": "x.b0xp.io"}]),
    ),
    "an application counted away": ("REF010", lambda w: w.tf(APPLICATION).update(count=0)),
    "DNS not proxied": ("SITE004", lambda w: w.tf(RECORD).update(proxied=False)),
    "DNS of another tunnel": ("SITE004", lambda w: w.tf(RECORD).update(content="abc.cfargotunnel.com")),
    "DNS with another name": ("REF004", lambda w: w.tf(RECORD).update(name="claw.b0xp.io")),
    "one more route": (
        "SITE001",
        lambda w: ingress(w).insert(0, {"hostname": "x.b0xp.io", "service": "http_status:200"}),
    ),
    "the route leads elsewhere": ("REF003", lambda w: ingress(w)[0].update(service="http://192.168.10.99:6443")),
    "no catch-all": ("REF003", lambda w: ingress(w).pop()),
    "no TLS check": ("SITE006", lambda w: ingress(w)[0].update(origin_request={"no_tls_verify": True})),
    "a private network": ("SITE006", lambda w: w.tf(CONFIG)["config"].update(warp_routing={"enabled": True})),
    "the token of another tunnel": (
        "REF009",
        lambda w: w.cloudflare["data"]["cloudflare_zero_trust_tunnel_cloudflared_token"]["openclaw"].update(
            tunnel_id="x"
        ),
    ),
    "no token at all": ("REF009", lambda w: w.cloudflare["data"].pop("cloudflare_zero_trust_tunnel_cloudflared_token")),
    "the tunnel secret written out": (
        "SEC001",
        lambda w: w.tf("cloudflare_zero_trust_tunnel_cloudflared").update(tunnel_secret="c2VjcmV0c2VjcmV0"),
    ),
    "the token as an output": (
        "SEC011",
        lambda w: w.cloudflare.update(
            output={"t": {"value": "${data.cloudflare_zero_trust_tunnel_cloudflared_token.openclaw.token}"}}
        ),
    ),
    "a long login": ("SITE005", lambda w: w.tf(APPLICATION).update(session_duration="720h")),
    "DNS waits for nothing": ("SITE007", lambda w: w.tf(RECORD).pop("depends_on")),
    "DNS waits for the policy alone": (
        "SITE007",
        lambda w: w.tf(RECORD).update(depends_on=[f"{POLICY}.openclaw"]),
    ),
    "the routes wait for nothing": ("SITE007", lambda w: w.tf(CONFIG).pop("depends_on")),
    "the routes wait for another application": (
        "SITE007",
        lambda w: w.tf(CONFIG).update(depends_on=[f"{APPLICATION}.other", f"{POLICY}.openclaw"]),
    ),
    "the application waits for its publication": (
        "SITE007",
        lambda w: (
            w.tf(RECORD).pop("depends_on"),
            w.tf(APPLICATION).update(depends_on=[f"{RECORD}.openclaw"]),
        ),
    ),
    "a second policy, inside no order": (
        "SITE007",
        lambda w: (
            w.cloudflare["resource"][POLICY].update(second=dict(policy(w))),
            w.tf(APPLICATION).update(policies=[{"id": f"${{{POLICY}.openclaw.id}}", "precedence": 1}]),
            w.cloudflare["resource"][POLICY]["second"].update(application_id=f"${{{APPLICATION}.openclaw.id}}"),
        ),
    ),
    "a login of the policy that lasts as long as the default": ("SITE005", lambda w: policy(w).pop("session_duration")),
    "a cookie for scripts": ("SITE008", lambda w: w.tf(APPLICATION).update(http_only_cookie_attribute=False)),
    "a cookie as the provider likes": ("SITE008", lambda w: w.tf(APPLICATION).pop("http_only_cookie_attribute")),
    "a long login in the policy": ("SITE005", lambda w: policy(w).update(session_duration="720h")),
}


def test_version_5_is_proved() -> None:
    assert [finding.line for verdict in decide(world_of_version_5().case()) for finding in verdict.findings] == []


def through_the_application(world: World) -> None:
    # The application refers to its policy, so Terraform makes the policy first.
    for kind in (RECORD, CONFIG):
        world.tf(kind)["depends_on"] = [f"{APPLICATION}.openclaw"]


def by_a_reference(world: World) -> None:
    for kind in (RECORD, CONFIG):
        world.tf(kind).pop("depends_on")
    world.tf(RECORD)["comment"] = f"behind ${{{APPLICATION}.openclaw.aud}}"
    access = {"required": True, "team_name": "b0xp", "aud_tag": [f"${{{APPLICATION}.openclaw.aud}}"]}
    ingress(world)[0]["origin_request"] = {"access": access}


def through_a_local_value(world: World) -> None:
    world.cloudflare["locals"]["tag"] = f'${{join("-", [{APPLICATION}.openclaw.aud])}}'
    for kind in (RECORD, CONFIG):
        world.tf(kind).pop("depends_on")
    world.tf(RECORD)["comment"] = "${local.tag}"
    world.tf(CONFIG)["depends_on"] = [f"{RECORD}.openclaw"]


@pytest.mark.parametrize("wait", [through_the_application, by_a_reference, through_a_local_value])
def test_every_way_in_which_terraform_waits_counts(wait: Callable[[World], None]) -> None:
    world = world_of_version_5()
    wait(world)

    assert run(rule("SITE007"), world.case()).findings == ()


@pytest.mark.parametrize(("owner", "change"), MUTANTS.values(), ids=MUTANTS.keys())
def test_is_refuted_by_its_owner(owner: str, change: Callable[[World], Any]) -> None:
    world = world_of_version_5()
    change(world)

    assert not run(rule(owner), world.case()).proved


def test_the_module_is_one_of_version_5() -> None:
    assert json.loads(MODULE.read_text())["resource"].keys() >= {RECORD}
    assert policy(world_of_version_5())["include"] == PEOPLE
