"""The project's root modules, taken through a whole life by the real terraform."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.real.terraform.conftest import GITHUB, OTHER, Start
from tests.real.terraform.harness import Terraform, strangers

pytestmark = pytest.mark.real

CLOUDFLARE = ["dist/cloudflare", "v4", "v5", "v4 with team", "v5 with team"]
ALL = ["dist/aws", *CLOUDFLARE]
TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
APPLICATION, POLICY = "cloudflare_zero_trust_access_application", "cloudflare_zero_trust_access_policy"
TOKEN = "/lolice/openclaw/tunnel-token"


def addresses(module: dict[str, Any]) -> set[str]:
    return {f"{kind}.{name}" for kind, named in module["resource"].items() for name in named}


def module_of(terraform: Terraform) -> dict[str, Any]:
    return dict(json.loads((terraform.folder / "main.tf.json").read_text()))


def applied(terraform: Terraform) -> Terraform:
    terraform.init().expect()
    terraform.apply().expect()
    return terraform


def only(found: dict[str, Any]) -> Any:
    assert len(found) == 1
    return next(iter(found.values()))


@pytest.mark.parametrize("name", ALL)
def test_it_is_valid_without_a_backend(start: Start, name: str) -> None:
    answer = start(name).validate()

    assert answer.ok, answer.text
    assert "The configuration is valid" in answer.text
    # A deprecated name or argument would be told here.
    assert "Warning" not in answer.text


@pytest.mark.parametrize("name", ALL)
def test_every_key_is_known_at_any_depth(modules: Mapping[str, Mapping[str, Any]], name: str) -> None:
    # Terraform is silent about unknown keys inside nested attributes.
    assert strangers(modules[name]) == []


@pytest.mark.parametrize("name", ALL)
def test_the_first_plan_creates_everything_and_nothing_else(start: Start, name: str) -> None:
    terraform = start(name)
    terraform.init().expect()
    plan = terraform.plan()

    assert plan.ok, plan.text
    assert dict.fromkeys(addresses(module_of(terraform)), ("create",)) == plan.changes


@pytest.mark.parametrize("name", ALL)
def test_after_apply_a_second_plan_is_empty(start: Start, name: str) -> None:
    terraform = applied(start(name))
    plan = terraform.plan()

    assert plan.ok, plan.text
    assert plan.changes == {}
    assert addresses(module_of(terraform)) <= terraform.state().keys()


@pytest.mark.parametrize("name", ALL)
def test_destroy_leaves_nothing(start: Start, name: str) -> None:
    terraform = applied(start(name))
    terraform.destroy().expect()

    assert terraform.state() == {}
    assert [kind for kind, found in terraform.world.read()["resources"].items() if found] == []


def test_a_value_set_by_hand_is_never_reverted(start: Start) -> None:
    terraform = applied(start("dist/aws"))
    names = list(terraform.world.resources("aws_ssm_parameter"))
    for name in names:
        terraform.world.set_value(name, f"real value of {name}")
    plan = terraform.plan()
    terraform.apply().expect()

    assert plan.changes == {}
    assert {name: f"real value of {name}" for name in names} == {
        name: found["value"] for name, found in terraform.world.resources("aws_ssm_parameter").items()
    }


def test_a_value_set_by_hand_survives_a_change_of_its_parameter(start: Start) -> None:
    terraform = applied(start("dist/aws"))
    terraform.world.set_value("/lolice/openclaw/DISCORD_BOT_TOKEN", "real")
    module = module_of(terraform)
    module["resource"]["aws_ssm_parameter"]["discord_bot_token"]["description"] = "another"
    terraform.write(module)
    plan = terraform.plan()
    terraform.apply().expect()
    found = terraform.world.resources("aws_ssm_parameter")["/lolice/openclaw/DISCORD_BOT_TOKEN"]

    assert plan.changes == {"aws_ssm_parameter.discord_bot_token": ("update",)}
    assert (found["value"], found["description"]) == ("real", "another")


def test_every_parameter_is_encrypted(start: Start) -> None:
    terraform = applied(start("dist/aws"))

    assert {"SecureString"} == {one["type"] for one in terraform.world.resources("aws_ssm_parameter").values()}


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_the_token_of_this_tunnel_lands_in_ssm(start: Start, name: str) -> None:
    terraform = applied(start(name))
    tunnel = only(terraform.world.resources(TUNNEL))
    parameter = terraform.world.resources("aws_ssm_parameter")[TOKEN]
    token = json.loads(base64.b64decode(parameter["value"]))

    assert {"a": tunnel["account_id"], "t": tunnel["id"]} == {key: token[key] for key in "at"}
    assert parameter["type"] == "SecureString"


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_no_secret_is_printed(start: Start, name: str) -> None:
    terraform = start(name)
    terraform.init().expect()
    said = terraform.apply().expect().text
    said += terraform.plan().expect().text + terraform.destroy().expect().text
    secrets = terraform.world.read()["seen"]

    assert secrets
    assert [secret for secret in secrets if secret in said] == []


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_the_record_leads_to_the_tunnel_through_the_proxy(start: Start, name: str) -> None:
    terraform = applied(start(name))
    tunnel = only(terraform.world.resources(TUNNEL))
    resources = terraform.world.read()["resources"]
    record = only(resources.get("cloudflare_record") or resources["cloudflare_dns_record"])

    assert f"{tunnel['id']}.cfargotunnel.com" == record["content"]
    assert (record["type"], record["proxied"]) == ("CNAME", True)


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_access_stands_before_the_host_and_asks_for_person_and_login(start: Start, name: str) -> None:
    terraform = applied(start(name, access_emails=["owner@example.org", "second@example.org"]))
    application = only(terraform.world.resources("cloudflare_zero_trust_access_application"))
    policy = only(terraform.world.resources("cloudflare_zero_trust_access_policy"))
    if policy.get("application_id"):
        bound = policy["application_id"] == application["id"]
        people = {email for one in policy["include"] for email in one["email"]}
        logins = [login for one in policy["require"] for login in one["login_method"]]
    else:
        bound = [policy["id"]] == [one["id"] for one in application["policies"]]
        people = {one["email"]["email"] for one in policy["include"]}
        logins = [one["login_method"]["id"] for one in policy["require"]]

    assert bound
    assert {"owner@example.org", "second@example.org"} == people
    assert [GITHUB["id"]] == logins == application["allowed_idps"]
    assert (application["domain"], policy["decision"]) == ("openclaw.b0xp.io", "allow")


@pytest.mark.parametrize("refused", [APPLICATION, POLICY], ids=["application", "policy"])
@pytest.mark.parametrize("name", CLOUDFLARE)
def test_nothing_is_published_where_cloudflare_refuses_its_guard(start: Start, name: str, refused: str) -> None:
    terraform = start(name)
    terraform.init().expect()
    terraform.world.change(lambda content: content.update(refused=[refused]))
    answer = terraform.apply()
    made = {kind for kind, found in terraform.world.read()["resources"].items() if found}

    assert not answer.ok
    assert TUNNEL in made
    assert made & {"cloudflare_record", "cloudflare_dns_record", f"{TUNNEL}_config"} == set()

    terraform.world.change(lambda content: content.update(refused=[]))
    terraform.apply().expect()

    assert terraform.plan().expect().changes == {}


def test_without_its_order_the_host_would_be_open(start: Start) -> None:
    def unordered(module: dict[str, Any]) -> None:
        for kind in ("cloudflare_record", f"{TUNNEL}_config"):
            only(module["resource"][kind]).pop("depends_on")

    terraform = start("dist/cloudflare", unordered)
    terraform.init().expect()
    terraform.world.change(lambda content: content.update(refused=[APPLICATION]))
    answer = terraform.apply()

    assert not answer.ok
    assert terraform.world.resources("cloudflare_record")
    assert terraform.world.resources(f"{TUNNEL}_config")


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_the_guard_is_taken_away_last(start: Start, name: str) -> None:
    terraform = applied(start(name))
    terraform.destroy().expect()
    deleted = [kind for verb, kind, _ in terraform.world.read()["journal"] if verb == "delete"]
    record = next(kind for kind in deleted if kind.endswith("record"))

    assert max(deleted.index(record), deleted.index(f"{TUNNEL}_config")) < min(
        deleted.index(APPLICATION), deleted.index(POLICY)
    )


def test_an_identity_provider_that_is_listed_twice_is_still_one(start: Start) -> None:
    terraform = start("v5")
    # An API that ignores the number of the page answers every page with the first.
    terraform.world.change(lambda content: content.update(identity_providers=[OTHER, GITHUB, OTHER, GITHUB]))
    terraform.init().expect()
    terraform.apply().expect()

    assert only(terraform.world.resources(APPLICATION))["allowed_idps"] == [GITHUB["id"]]


@pytest.mark.parametrize("name", ["v4 with team", "v5 with team"])
def test_with_a_team_cloudflared_checks_the_token_of_this_application(start: Start, name: str) -> None:
    terraform = applied(start(name))
    application = only(terraform.world.resources("cloudflare_zero_trust_access_application"))
    config = only(terraform.world.resources(f"{TUNNEL}_config"))["config"]
    config = config[0] if isinstance(config, list) else config
    rule = (config.get("ingress_rule") or config["ingress"])[0]
    request = rule["origin_request"]
    access = request[0]["access"][0] if isinstance(request, list) else request["access"]

    assert (True, "example-team", [application["aud"]]) == (
        access["required"],
        access["team_name"],
        access["aud_tag"],
    )


@pytest.mark.parametrize("name", CLOUDFLARE)
def test_a_new_tunnel_secret_brings_its_token_to_ssm(start: Start, name: str) -> None:
    terraform = applied(start(name))
    before = terraform.world.resources("aws_ssm_parameter")[TOKEN]["value"]
    secret = next(one for one in addresses(module_of(terraform)) if one.startswith("random_"))
    terraform.run("apply", "-no-color", "-auto-approve", f"-replace={secret}").expect()
    # The data source of version 5 reads the token only after the change; what it read then is applied next.
    terraform.apply().expect()
    after = terraform.world.resources("aws_ssm_parameter")[TOKEN]["value"]
    tunnel = only(terraform.world.resources(TUNNEL))
    token = json.loads(base64.b64decode(after))

    assert before != after
    assert (tunnel["id"], tunnel.get("secret") or tunnel["tunnel_secret"]) == (token["t"], token["s"])
    assert terraform.plan().expect().changes == {}


@pytest.mark.parametrize("people", [[], ["everyone"], ["*@example.org"]], ids=["nobody", "no address", "a pattern"])
def test_an_access_list_that_names_no_person_is_refused(start: Start, people: list[str]) -> None:
    terraform = start("dist/cloudflare", access_emails=people)
    terraform.init().expect()
    plan = terraform.plan()

    assert not plan.ok
    assert "access_emails" in plan.text
