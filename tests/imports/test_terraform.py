"""What the slim Terraform bindings promise by themselves, without the prebuilt packages."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cdktf
import pytest

from agentkeep_imports.terraform import aws, cloudflare_v4, cloudflare_v5, random


@pytest.fixture
def stack() -> cdktf.TerraformStack:
    return cdktf.TerraformStack(cdktf.Testing.app(), "stack")


def synthesized(stack: cdktf.TerraformStack) -> dict[str, Any]:
    return dict(json.loads(cdktf.Testing.synth(stack)))


def test_repeated_blocks_come_out_as_lists_of_objects_in_v4(stack: cdktf.TerraformStack) -> None:
    cloudflare_v4.ZeroTrustTunnelCloudflaredConfigA(
        stack,
        "routes",
        account_id="a",
        tunnel_id="t",
        config=cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfig(
            ingress_rule=[
                cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(hostname="h", service="http://s"),
                cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(service="http_status:404"),
            ]
        ),
    )
    made = synthesized(stack)["resource"]["cloudflare_zero_trust_tunnel_cloudflared_config"]["routes"]

    assert made["config"] == {
        "ingress_rule": [{"hostname": "h", "service": "http://s"}, {"service": "http_status:404"}]
    }


def test_computed_attributes_are_references(stack: cdktf.TerraformStack) -> None:
    tunnel = cloudflare_v4.ZeroTrustTunnelCloudflared(stack, "tunnel", account_id="a", name="n", secret="s")
    parameter = aws.SsmParameter(stack, "token", name="/t", type="SecureString", value=tunnel.tunnel_token)
    cdktf.TerraformOutput(stack, "arn", value=parameter.arn)
    made = synthesized(stack)

    assert (
        made["resource"]["aws_ssm_parameter"]["token"]["value"]
        == "${cloudflare_zero_trust_tunnel_cloudflared.tunnel.tunnel_token}"
    )
    assert made["output"]["arn"]["value"] == "${aws_ssm_parameter.token.arn}"


def test_a_computed_list_of_objects_can_be_read_into(stack: cdktf.TerraformStack) -> None:
    providers = cloudflare_v5.DataCloudflareZeroTrustAccessIdentityProviders(stack, "idps", account_id="a")
    cdktf.TerraformOutput(stack, "first", value=providers.result.get(0).id)
    cdktf.TerraformOutput(stack, "deep", value=providers.result.get(1).config.client_id)
    output = synthesized(stack)["output"]
    kind = "data.cloudflare_zero_trust_access_identity_providers.idps"

    assert f"${{{kind}.result[0].id}}" == output["first"]["value"]
    assert f"${{{kind}.result[1].config.client_id}}" == output["deep"]["value"]


def test_an_aliased_provider_is_named_by_its_resources(stack: cdktf.TerraformStack) -> None:
    provider = random.RandomProvider(stack, "random", alias="other")
    random.Password(stack, "password", length=32, provider=provider)
    made = synthesized(stack)

    assert made["resource"]["random_password"]["password"]["provider"] == "random.other"
    assert made["provider"]["random"] == [{"alias": "other"}]


def test_an_alias_can_be_set_and_taken_back(stack: cdktf.TerraformStack) -> None:
    provider = random.RandomProvider(stack, "random")
    provider.alias = "late"
    set_ = provider.fqn
    provider.alias = None

    assert (set_, provider.fqn) == ("random.late", "random")


TunnelV4 = cloudflare_v4.ZeroTrustTunnelCloudflared

REFUSED: dict[str, Callable[[cdktf.TerraformStack], object]] = {
    "missing": lambda s: aws.SsmParameter(s, "p", type="String"),  # type: ignore[call-arg]
    "misspelt": lambda s: aws.SsmParameter(s, "p", name="n", type="String", vaule="x"),  # type: ignore[call-arg]
    "none for a required one": lambda s: aws.SsmParameter(s, "p", name=None, type="String"),  # type: ignore[arg-type]
    "missing ttl in v5": lambda s: cloudflare_v5.DnsRecord(s, "d", name="n", type="CNAME", zone_id="z"),  # type: ignore[call-arg]
    "v5 argument in v4": lambda s: TunnelV4(s, "t", account_id="a", name="n", secret="s", tunnel_secret="s"),  # type: ignore[call-arg]
    "missing in a block": lambda _: cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(hostname="h"),  # type: ignore[call-arg]
    "misspelt in a block": lambda _: cloudflare_v4.ZeroTrustAccessPolicyInclude(login_methods=["x"]),  # type: ignore[call-arg]
    "none in a block": lambda s: cloudflare_v4.ZeroTrustTunnelCloudflaredConfigA(
        s,
        "c",
        account_id="a",
        tunnel_id="t",
        config=cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfig(
            ingress_rule=[cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(service=None)]  # type: ignore[arg-type]
        ),
    ),
    "a value that is no JSON": lambda s: aws.SsmParameter(s, "p", name=object(), type="String"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_call_is_refused_when_run(
    stack: cdktf.TerraformStack, call: Callable[[cdktf.TerraformStack], object]
) -> None:
    # The same calls are refused while typing: each is marked, and an unused mark is an error.
    with pytest.raises(TypeError):
        call(stack)


def test_hcl_output_is_refused_rather_than_left_empty(stack: cdktf.TerraformStack) -> None:
    made = aws.SsmParameter(stack, "p", name="n", type="String")

    with pytest.raises(RuntimeError, match="writes Terraform JSON only"):
        made.to_hcl_terraform()


def test_a_block_never_shows_its_values() -> None:
    block = cloudflare_v5.ZeroTrustAccessApplicationScimConfigAuthentication(scheme="httpbasic", password="hunter2")

    assert (
        repr(block).replace("password, scheme", "scheme, password")
        == "ZeroTrustAccessApplicationScimConfigAuthentication(scheme, password)"
    )


def test_blocks_are_compared_by_value() -> None:
    def rule(host: str) -> cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule:
        return cloudflare_v4.ZeroTrustTunnelCloudflaredConfigConfigIngressRule(hostname=host, service="s")

    assert rule("a") == rule("a")
    assert rule("a") != rule("b")


@pytest.mark.parametrize("module", ["aws", "random", "cloudflare_v4", "cloudflare_v5"])
def test_a_module_loads_cdktf_and_no_other_package(module: str) -> None:
    code = (
        f"import sys, agentkeep_imports.terraform.{module}\n"
        "loaded = {m.partition('.')[0] for m in sys.modules}\n"
        "print(*sorted(m for m in loaded if m == 'agentkeep' or m.startswith(('cdktf_', 'cdk8s', 'pydantic'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.strip() == ""
