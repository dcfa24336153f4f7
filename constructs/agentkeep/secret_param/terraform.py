"""The Terraform half of a secret: its SSM parameter, with a placeholder that a person replaces."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle
from constructs import Construct

from agentkeep.secret_param.declaration import Parameter
from agentkeep.terraform_text import address, settle
from agentkeep_imports.terraform.aws import SsmParameter

PLACEHOLDER = "dummy"


class SecretParamTerraform(Construct):
    """
    An ``aws_ssm_parameter`` whose value Terraform creates once and then leaves alone.

    Args:
        scope: A `cdktf.TerraformStack` with an AWS provider, or anything in one.
        id: Construct id.
        secret: What was declared. A secret that Terraform fills comes from the half that makes its value.
    """

    def __init__(self, scope: Construct, id: str, secret: Parameter) -> None:  # noqa: A002 - the CDK's own word
        super().__init__(scope, id)
        self.parameter = SsmParameter(
            self,
            "parameter",
            name=secret.ssm_name,
            type="SecureString",
            value=PLACEHOLDER,
            description=secret.about,
            # The value is set by hand after the first apply; the next plan must not put the placeholder back.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["value"]),
        )
        readers = ", ".join(sorted(secret.readers))
        settle(
            self.parameter, address(secret.id), f"Read by {readers} only. Set the value in SSM after the first apply."
        )
