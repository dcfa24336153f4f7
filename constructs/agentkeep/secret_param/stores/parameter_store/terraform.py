"""The Terraform half of Parameter Store: each secret with a placeholder that a person replaces."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import TerraformResourceLifecycle, TerraformStack
from constructs import Construct

from agentkeep.core.model import Model, Secret, model_of
from agentkeep.halves.terraform import Root, address, settle
from agentkeep.secret_param.stores.aws_terraform import AWS_VERSION, aws_provider
from agentkeep.secret_param.stores.parameter_store import ParameterStore
from agentkeep_imports.terraform._base import Resources
from agentkeep_imports.terraform.aws import SsmParameter

PLACEHOLDER = "dummy"
VERSIONS = {"aws": AWS_VERSION}


class ParameterTerraform(Construct):
    """
    An ``aws_ssm_parameter`` whose value Terraform creates once and then leaves alone.

    Args:
        scope: A `cdktf.TerraformStack` with an AWS provider, or anything in one.
        id: Construct id.
        secret: What was declared. A secret that Terraform fills comes from the half that makes its value.
        model: The platform; as it is now unless given.
    """

    def __init__(self, scope: Construct, id: str, secret: Secret, *, model: Model | None = None) -> None:  # noqa: A002 - the CDK's own word
        super().__init__(scope, id)
        model = model or model_of(secret)
        self.parameter = SsmParameter(
            self,
            "parameter",
            name=secret.key,
            type="SecureString",
            value=PLACEHOLDER,
            description=secret.about,
            # The value is set by hand after the first apply; the next plan must not put the placeholder back.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["value"]),
        )
        settle(self.parameter, address(secret.id), _comment(secret, model))

    @staticmethod
    def together(scope: Construct, parts: Sequence[Secret], model: Model) -> None:
        """
        All of *parts* as one construct, each as it would be alone: by the thousand they are most of a synthesis.

        Args:
            scope: A stack with an AWS provider.
            parts: What was declared.
            model: The platform.
        """
        path = scope.node.path
        made = {}
        for secret in parts:
            name = address(secret.id)
            metadata = {"path": f"{path}/{secret.id}/parameter", "uniqueId": name}
            made[name] = {
                "//": {"comment": _comment(secret, model), "metadata": metadata},
                "name": secret.key,
                "type": "SecureString",
                "value": PLACEHOLDER,
                "description": secret.about,
                "lifecycle": {"ignore_changes": ["value"]},
            }
        Resources(scope, "parameters", {SsmParameter.TF_RESOURCE_TYPE: made})

    @staticmethod
    def root(secret: Secret, model: Model) -> Root:  # noqa: ARG004 - every secret is in one account
        """All secrets of a platform are one root module."""
        return Root("aws", "aws", VERSIONS, provider)


def _comment(secret: Secret, model: Model) -> str:
    readers = ", ".join(grant.workload for grant in model.readers(secret.id))
    return f"Read by {readers} only. Set the value in SSM after the first apply."


def provider(stack: TerraformStack, model: Model) -> None:
    """Put the provider that the store needs into *stack*."""
    assert isinstance(model.store, ParameterStore)  # noqa: S101 - the store names this module as its half
    aws_provider(stack, model.store.aws)


def written(scope: Construct, id: str, name: str, secret: Secret, *, value: str, comment: str) -> None:  # noqa: A002
    """A secret whose value another resource makes; a new value must follow, so nothing is ignored."""
    made = SsmParameter(scope, id, name=secret.key, type="SecureString", value=value, description=secret.about)
    settle(made, name, comment)
