"""The Terraform half of Secrets Manager: each secret, and a first version that a person replaces."""

from __future__ import annotations

from cdktf import TerraformResourceLifecycle, TerraformStack
from constructs import Construct

from agentkeep.core.model import Model, Secret, model_of
from agentkeep.halves.terraform import Root, address, settle
from agentkeep.secret_param.stores.aws_terraform import AWS_VERSION, aws_provider
from agentkeep.secret_param.stores.secrets_manager import SecretsManager
from agentkeep_imports.terraform.aws import SecretsmanagerSecret, SecretsmanagerSecretVersion

PLACEHOLDER = "dummy"
VERSIONS = {"aws": AWS_VERSION}


class SecretTerraform(Construct):
    """
    An ``aws_secretsmanager_secret`` and a version of it whose value Terraform creates once and then leaves alone.

    No resource policy: who may read it is decided by the identities of the account, and by nothing here.

    Args:
        scope: A `cdktf.TerraformStack` with an AWS provider, or anything in one.
        id: Construct id.
        secret: What was declared. A secret that Terraform fills comes from the half that makes its value.
        model: The platform; as it is now unless given.
    """

    def __init__(self, scope: Construct, id: str, secret: Secret, *, model: Model | None = None) -> None:  # noqa: A002 - the CDK's own word
        super().__init__(scope, id)
        model = model or model_of(secret)
        readers = ", ".join(grant.workload for grant in model.readers(secret.id))
        self.secret, self.version = _made(
            self,
            secret,
            address(secret.id),
            value=PLACEHOLDER,
            comment=f"Read by {readers} only. Set the value in Secrets Manager after the first apply.",
            # The value is set by hand after the first apply; the next plan must not put the placeholder back.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["secret_string"]),
        )

    @staticmethod
    def root(secret: Secret, model: Model) -> Root:  # noqa: ARG004 - every secret is in one account
        """All secrets of a platform are one root module."""
        return Root("aws", "aws", VERSIONS, provider)


def provider(stack: TerraformStack, model: Model) -> None:
    """Put the provider that the store needs into *stack*."""
    assert isinstance(model.store, SecretsManager)  # noqa: S101 - the store names this module as its half
    aws_provider(stack, model.store.aws)


def written(scope: Construct, id: str, name: str, secret: Secret, *, value: str, comment: str) -> None:  # noqa: A002
    """A secret whose value another resource makes; a new value must follow, so nothing is ignored."""
    _made(Construct(scope, id), secret, name, value=value, comment=comment, lifecycle=None)


def _made(
    scope: Construct,
    secret: Secret,
    name: str,
    *,
    value: str,
    comment: str,
    lifecycle: TerraformResourceLifecycle | None,
) -> tuple[SecretsmanagerSecret, SecretsmanagerSecretVersion]:
    store = secret.platform.store
    assert isinstance(store, SecretsManager)  # noqa: S101 - the store names this module as its half
    holder = SecretsmanagerSecret(
        scope,
        "secret",
        name=secret.key,
        description=secret.about,
        recovery_window_in_days=store.recovery_days,
    )
    settle(holder, name, comment)
    version = SecretsmanagerSecretVersion(
        scope, "version", secret_id=holder.id, secret_string=value, lifecycle=lifecycle
    )
    settle(version, name)
    return holder, version
