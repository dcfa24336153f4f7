"""
OpenClaw's Terraform resources as the documentation of the prebuilt packages has it.

Run as ``python -m bench.programs.documented_terraform OUTDIR``. The imports are those of the packages' own READMEs; the
resources are the ones that the OpenClaw declaration makes for the Cloudflare provider ``~> 5``.
"""

from __future__ import annotations

import sys

from cdktf import App, S3Backend, TerraformResourceLifecycle, TerraformStack, TerraformVariable
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.ssm_parameter import SsmParameter
from cdktf_cdktf_provider_cloudflare.data_cloudflare_zero_trust_access_identity_providers import (
    DataCloudflareZeroTrustAccessIdentityProviders,
)
from cdktf_cdktf_provider_cloudflare.data_cloudflare_zero_trust_tunnel_cloudflared_token import (
    DataCloudflareZeroTrustTunnelCloudflaredToken,
)
from cdktf_cdktf_provider_cloudflare.dns_record import DnsRecord
from cdktf_cdktf_provider_cloudflare.provider import CloudflareProvider
from cdktf_cdktf_provider_cloudflare.zero_trust_access_application import (
    ZeroTrustAccessApplication,
    ZeroTrustAccessApplicationPolicies,
)
from cdktf_cdktf_provider_cloudflare.zero_trust_access_policy import (
    ZeroTrustAccessPolicy,
    ZeroTrustAccessPolicyInclude,
    ZeroTrustAccessPolicyIncludeEmail,
    ZeroTrustAccessPolicyRequire,
    ZeroTrustAccessPolicyRequireLoginMethod,
)
from cdktf_cdktf_provider_cloudflare.zero_trust_tunnel_cloudflared import ZeroTrustTunnelCloudflared
from cdktf_cdktf_provider_cloudflare.zero_trust_tunnel_cloudflared_config import (
    ZeroTrustTunnelCloudflaredConfigA,
    ZeroTrustTunnelCloudflaredConfigConfig,
    ZeroTrustTunnelCloudflaredConfigConfigIngress,
)
from cdktf_cdktf_provider_random.bytes import Bytes
from cdktf_cdktf_provider_random.provider import RandomProvider

from agentkeep.secret_param.declaration import Parameter
from lolice.openclaw import declare


def parameters(app: App) -> None:
    """The stack of the parameters that a person fills."""
    stack = stack_of(app, "aws-openclaw", "terraform/aws/openclaw")
    for secret in declare().parts(Parameter):
        if secret.filled_by == "operator":
            SsmParameter(
                stack,
                secret.id,
                name=secret.key,
                type="SecureString",
                value="dummy",
                description=secret.about,
                lifecycle=TerraformResourceLifecycle(ignore_changes=["value"]),
            )


def site(app: App) -> None:
    """The stack of the tunnel and its host."""
    stack = stack_of(app, "cloudflare-openclaw", "terraform/cloudflare/b0xp.io/openclaw")
    CloudflareProvider(stack, "cloudflare")
    RandomProvider(stack, "random")
    account = TerraformVariable(stack, "account_id", type="string").string_value
    zone = TerraformVariable(stack, "zone_id", type="string").string_value
    host, name = "openclaw.b0xp.io", "cloudflare openclaw tunnel"
    secret = Bytes(stack, "secret", length=32)
    tunnel = ZeroTrustTunnelCloudflared(
        stack, "tunnel", account_id=account, name=name, tunnel_secret=secret.base64, config_src="cloudflare"
    )
    token = DataCloudflareZeroTrustTunnelCloudflaredToken(stack, "token", account_id=account, tunnel_id=tunnel.id)
    ZeroTrustTunnelCloudflaredConfigA(
        stack,
        "routes",
        account_id=account,
        tunnel_id=tunnel.id,
        config=ZeroTrustTunnelCloudflaredConfigConfig(
            ingress=[
                ZeroTrustTunnelCloudflaredConfigConfigIngress(
                    hostname=host, service="http://openclaw.openclaw.svc.cluster.local:18789"
                ),
                ZeroTrustTunnelCloudflaredConfigConfigIngress(service="http_status:404"),
            ]
        ),
    )
    providers = DataCloudflareZeroTrustAccessIdentityProviders(stack, "providers", account_id=account)
    policy = ZeroTrustAccessPolicy(
        stack,
        "policy",
        account_id=account,
        name=f"People of {host}",
        decision="allow",
        include=[ZeroTrustAccessPolicyInclude(email=ZeroTrustAccessPolicyIncludeEmail(email="owner@example.com"))],
        require=[
            ZeroTrustAccessPolicyRequire(
                login_method=ZeroTrustAccessPolicyRequireLoginMethod(id=providers.result.get(0).id)
            )
        ],
    )
    ZeroTrustAccessApplication(
        stack,
        "application",
        zone_id=zone,
        name=f"Access application for {host}",
        domain=host,
        type="self_hosted",
        session_duration="24h",
        policies=[ZeroTrustAccessApplicationPolicies(id=policy.id, precedence=1)],
    )
    DnsRecord(
        stack,
        "record",
        zone_id=zone,
        name=host,
        type="CNAME",
        content=f"{tunnel.id}.cfargotunnel.com",
        proxied=True,
        ttl=1,
    )
    SsmParameter(stack, "tunnel-token", name="/lolice/openclaw/tunnel-token", type="SecureString", value=token.token)


def stack_of(app: App, name: str, folder: str) -> TerraformStack:
    """A stack with the backend and the AWS provider that both have."""
    stack = TerraformStack(app, name)
    S3Backend(
        stack, bucket="tfaction-state", region="ap-northeast-1", key=f"{folder}/v1/terraform.tfstate", encrypt=True
    )
    AwsProvider(stack, "aws", region="ap-northeast-1")
    return stack


def main() -> None:
    """Synthesize both stacks."""
    app = App(outdir=sys.argv[1], hcl_output=False)
    parameters(app)
    site(app)
    app.synth()


if __name__ == "__main__":
    main()
