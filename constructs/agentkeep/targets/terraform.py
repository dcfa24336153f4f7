"""The two Terraform root modules of a platform: its parameters in AWS, and its sites in Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass

from cdktf import App, S3Backend, TerraformStack, TerraformVariable

from agentkeep.platform import Platform
from agentkeep.secret_param.declaration import Parameter
from agentkeep.secret_param.terraform import SecretParamTerraform
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.tunnel_site.terraform import TunnelSiteTerraform
from agentkeep_imports.terraform.aws import AwsProvider
from agentkeep_imports.terraform.random import RandomProvider

AWS_VERSION = "~> 6.0"
RANDOM_VERSION = "3.8.1"
TERRAFORM_VERSION = ">= 1.0"


@dataclass(frozen=True, slots=True)
class RootModule:
    """A stack, and the folder of the arch repository that it becomes."""

    stack: TerraformStack
    folder: str


def root_modules(app: App, platform: Platform) -> list[RootModule]:
    """
    Build the stacks ``aws-<platform>`` and, where a site is declared, ``cloudflare-<platform>`` in *app*.

    Returns:
        The stacks with their folders, in the order of their first apply: the parameters first.
    """
    platform.seal()
    modules = [_aws(app, platform)]
    if platform.parts(TunnelSite):
        modules.append(_cloudflare(app, platform))
    return modules


def _aws(app: App, platform: Platform) -> RootModule:
    folder = f"terraform/aws/{platform.id}"
    stack = _stack(app, platform, f"aws-{platform.id}", folder, {"aws": AWS_VERSION})
    _aws_provider(stack, platform)
    for secret in platform.parts(Parameter):
        if secret.filled_by == "operator":
            SecretParamTerraform(stack, secret.id, secret)
    return RootModule(stack, folder)


def _cloudflare(app: App, platform: Platform) -> RootModule:
    zone = platform.zone
    assert zone is not None, "a sealed platform with a site has a zone"  # noqa: S101 - seal() has checked it
    folder = f"terraform/cloudflare/{zone.domain}/{platform.id}"
    versions = {"aws": AWS_VERSION, "cloudflare": zone.provider, "random": RANDOM_VERSION}
    stack = _stack(app, platform, f"cloudflare-{platform.id}", folder, versions)
    _aws_provider(stack, platform)
    RandomProvider(stack, "random")
    # Its token comes from the environment (CLOUDFLARE_API_TOKEN); nothing of it is ever in the output.
    if zone.provider == "~> 4.52":
        from agentkeep_imports.terraform import cloudflare_v4  # noqa: PLC0415 - only one is needed

        cloudflare_v4.CloudflareProvider(stack, "cloudflare")
    else:
        from agentkeep_imports.terraform import cloudflare_v5  # noqa: PLC0415 - only one is needed

        cloudflare_v5.CloudflareProvider(stack, "cloudflare")
    for site in platform.parts(TunnelSite):
        TunnelSiteTerraform(stack, site.id, site)
    return RootModule(stack, folder)


def _stack(app: App, platform: Platform, name: str, folder: str, versions: dict[str, str]) -> TerraformStack:
    stack = TerraformStack(app, name)
    S3Backend(
        stack,
        bucket=platform.state.bucket,
        region=platform.state.region,
        key=f"{folder}/v1/terraform.tfstate",
        encrypt=True,
    )
    stack.add_override("terraform.required_version", TERRAFORM_VERSION)
    for provider, version in versions.items():
        stack.add_override(f"terraform.required_providers.{provider}.version", version)
    stack.add_override("//.comment", f"Synthesized by agentkeep from the declaration of {platform.id!r}. Change that.")
    return stack


def _aws_provider(stack: TerraformStack, platform: Platform) -> None:
    account = TerraformVariable(
        stack, "aws_account_id", type="string", default=platform.aws.account_id, description="AWS account"
    )
    # Credentials of another account are refused before anything is planned.
    AwsProvider(stack, "aws", region=platform.aws.region, allowed_account_ids=[account.string_value])
