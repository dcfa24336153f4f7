"""
A live site of provider 4 under the real provider 5, as docs/cloudflare-provider-v5.md says.

Provider 4 is not to be had as source: the stand-in makes the site, with the schemas of 4.52, and what it made is put
into the stand-in of the API as the real one would show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.terraform.aws import Moto
from tests.cluster.terraform.cloudflare_api import GITHUB, CloudflareApi
from tests.cluster.terraform.conftest import Begin
from tests.cluster.terraform.harness import Engine, Root
from tests.real.terraform.harness import ROOT

pytestmark = pytest.mark.cluster

TOKEN = "/lolice/openclaw/tunnel-token"
TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
APPLICATION, POLICY = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
HOST = "openclaw.b0xp.io"


def documented() -> str:
    """The block of the page that carries the record over."""
    page = (ROOT / "docs" / "cloudflare-provider-v5.md").read_text("utf-8")
    (block,) = re.findall(r"```hcl\n(moved \{\n  from = cloudflare_record\..*?\n\})\n```", page, re.DOTALL)
    return str(block)


def live(begin: Begin, generations: Mapping[str, Root], engine: str) -> Engine:
    """A site that provider 4 has made; provider 5 has just taken over its folder and its account."""
    terraform = begin(generations["v4"], engine)
    terraform.world.change(lambda content: content.update(identity_providers=[GITHUB]))
    terraform.init().expect()
    terraform.apply().expect()
    adopt(terraform.world.read()["resources"], terraform.cloudflare)
    terraform.take_over(generations["v5"])
    (terraform.folder / ".terraform.lock.hcl").unlink()
    return terraform


def adopt(made: Mapping[str, Any], api: CloudflareApi) -> None:
    """Put what the stand-in of provider 4 has made where the API keeps it, under the same ids."""
    ((tunnel_id, tunnel),) = made[TUNNEL].items()
    ((record_id, record),) = made["cloudflare_record"].items()
    ((app_id, application),) = made[APPLICATION].items()
    ((policy_id, policy),) = made[POLICY].items()
    (config,) = made[f"{TUNNEL}_config"].values()
    account, zone = f"accounts/{tunnel['account_id']}", f"zones/{record['zone_id']}"
    rules = [{k: rule[k] for k in ("hostname", "service") if rule[k]} for rule in config["config"][0]["ingress_rule"]]
    people = [{"email": {"email": one}} for block in policy["include"] for one in block["email"]]
    logins = [{"login_method": {"id": one}} for block in policy["require"] for one in block["login_method"]]
    api.put("tunnels", account, tunnel_id, {key: tunnel[key] for key in ("name", "config_src")}, tunnel["secret"])
    api.put("configurations", account, tunnel_id, {"config": {"ingress": rules}})
    api.inside[policy_id] = {"id": policy_id, "name": policy["name"], "decision": "allow", "reusable": False} | {
        "include": people,
        "require": logins,
        "exclude": [],
    }
    fields = ("name", "domain", "type", "session_duration", "allowed_idps", "auto_redirect_to_identity", "aud")
    guard = {key: application[key] for key in fields} | {"policies": [{"id": policy_id, "precedence": 1}]}
    api.put("applications", zone, app_id, guard)
    own = {"name": HOST, "type": "CNAME", "content": record["content"], "proxied": True, "ttl": 1}
    api.put("dns_records", zone, record_id, own)


@pytest.mark.parametrize("engine", ["terraform", "tofu"])
def test_moving_destroys_nothing_and_keeps_the_tunnel(
    begin: Begin, generations: Mapping[str, Root], aws: Moto, engine: str
) -> None:
    terraform = live(begin, generations, engine)
    before = {name: set(kept) for name, kept in terraform.cloudflare.kept.items()}
    token = aws.parameters()[TOKEN]["Value"]
    (terraform.folder / "migrate.tf").write_text(documented())
    terraform.extra["CLOUDFLARE_ACCOUNT_ID"] = generations["v5"].module["variable"]["account_id"]["default"]
    terraform.init().expect()
    plan = terraform.plan().expect()
    terraform.apply().expect()
    again = terraform.plan().expect()
    (terraform.folder / "migrate.tf").unlink()
    without = terraform.plan().expect()
    after = {name: set(kept) for name, kept in terraform.cloudflare.kept.items()}

    assert plan.changes == {
        f"{POLICY}.openclaw": ("create",),
        f"{APPLICATION}.openclaw": ("update",),
    }
    assert "1 to add, 1 to change, 0 to destroy" in plan.text
    assert again.changes == without.changes == {}
    # The old policy was the application's; the new one is the account's, and only that one is added.
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]}.keys() == {"policies"}
    assert [method for method, *_ in terraform.cloudflare.journal if method == "DELETE"] == []
    assert terraform.cloudflare.exposed == set()
    assert aws.parameters()[TOKEN]["Value"] == token


@pytest.mark.parametrize(
    "block",
    ["", "removed {\n  from = cloudflare_record.openclaw\n  lifecycle {\n    destroy = false\n  }\n}\n"],
    ids=["nothing", "removed"],
)
def test_only_moved_can_read_the_record_in_the_state(begin: Begin, generations: Mapping[str, Root], block: str) -> None:
    terraform = live(begin, generations, "terraform")
    (terraform.folder / "migrate.tf").write_text(block)
    terraform.extra["CLOUDFLARE_ACCOUNT_ID"] = generations["v5"].module["variable"]["account_id"]["default"]
    terraform.init().expect()
    plan = terraform.plan()

    assert not plan.ok
    assert "no schema available for cloudflare_record.openclaw" in " ".join(plan.text.split())


def test_without_the_account_the_plan_fails_and_nothing_is_changed(
    begin: Begin, generations: Mapping[str, Root]
) -> None:
    terraform = live(begin, generations, "terraform")
    (terraform.folder / "migrate.tf").write_text(documented())
    terraform.init().expect()
    plan = terraform.plan()

    assert not plan.ok
    assert terraform.cloudflare.journal == []
