"""Mistakes put into good root modules: each must be refused, by terraform itself or by what stands behind it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.real.terraform.conftest import Start
from tests.real.terraform.harness import Ran, Terraform, strangers

pytestmark = pytest.mark.real

Module = dict[str, Any]
APPLICATION = "cloudflare_zero_trust_access_application"
POLICY = "cloudflare_zero_trust_access_policy"
TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
IDP = "cloudflare_zero_trust_access_identity_provider"


@dataclass(frozen=True)
class Fault:
    """One mistake."""

    module: str
    """The good module that it is put into."""
    change: Callable[[Module], object]
    stage: str
    """The first command that refuses it: ``validate``, ``plan`` or ``apply``."""
    told: str
    """Part of the refusal, so that no other mistake is mistaken for it."""


def resource(module: Module, kind: str, name: str = "openclaw") -> Module:
    found: Module = module["resource"][kind][name]
    return found


def routes(module: Module) -> Module:
    found: Module = resource(module, f"{TUNNEL}_config")["config"]
    return found


def rename(group: Module, old: str, new: str) -> None:
    group[new] = group.pop(old)


FAULTS = {
    # The plan's own mistakes, and those of its neighbours.
    "the plan's name of the identity provider": Fault(
        "v4",
        lambda m: rename(m["data"], IDP, "cloudflare_access_identity_provider"),
        "validate",
        "does not support data source",
    ),
    "the old name of the tunnel": Fault(
        "v4", lambda m: rename(m["resource"], TUNNEL, "cloudflare_tunnel"), "validate", "does not support resource type"
    ),
    "login_method as an object in v4": Fault(
        "v4",
        lambda m: resource(m, POLICY)["require"][0].update(login_method={"id": "x"}),
        "validate",
        'attribute "login_method"',
    ),
    "login_method as a list in v5": Fault(
        "v5",
        lambda m: resource(m, POLICY)["require"][0].update(login_method=["x"]),
        "validate",
        'attribute "require"',
    ),
    "a GitHub user as a selector": Fault(
        "v4",
        lambda m: resource(m, POLICY)["include"][0].update(github_user=["owner"]),
        "validate",
        'named "github_user"',
    ),
    "no ttl in v5": Fault(
        "v5", lambda m: resource(m, "cloudflare_dns_record").pop("ttl"), "validate", '"ttl" is required'
    ),
    "no secret in v4": Fault("v4", lambda m: resource(m, TUNNEL).pop("secret"), "validate", '"secret" is required'),
    "the tunnel's secret under its v5 name in v4": Fault(
        "v4", lambda m: rename(resource(m, TUNNEL), "secret", "tunnel_secret"), "validate", '"tunnel_secret"'
    ),
    "the tunnel's secret under its v4 name in v5": Fault(
        "v5", lambda m: rename(resource(m, TUNNEL), "tunnel_secret", "secret"), "validate", 'named "secret"'
    ),
    "a record of v4 in v5": Fault(
        "v5",
        lambda m: rename(m["resource"], "cloudflare_dns_record", "cloudflare_record"),
        "validate",
        "does not support resource type",
    ),
    "the tunnel's cname in v5": Fault(
        "v5",
        lambda m: resource(m, "cloudflare_dns_record").update(content=f"${{{TUNNEL}.openclaw.cname}}"),
        "validate",
        'attribute named "cname"',
    ),
    "the tunnel's token in v5": Fault(
        "v5",
        lambda m: resource(m, "aws_ssm_parameter", "openclaw_tunnel_token").update(
            value=f"${{{TUNNEL}.openclaw.tunnel_token}}"
        ),
        "validate",
        'attribute named "tunnel_token"',
    ),
    # Terraform drops an unknown key of a nested attribute without a word, so only the API notices what is missing.
    "routes as blocks in v5": Fault(
        "v5", lambda m: rename(routes(m), "ingress", "ingress_rule"), "apply", "the last ingress rule must match"
    ),
    "routes as an attribute in v4": Fault(
        "v4", lambda m: rename(routes(m), "ingress_rule", "ingress"), "validate", 'named "ingress"'
    ),
    "policies bound from the policy in v5": Fault(
        "v5",
        lambda m: resource(m, POLICY).update(application_id=f"${{{APPLICATION}.openclaw.id}}"),
        "validate",
        'named "application_id"',
    ),
    # Mistakes that anybody makes.
    "a misspelt argument": Fault(
        "dist/aws",
        lambda m: rename(resource(m, "aws_ssm_parameter", "github_token"), "description", "descripton"),
        "validate",
        'named "descripton"',
    ),
    "a reference to nothing": Fault(
        "v4",
        lambda m: resource(m, "cloudflare_record").update(content=f"${{{TUNNEL}.other.cname}}"),
        "validate",
        "undeclared resource",
    ),
    "a reference to a misspelt attribute": Fault(
        "v4",
        lambda m: resource(m, "cloudflare_record").update(content=f"${{{TUNNEL}.openclaw.cnam}}"),
        "validate",
        'attribute named "cnam"',
    ),
    "a computed attribute set": Fault(
        "v4", lambda m: resource(m, APPLICATION).update(aud="x"), "validate", "aud is read-only"
    ),
    "a wrong type": Fault(
        "v4", lambda m: resource(m, POLICY).update(precedence="first"), "validate", 'attribute "precedence"'
    ),
    "a misspelt kind of parameter": Fault(
        "dist/aws",
        lambda m: resource(m, "aws_ssm_parameter", "github_token").update(type="SecretString"),
        "validate",
        "type must be one of",
    ),
    "a parameter without a value": Fault(
        "dist/aws",
        lambda m: resource(m, "aws_ssm_parameter", "github_token").pop("value"),
        "validate",
        "exactly one of value",
    ),
    "a provider argument that does not exist": Fault(
        "dist/aws", lambda m: m["provider"]["aws"][0].update(reigon="x"), "validate", 'named "reigon"'
    ),
    "an identity provider that does not exist": Fault(
        "v4", lambda m: m["data"][IDP]["github"].update(name="Github"), "plan", "no identity provider 'Github'"
    ),
    "a short tunnel secret": Fault(
        "v4", lambda m: resource(m, "random_bytes").update(length=16), "apply", "32 bytes or more"
    ),
    "no catch-all route": Fault(
        "v4", lambda m: routes(m)["ingress_rule"].pop(), "apply", "the last ingress rule must match every request"
    ),
    "a policy for an application that does not exist": Fault(
        "v4", lambda m: resource(m, POLICY).update(application_id="x"), "apply", f"no {APPLICATION} with the id 'x'"
    ),
    "a parameter declared twice": Fault(
        "dist/aws",
        lambda m: resource(m, "aws_ssm_parameter", "github_token").update(name="/lolice/openclaw/OPENAI_API_KEY"),
        "apply",
        "ParameterAlreadyExists",
    ),
}


def test_a_misspelt_selector_in_v5_is_seen_by_nobody_but_the_schema_check(start: Start) -> None:
    # Terraform drops it and an empty selector is left: a policy without its condition.
    terraform = start("v5", lambda m: rename(resource(m, POLICY)["require"][0], "login_method", "login_methods"))
    module = json.loads((terraform.folder / "main.tf.json").read_text())
    stage, answer = first_refusal(terraform)
    policy = next(iter(terraform.world.resources(POLICY).values()))

    assert stage == "none", answer.text
    assert [one["login_method"] for one in policy["require"]] == [None]
    assert strangers(module) == [f"{POLICY}.openclaw.require.login_methods"]


def first_refusal(terraform: Terraform) -> tuple[str, Ran]:
    """Return the first stage that refuses the module, with what it says; ``none`` if none does."""
    answer: Ran = terraform.validate()
    if not answer.ok:
        return "validate", answer
    terraform.init().expect()
    answer = terraform.plan()
    if not answer.ok:
        return "plan", answer
    answer = terraform.apply()
    return ("none" if answer.ok else "apply"), answer


@pytest.mark.parametrize("name", ["dist/aws", "v4", "v5"])
def test_the_good_module_is_refused_nowhere(start: Start, name: str) -> None:
    stage, answer = first_refusal(start(name))

    assert stage == "none", answer.text


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_mistake_is_refused(start: Start, fault: Fault) -> None:
    stage, answer = first_refusal(start(fault.module, fault.change))

    assert stage == fault.stage, answer.text
    assert fault.told in " ".join(answer.text.split())


def test_without_ignore_changes_a_value_set_by_hand_is_reverted(start: Start) -> None:
    # This is the harm that the declared lifecycle prevents; if it did not show here, its absence would prove nothing.
    terraform = start("dist/aws", lambda m: resource(m, "aws_ssm_parameter", "github_token").pop("lifecycle"))
    terraform.init().expect()
    terraform.apply().expect()
    for name in terraform.world.resources("aws_ssm_parameter"):
        terraform.world.set_value(name, "real")
    plan = terraform.plan()
    terraform.apply().expect()
    values = {name: one["value"] for name, one in terraform.world.resources("aws_ssm_parameter").items()}

    assert plan.changes == {"aws_ssm_parameter.github_token": ("update",)}
    assert {name for name, value in values.items() if value != "real"} == {"/lolice/openclaw/GITHUB_TOKEN"}


def test_an_unencrypted_output_of_the_token_is_refused(start: Start) -> None:
    terraform = start("v4", lambda m: m.update(output={"token": {"value": f"${{{TUNNEL}.openclaw.tunnel_token}}"}}))
    stage, answer = first_refusal(terraform)

    assert stage != "none"
    assert "Output refers to sensitive values" in answer.text


def test_a_variable_without_a_value_is_refused(start: Start) -> None:
    terraform = start("v4", lambda m: m["variable"].update(extra={"type": "string"}))
    terraform.init().expect()
    plan = terraform.plan()

    assert not plan.ok
    assert "No value for required variable" in plan.text
