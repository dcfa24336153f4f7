"""
A live state of provider 4 is moved to provider 5 without destroying anything (docs/cloudflare-provider-v5.md).

What is checked is terraform's part. Whether the real provider 5 can upgrade a state of provider 4 by itself is not: the
stand-in has no such upgrade, so everything is forgotten and adopted here.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.real.terraform.conftest import Start
from tests.real.terraform.harness import Terraform, schemas_of

pytestmark = pytest.mark.real

Modules = Mapping[str, Mapping[str, Any]]
RECORD = "cloudflare_record.openclaw"
TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared.openclaw"
ROUTES = "cloudflare_zero_trust_tunnel_cloudflared_config.openclaw"
APPLICATION = "cloudflare_zero_trust_access_application.openclaw"
POLICY = "cloudflare_zero_trust_access_policy.openclaw"
TOKEN = "/lolice/openclaw/tunnel-token"


@pytest.fixture
def live(start: Start, modules: Modules) -> Terraform:
    """A site that provider 4 has made, in the folder where provider 5 and its configuration have just taken over."""
    terraform = start("v4")
    terraform.init().expect()
    terraform.apply().expect()
    terraform.serve(schemas_of(modules["v5"]))
    terraform.write(modules["v5"])
    terraform.init().expect()
    return terraform


def test_a_removed_block_cannot_forget_what_provider_5_does_not_know(live: Terraform) -> None:
    block = {"removed": [{"from": RECORD, "lifecycle": [{"destroy": False}]}]}
    (live.folder / "migrate.tf.json").write_text(json.dumps(block))
    plan = live.plan()

    assert not plan.ok
    assert f"no schema available for {RECORD} while reading state" in " ".join(plan.text.split())


def test_forgetting_and_adopting_destroys_nothing_and_keeps_the_tunnel(live: Terraform) -> None:
    before = live.world.read()["resources"]
    ids = {f"{kind}.openclaw": next(iter(found), "") for kind, found in before.items()}
    live.run("state", "rm", RECORD, TUNNEL, ROUTES, APPLICATION, POLICY).expect()
    adopted = {
        "cloudflare_dns_record.openclaw": f"zone/{ids[RECORD]}",
        TUNNEL: f"account/{ids[TUNNEL]}",
        ROUTES: f"account/{ids[TUNNEL]}",
        APPLICATION: f"zones/zone/{ids[APPLICATION]}",
    }
    blocks = {"import": [{"to": address, "id": id_} for address, id_ in adopted.items()]}
    (live.folder / "migrate.tf.json").write_text(json.dumps(blocks))
    plan = live.plan().expect()
    live.apply().expect()
    (live.folder / "migrate.tf.json").unlink()
    after = live.world.read()
    verbs = {verb for verb, *_ in after["journal"]}

    assert {actions for actions in plan.changes.values() if "delete" in actions} == set()
    assert {address for address, actions in plan.changes.items() if actions == ("create",)} == {POLICY}
    assert "delete" not in verbs
    assert list(after["resources"][TUNNEL.partition(".")[0]]) == [ids[TUNNEL]]
    # cloudflared goes on with the token that it has.
    assert after["resources"]["aws_ssm_parameter"][TOKEN]["value"] == before["aws_ssm_parameter"][TOKEN]["value"]
    # The old policy is nobody's now: it is left for a person to delete.
    assert len(after["resources"][POLICY.partition(".")[0]]) == 2
    assert live.plan().expect().changes == {}
