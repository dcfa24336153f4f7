"""The AWS provider, as every root module that touches the account has it."""

from __future__ import annotations

from cdktf import TerraformStack, TerraformVariable

from agentkeep.secret_param.stores.aws import Aws
from agentkeep_imports.terraform.aws import AwsProvider

AWS_VERSION = "~> 6.0"


def aws_provider(stack: TerraformStack, aws: Aws) -> None:
    """Put the provider into *stack*."""
    account = TerraformVariable(
        stack, "aws_account_id", type="string", default=aws.account_id, description="AWS account"
    )
    # Credentials of another account are refused before anything is planned.
    AwsProvider(stack, "aws", region=aws.region, allowed_account_ids=[account.string_value])
