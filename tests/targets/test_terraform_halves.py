"""Each Terraform half alone in a stack of somebody else's, and what it means there."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from agentkeep import Access, SecretParam, Selector, Zone
from agentkeep.testing import DEMO_ZONE
from tests.trees import terraform_tree
from tests.worlds import V4_ZONE, world

pytestmark = pytest.mark.usefixtures("engines")

Stack = Any
ZONES = {"v4": V4_ZONE, "v5": DEMO_ZONE}
TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
APPLICATION = "cloudflare_zero_trust_access_application"
POLICY = "cloudflare_zero_trust_access_policy"
BY_NAME = "data.cloudflare_zero_trust_access_identity_provider.github.id"


def plain(value: Any) -> Any:
    """Without what is said to people and to cdktf alone."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "//"}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def synthesized(build: Callable[[Stack], object], *, with_comments: bool = False) -> Any:
    from cdktf import App, TerraformStack, Testing

    if with_comments:
        # What the engine's test helper returns has lost them.
        with TemporaryDirectory() as folder:
            app = App(outdir=folder, hcl_output=False, skip_validation=True)
            build(TerraformStack(app, "somebody-elses"))
            app.synth()
            return json.loads((Path(folder) / "stacks/somebody-elses/cdk.tf.json").read_text(encoding="utf-8"))
    stack = TerraformStack(Testing.app(), "somebody-elses")
    build(stack)
    return json.loads(Testing.synth(stack))


def site(zone: Zone, *hosts: str, allow: Access | None = None, with_comments: bool = False) -> Any:
    from agentkeep.tunnel_site.terraform import TunnelSiteTerraform

    built = world(zone=zone)
    declared = built.publish(*(hosts or ("agent",)), allow=allow)
    built.platform.seal()
    return synthesized(lambda stack: TunnelSiteTerraform(stack, "site", declared), with_comments=with_comments)


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_a_secret_is_a_placeholder_that_terraform_leaves_alone() -> None:
    from agentkeep.secret_param.stores.parameter_store.terraform import ParameterTerraform

    built = world()
    found = synthesized(lambda stack: ParameterTerraform(stack, "any", built.gateway_token))

    assert plain(found["resource"]) == {
        "aws_ssm_parameter": {
            "openclaw_gateway_token": {
                "name": "/demo/demo/OPENCLAW_GATEWAY_TOKEN",
                "type": "SecureString",
                "value": "dummy",
                "description": "what clients of the gateway show",
                "lifecycle": {"ignore_changes": ["value"]},
            }
        }
    }


def test_the_address_does_not_move_with_the_construct() -> None:
    from constructs import Construct

    from agentkeep.secret_param.stores.parameter_store.terraform import ParameterTerraform

    built = world()
    here = synthesized(lambda stack: ParameterTerraform(stack, "a", built.gateway_token))
    there = synthesized(lambda stack: ParameterTerraform(Construct(stack, "deep"), "b", built.gateway_token))

    assert plain(here["resource"]) == plain(there["resource"])


def test_the_readers_are_named_beside_the_secret() -> None:
    from agentkeep.secret_param.stores.parameter_store.terraform import ParameterTerraform

    built = world()
    found = synthesized(lambda stack: ParameterTerraform(stack, "any", built.proxy_key), with_comments=True)

    assert "Read by agent, llm only." in json.dumps(found["resource"]["aws_ssm_parameter"]["litellm_proxy_key"]["//"])


def test_parameters_that_are_made_together_are_what_each_is_alone() -> None:
    from agentkeep.secret_param.stores.parameter_store.terraform import ParameterTerraform

    built = world(discord=True)
    secrets = built.platform.parts(SecretParam)

    def one_by_one(stack: Stack) -> None:
        for secret in secrets:
            ParameterTerraform(stack, secret.id, secret)

    alone = synthesized(one_by_one, with_comments=True)
    together = synthesized(lambda stack: ParameterTerraform.together(stack, secrets, built.model), with_comments=True)

    assert len(alone["resource"]["aws_ssm_parameter"]) == len(secrets) > 2
    assert together == alone


# --- sites -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_several_hosts_share_one_tunnel_and_any_other_name_is_404(zone: Zone) -> None:
    found = site(zone, "openclaw", "board")["resource"]
    (config,) = found[f"{TUNNEL}_config"].values()
    rules = config["config"].get("ingress") or config["config"]["ingress_rule"]

    assert len(found[TUNNEL]) == 1
    assert [(rule.get("hostname"), rule["service"]) for rule in rules] == [
        ("board.example.com", "http://agent.demo.svc.cluster.local:18789"),
        ("openclaw.example.com", "http://agent.demo.svc.cluster.local:18789"),
        (None, "http_status:404"),
    ]
    assert {name: app["domain"] for name, app in found[APPLICATION].items()} == {
        "board": "board.example.com",
        "openclaw": "openclaw.example.com",
    }


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_every_host_is_proxied_and_behind_an_application(zone: Zone) -> None:
    found = site(zone, "openclaw", "board")["resource"]
    records = found.get("cloudflare_record") or found["cloudflare_dns_record"]

    assert records.keys() == found[APPLICATION].keys() == found[POLICY].keys() == {"openclaw", "board"}
    assert all(record["proxied"] is True and record["type"] == "CNAME" for record in records.values())
    assert all(app["type"] == "self_hosted" for app in found[APPLICATION].values())
    assert all(app["session_duration"] == "24h" for app in found[APPLICATION].values())
    assert all(app["http_only_cookie_attribute"] is True for app in found[APPLICATION].values())
    assert all(policy["decision"] == "allow" for policy in found[POLICY].values())


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_nothing_is_published_before_its_guard_stands(zone: Zone) -> None:
    found = site(zone, "openclaw", "board")["resource"]
    records = found.get("cloudflare_record") or found["cloudflare_dns_record"]
    (config,) = found[f"{TUNNEL}_config"].values()
    guards = {name: [f"{APPLICATION}.{name}", f"{POLICY}.{name}"] for name in ("board", "openclaw")}

    assert {name: record["depends_on"] for name, record in records.items()} == guards
    assert config["depends_on"] == [*guards["board"], *guards["openclaw"]]


def test_in_v4_a_policy_belongs_to_an_application_and_the_tunnel_knows_its_name() -> None:
    found = site(V4_ZONE)["resource"]

    assert found["cloudflare_record"]["agent"]["content"] == f"${{{TUNNEL}.demo.cname}}"
    assert found["cloudflare_record"]["agent"]["name"] == "agent"
    assert found[POLICY]["agent"]["application_id"] == f"${{{APPLICATION}.agent.id}}"
    assert found[POLICY]["agent"]["zone_id"] == "${var.zone_id}"
    assert found[TUNNEL]["demo"]["secret"] == "${random_bytes.demo.base64}"


def test_in_v5_an_application_names_its_policies_and_the_record_its_whole_host() -> None:
    found = site(DEMO_ZONE)["resource"]

    assert found["cloudflare_dns_record"]["agent"]["content"] == f"${{{TUNNEL}.demo.id}}.cfargotunnel.com"
    assert found["cloudflare_dns_record"]["agent"]["name"] == "agent.example.com"
    assert found["cloudflare_dns_record"]["agent"]["ttl"] == 1
    assert found[POLICY]["agent"]["session_duration"] == "24h"
    assert found[APPLICATION]["agent"]["policies"] == [{"id": f"${{{POLICY}.agent.id}}", "precedence": 1}]
    assert not {"application_id", "precedence", "zone_id"} & found[POLICY]["agent"].keys()
    assert found[TUNNEL]["demo"]["tunnel_secret"] == "${random_bytes.demo.base64}"


@pytest.mark.parametrize(
    ("zone", "value"),
    [(V4_ZONE, f"${{{TUNNEL}.demo.tunnel_token}}"), (DEMO_ZONE, f"${{data.{TUNNEL}_token.demo.token}}")],
    ids=ZONES.keys(),
)
def test_the_token_goes_straight_to_its_parameter_and_follows_the_tunnel(zone: Zone, value: str) -> None:
    token = site(zone)["resource"]["aws_ssm_parameter"]["demo_tunnel_token"]

    assert (token["name"], token["type"], token["value"]) == ("/demo/demo/tunnel-token", "SecureString", value)
    # Unlike a secret that a person fills: a new tunnel brings a new token.
    assert "lifecycle" not in token


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_nobody_is_named_in_the_output(zone: Zone) -> None:
    found = site(zone)

    assert found["variable"]["access_emails"].get("default") is None
    assert found["variable"]["access_emails"]["nullable"] is False
    assert found["variable"]["access_emails"]["type"] == "list(string)"
    assert "length(var.access_emails) > 0" in found["variable"]["access_emails"]["validation"][0]["condition"]


def test_in_v4_people_are_included_and_the_login_method_is_required() -> None:
    policy = site(V4_ZONE)["resource"][POLICY]["agent"]

    assert policy["include"] == [{"email": "${var.access_emails}"}]
    assert policy["require"] == [{"login_method": [f"${{{BY_NAME}}}"]}]


def test_in_v5_people_are_included_and_the_login_method_is_required() -> None:
    found = site(DEMO_ZONE)
    policy = found["resource"][POLICY]["agent"]

    assert policy["include"] == "${[for address in var.access_emails : { email = { email = address } }]}"
    assert policy["require"] == [{"login_method": {"id": "${local.identity_provider_github}"}}]
    # Version 5 can only list them; one() fails the plan where the name fits none or several.
    assert found["locals"]["identity_provider_github"].startswith("${one(distinct([for found in data.")
    assert 'found.name == "GitHub"' in found["locals"]["identity_provider_github"]


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_with_one_way_to_log_in_there_is_nothing_to_choose(zone: Zone) -> None:
    (app,) = site(zone)["resource"][APPLICATION].values()

    assert app["auto_redirect_to_identity"] is True
    assert len(app["allowed_idps"]) == 1


def test_an_identity_provider_that_admits_one_person_may_be_trusted_and_the_reason_is_written_down() -> None:
    allow = Access.trusting_identity_provider(because="an organization of one")
    fourth = site(V4_ZONE, allow=allow, with_comments=True)["resource"][POLICY]["agent"]
    fifth = site(DEMO_ZONE, allow=allow, with_comments=True)["resource"][POLICY]["agent"]

    assert fourth["include"] == [{"login_method": [f"${{{BY_NAME}}}"]}]
    assert plain(fifth["include"]) == [{"login_method": {"id": "${local.identity_provider_github}"}}]
    for policy in (fourth, fifth):
        assert "require" not in policy
        assert "an organization of one" in json.dumps(policy["//"])


EVERY_KIND = Access(
    include=(
        Selector.emails("people"),
        Selector.github_organization("GitHub", "acme", "core"),
        Selector.email_domain("acme.example"),
    ),
    require=(Selector.github_organization("GitHub", "acme"), Selector.login_method("GitHub")),
)


def test_in_v4_a_github_organization_and_its_team_are_selectors() -> None:
    policy = site(V4_ZONE, allow=EVERY_KIND)["resource"][POLICY]["agent"]
    member = {"identity_provider_id": f"${{{BY_NAME}}}", "name": "acme"}

    assert policy["include"] == [
        {"email": "${var.people}"},
        {"github": [{**member, "teams": ["core"]}]},
        {"email_domain": ["acme.example"]},
    ]
    assert policy["require"] == [{"github": [member]}, {"login_method": [f"${{{BY_NAME}}}"]}]


def test_in_v5_a_github_organization_and_its_team_are_selectors() -> None:
    policy = site(DEMO_ZONE, allow=EVERY_KIND)["resource"][POLICY]["agent"]
    provider = "local.identity_provider_github"

    assert policy["include"] == (
        "${concat([for address in var.people : { email = { email = address } }], "
        f'[{{ github_organization = {{ identity_provider_id = {provider}, name = "acme", team = "core" }} }}], '
        '[{ email_domain = { domain = "acme.example" } }])}'
    )
    assert policy["require"] == [
        {"github_organization": {"identity_provider_id": f"${{{provider}}}", "name": "acme"}},
        {"login_method": {"id": f"${{{provider}}}"}},
    ]


WIDE = Access(
    include=(Selector(kind="everyone"), Selector(kind="any-service-token")),
    require=(Selector.email_domain("acme.example"),),
)


def test_who_is_included_loosely_can_be_required_strictly() -> None:
    fourth = site(V4_ZONE, allow=WIDE)["resource"][POLICY]["agent"]
    fifth = site(DEMO_ZONE, allow=WIDE)["resource"][POLICY]["agent"]

    assert fourth["include"] == [{"everyone": True}, {"any_valid_service_token": True}]
    assert fourth["require"] == [{"email_domain": ["acme.example"]}]
    assert fifth["include"] == [{"everyone": {}}, {"any_valid_service_token": {}}]
    assert fifth["require"] == [{"email_domain": {"domain": "acme.example"}}]


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_with_a_team_name_each_origin_takes_tokens_of_its_own_application_only(zone: Zone) -> None:
    found = site(zone.model_copy(update={"team_name": "crew"}), "openclaw", "board")["resource"]
    (config,) = found[f"{TUNNEL}_config"].values()
    rules = config["config"].get("ingress") or config["config"]["ingress_rule"]

    for key, rule in zip(("board", "openclaw"), rules, strict=False):
        assert rule["origin_request"]["access"] == {
            "required": True,
            "team_name": "crew",
            "aud_tag": [f"${{{APPLICATION}.{key}.aud}}"],
        }
    assert "origin_request" not in rules[-1]


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES.keys())
def test_without_a_team_name_no_origin_is_asked_to_verify(zone: Zone) -> None:
    assert "origin_request" not in json.dumps(site(zone))


def test_a_host_that_begins_with_a_digit_has_an_address_that_terraform_takes() -> None:
    assert site(V4_ZONE, "2nd")["resource"]["cloudflare_record"].keys() == {"_2nd"}


def test_a_stack_has_one_variable_for_all_hosts() -> None:
    found = site(V4_ZONE, "openclaw", "board")

    assert found["variable"].keys() == {"access_emails", "account_id", "zone_id"}


# --- root modules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("zone", "version"), [(V4_ZONE, "~> 4.52"), (DEMO_ZONE, "~> 5")], ids=ZONES.keys())
def test_one_switch_moves_the_whole_module_to_the_other_generation(zone: Zone, version: str, tmp_path: Any) -> None:
    built = world(zone=zone)
    built.publish("agent")
    tree = terraform_tree(built.platform.seal(), tmp_path)
    module = json.loads(tree["terraform/cloudflare/example.com/demo/cdk.tf.json"])
    state = module["terraform"]["backend"]["s3"]

    assert module["terraform"]["required_providers"]["cloudflare"]["version"] == version
    assert state["key"] == "cloudflare/example.com/demo/v1/terraform.tfstate"
    assert (state["bucket"], state["encrypt"]) == ("demo-state", True)
    assert module["provider"]["aws"][0]["allowed_account_ids"] == ["${var.aws_account_id}"]
    assert "api_token" not in json.dumps(module["provider"])


def test_the_parameters_module_holds_every_secret_but_the_one_that_terraform_makes(tmp_path: Any) -> None:
    built = world(discord=True)
    built.publish("agent")
    tree = terraform_tree(built.platform.seal(), tmp_path)
    module = json.loads(tree["terraform/aws/demo/cdk.tf.json"])

    assert module["resource"].keys() == {"aws_ssm_parameter"}
    assert {one["name"] for one in module["resource"]["aws_ssm_parameter"].values()} == {
        f"/demo/demo/{name}"
        for name in (
            "ACME_API_KEY",
            "DISCORD_BOT_TOKEN",
            "LITELLM_MASTER_KEY",
            "LITELLM_PROXY_KEY",
            "OPENCLAW_GATEWAY_TOKEN",
        )
    }


def test_without_a_site_there_is_no_cloudflare_module(tmp_path: Any) -> None:
    tree = terraform_tree(world().platform.seal(), tmp_path)

    assert {name.split("/")[1] for name in tree} == {"aws"}
