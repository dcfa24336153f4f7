"""
The Terraform half of EBS: who takes a snapshot of every volume each day, and deletes what is too old.

That is Amazon Data Lifecycle Manager. It knows the volumes by a tag that the storage class gives them, so nothing in
the cluster asks for a snapshot, and nothing there can delete one.
"""

from __future__ import annotations

import json
from typing import Any

from cdktf import TerraformStack
from constructs import Construct

from agentkeep.core.model import Model
from agentkeep.halves.terraform import Root, address, settle
from agentkeep.secret_param.stores.aws_terraform import AWS_VERSION, aws_provider
from agentkeep.storages.ebs_csi import DAILY, TAG, EbsCsi
from agentkeep_imports.terraform.aws import (
    DlmLifecyclePolicy,
    DlmLifecyclePolicyPolicyDetails,
    DlmLifecyclePolicyPolicyDetailsSchedule,
    DlmLifecyclePolicyPolicyDetailsScheduleCreateRule,
    DlmLifecyclePolicyPolicyDetailsScheduleRetainRule,
    IamRole,
    IamRolePolicy,
)

SERVICE = "dlm.amazonaws.com"


class SnapshotsTerraform(Construct):
    """
    The lifecycle policy of a platform's volumes, and the role that carries it out.

    Args:
        scope: A `cdktf.TerraformStack` with an AWS provider, or anything in one.
        id: Construct id.
        model: The platform.
    """

    def __init__(self, scope: Construct, id: str, model: Model) -> None:  # noqa: A002 - the CDK's own word
        super().__init__(scope, id)
        storage = _storage(model)
        whose = storage.tag(model.cluster.name, model.id)
        name = address(f"{model.id}_snapshots")
        # No name of its own: a role's name is one in the whole account, and another cluster may have a platform
        # called the same.
        role = IamRole(
            self,
            "role",
            assume_role_policy=_json(_trust(storage)),
            description=f"Data Lifecycle Manager takes and deletes snapshots of the volumes of {whose}",
        )
        settle(role, name, "Data Lifecycle Manager alone may take it on, and for this account only.")
        rights = IamRolePolicy(self, "rights", name="snapshots", role=role.id, policy=_json(_rights(storage, whose)))
        settle(rights, name, "It deletes nothing but snapshots that it has tagged itself.")
        lifecycle = DlmLifecyclePolicy(
            self,
            "lifecycle",
            description=f"Daily snapshots of the volumes of {model.id} on {model.cluster.name}",
            execution_role_arn=role.arn,
            state="ENABLED",
            policy_details=DlmLifecyclePolicyPolicyDetails(
                policy_type="EBS_SNAPSHOT_MANAGEMENT",
                resource_types=["VOLUME"],
                target_tags={TAG: whose},
                schedule=[
                    DlmLifecyclePolicyPolicyDetailsSchedule(
                        name=DAILY,
                        # With the volume's own tags the CSI driver's role could delete the snapshot.
                        copy_tags=False,
                        tags_to_add={TAG: whose},
                        create_rule=DlmLifecyclePolicyPolicyDetailsScheduleCreateRule(
                            interval=24, interval_unit="HOURS", times=[storage.at]
                        ),
                        retain_rule=DlmLifecyclePolicyPolicyDetailsScheduleRetainRule(count=storage.keep),
                    )
                ],
            ),
        )
        settle(lifecycle, name, f"Volumes of class {model.label('retain')} carry the tag that it looks for.")

    @staticmethod
    def root(model: Model) -> Root:  # noqa: ARG004 - the same for all
        """A root module of its own: whoever applies it needs rights on roles, and none on secrets."""
        return Root("ebs", "ebs", {"aws": AWS_VERSION}, provider)


def provider(stack: TerraformStack, model: Model) -> None:
    """Put the provider of the volumes' account into *stack*."""
    aws_provider(stack, _storage(model).aws)


def _storage(model: Model) -> EbsCsi:
    storage = model.cluster.storage
    assert isinstance(storage, EbsCsi)  # noqa: S101 - the storage names this module as its half
    return storage


def _trust(storage: EbsCsi) -> dict[str, Any]:
    """Who may take on the role."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": SERVICE},
                "Action": "sts:AssumeRole",
                # The service works for every account; it must not be talked into working for another one here.
                "Condition": {"StringEquals": {"aws:SourceAccount": storage.aws.account_id}},
            }
        ],
    }


def _rights(storage: EbsCsi, whose: str) -> dict[str, Any]:
    """What the role may do."""
    mine = {"StringEquals": {f"aws:ResourceTag/{TAG}": whose}}
    volumes, snapshots = (f"arn:{storage.aws.partition}:ec2:*:{rest}" for rest in ("*:volume/*", ":snapshot/*"))
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"],
                "Resource": "*",
            },
            {"Effect": "Allow", "Action": "ec2:CreateSnapshot", "Resource": volumes, "Condition": mine},
            {"Effect": "Allow", "Action": ["ec2:CreateSnapshot", "ec2:CreateTags"], "Resource": snapshots},
            {"Effect": "Allow", "Action": "ec2:DeleteSnapshot", "Resource": snapshots, "Condition": mine},
        ],
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
