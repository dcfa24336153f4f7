"""
Amazon EBS by its CSI driver: Amazon Data Lifecycle Manager takes snapshots of the volumes that carry a tag.

The tag comes from the parameters of the storage class, the schedule and its role from Terraform. Kubernetes itself has
no schedule for snapshots; what the cluster has is a VolumeSnapshotClass, for those by hand and to restore.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from agentkeep.verify.artifacts import Artifacts, Object, Place, Terraform, mapping, mappings, text, texts
from agentkeep.verify.values import referred
from agentkeep.verify.vendors.storages import OWN_NAMESPACE, Storage

_DRIVER: Final = "ebs.csi.aws.com"
_GROUP: Final = "snapshot.storage.k8s.io"
_LIFECYCLE: Final = "aws_dlm_lifecycle_policy"
_ROLE: Final = "aws_iam_role"
_RIGHTS: Final = "aws_iam_role_policy"
_TAG: Final = re.compile(r"tagSpecification_\d+")
# Each names a kind or a speed; none of them can take the encryption or a tag away.
_PARAMETERS: Final = frozenset({"type", "encrypted", "csi.storage.k8s.io/fstype", "iops", "throughput"})
_COMMON: Final = frozenset({"//", "description", "tags"})
_KNOWN: Final = {
    _LIFECYCLE: _COMMON | {"execution_role_arn", "policy_details", "state"},
    _ROLE: _COMMON | {"assume_role_policy", "name", "name_prefix", "path"},
    _RIGHTS: frozenset({"//", "name", "policy", "role"}),
}
_DETAILS: Final = frozenset({"policy_type", "resource_types", "schedule", "target_tags"})
# A rule that copies to another region, shares with another account or archives is not among them.
_SCHEDULE: Final = frozenset({"copy_tags", "create_rule", "name", "retain_rule", "tags_to_add"})
_VARIABLE: Final = re.compile(r"\$\{var\.(\w+)\}\Z")


class _Ebs(Storage):
    def unprotected(self, artifacts: Artifacts, claim: Object, groups: tuple[str, ...]) -> Iterator[str]:
        name = text(claim.spec.get("storageClassName"))
        made = artifacts.index.get(("StorageClass", "", name))
        tags = _tags(mapping(made.body.get("parameters"))) if made else {}
        for group in groups:
            if not any(_covers(body, tags, group) for _, _, body in _resources(artifacts, _LIFECYCLE)):
                yield f"is of class {name or 'default'}, whose volumes are in no schedule {group} of snapshots"
        if not groups:
            yield "is in no backup group"

    def odd(self, artifacts: Artifacts) -> Iterator[tuple[str, str, Place]]:
        for item in artifacts.kind("StorageClass"):
            if item.body.get("provisioner") == _DRIVER:
                for problem in _of_class(mapping(item.body.get("parameters"))):
                    yield str(item), problem, item.place
        for item in artifacts.kind("VolumeSnapshotClass", "VolumeSnapshotContent"):
            body = item.spec if item.kind == "VolumeSnapshotContent" else item.body
            if body.get("driver") != _DRIVER:
                yield str(item), f"is of driver {text(body.get('driver')) or 'none'}", item.place
            if body.get("deletionPolicy") != "Retain":
                yield str(item), f"has deletionPolicy {body.get('deletionPolicy', 'Delete')}", item.place
            if item.body.get("parameters"):
                yield str(item), "sets parameters of its snapshots", item.place
        for kind in (_LIFECYCLE, _ROLE, _RIGHTS):
            for module, name, body in _resources(artifacts, kind):
                for problem in _of_resource(module, kind, name, body):
                    yield f"{kind}.{name}", problem, module.at("resource", kind, name)


def _resources(artifacts: Artifacts, kind: str) -> Iterator[tuple[Terraform, str, Mapping[str, Any]]]:
    for module in artifacts.terraform:
        for _, name, body in module.resources(kind):
            yield module, name, body


def _of_class(parameters: Mapping[str, Any]) -> Iterator[str]:
    if parameters.get("encrypted") != "true":
        yield "makes volumes that are not encrypted"
    for key in sorted(parameters):
        if key not in _PARAMETERS and not _TAG.fullmatch(key):
            yield f"sets the parameter {key}"


def _tags(parameters: Mapping[str, Any]) -> Mapping[str, str]:
    """The tags that a class gives to its volumes."""
    pairs = (text(value).partition("=") for key, value in parameters.items() if _TAG.fullmatch(key))
    return {key: value for key, equals, value in pairs if equals}


def _covers(body: Mapping[str, Any], tags: Mapping[str, str], group: str) -> bool:
    """Whether a lifecycle policy takes snapshots of volumes with *tags*, in a schedule called *group*."""
    details = _one(body.get("policy_details"))
    wanted = mapping(details.get("target_tags"))
    named = any(schedule.get("name") == group for schedule in _blocks(details.get("schedule")))
    return named and bool(wanted) and all(tags.get(key) == value for key, value in wanted.items())


def _of_resource(module: Terraform, kind: str, name: str, body: Mapping[str, Any]) -> Iterator[str]:
    for field in sorted(set(body) - _KNOWN[kind]):
        yield f"sets {field}"
    if kind == _LIFECYCLE:
        yield from _of_lifecycle(module, body)
    elif kind == _ROLE:
        account = _account(module)
        if _document(body.get("assume_role_policy")) != _trust(account) or not account:
            yield "can be taken on by something else than Data Lifecycle Manager of this account"
        users = [
            one
            for _, _, one in module.resources(_LIFECYCLE)
            if referred(one.get("execution_role_arn")) == f"{kind}.{name}"
        ]
        if not users:
            yield "is the role of no lifecycle policy"
    else:
        found = _document(body.get("policy"))
        tags = [
            mapping(_one(one.get("policy_details")).get("target_tags")) for _, _, one in module.resources(_LIFECYCLE)
        ]
        if not any(found == _allowed(partition, one) for partition in _PARTITIONS for one in tags):
            yield "allows something else than snapshots of the tagged volumes"
        if not referred(body.get("role")).startswith(f"{_ROLE}."):
            yield "is of a role that is made elsewhere"


def _of_lifecycle(module: Terraform, body: Mapping[str, Any]) -> Iterator[str]:
    if body.get("state") != "ENABLED":
        yield "is off (state)"
    role = referred(body.get("execution_role_arn"))
    if role not in {f"{_ROLE}.{name}" for _, name, _ in module.resources(_ROLE)}:
        yield "is carried out by a role that is made elsewhere"
    if role not in {referred(one.get("role")) for _, _, one in module.resources(_RIGHTS)}:
        yield "is carried out by a role without rights"
    details = _one(body.get("policy_details"))
    for field in sorted(set(details) - _DETAILS):
        yield f"sets {field}"
    if details.get("policy_type", "EBS_SNAPSHOT_MANAGEMENT") != "EBS_SNAPSHOT_MANAGEMENT":
        yield f"is of another kind (policy_type {details.get('policy_type')})"
    if texts(details.get("resource_types")) != ["VOLUME"]:
        yield "is not about volumes alone (resource_types)"
    tags = mapping(details.get("target_tags"))
    if len(tags) != 1:
        yield "knows its volumes by more or less than one tag"
    for schedule in _blocks(details.get("schedule")):
        yield from _of_schedule(schedule, tags)


def _of_schedule(schedule: Mapping[str, Any], tags: Mapping[str, Any]) -> Iterator[str]:
    for field in sorted(set(schedule) - _SCHEDULE):
        yield f"sets {field} of its schedule"
    if schedule.get("copy_tags", False) is not False:
        # The driver may delete what carries its own tags.
        yield "copies the tags of a volume, so that the cluster may delete its snapshots"
    if mapping(schedule.get("tags_to_add")) != tags:
        yield "tags its snapshots so that its role cannot delete the old ones"
    create, retain = _one(schedule.get("create_rule")), _one(schedule.get("retain_rule"))
    hours = create.get("interval")
    if (
        set(create) - {"interval", "interval_unit", "times"}
        or create.get("interval_unit", "HOURS") != "HOURS"
        or not isinstance(hours, int)
        or not 1 <= hours <= 24
    ):
        yield "takes a snapshot less than once a day (create_rule)"
    count = retain.get("count")
    if set(retain) != {"count"} or not isinstance(count, int) or isinstance(count, bool) or count < 1:
        yield "does not keep a number of snapshots (retain_rule)"


def _blocks(value: Any) -> Sequence[Mapping[str, Any]]:
    return [value] if isinstance(value, dict) else mappings(value)


def _one(value: Any) -> Mapping[str, Any]:
    """The block, if it stands once."""
    found = _blocks(value)
    return found[0] if len(found) == 1 else {}


def _document(value: Any) -> Any:
    """A policy document, as it is written into a resource; None if it is not JSON."""
    try:
        return json.loads(text(value))
    except ValueError:
        return None


def _account(module: Terraform) -> str:
    """The account that the module's provider is held to; empty if it is held to none, or to several."""
    providers = _blocks(mapping(module.document.root.get("provider")).get("aws"))
    accounts = [texts(one.get("allowed_account_ids")) for one in providers]
    if len(accounts) != 1 or len(accounts[0]) != 1:
        return ""
    variable = _VARIABLE.match(accounts[0][0])
    if variable is None:
        return accounts[0][0]
    return text(mapping(mapping(module.document.root.get("variable")).get(variable[1])).get("default"))


_PARTITIONS: Final = ("aws", "aws-cn", "aws-us-gov")


def _trust(account: str) -> Any:
    condition = {"StringEquals": {"aws:SourceAccount": account}}
    service = {"Service": "dlm.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _allowed(partition: str, tags: Mapping[str, Any]) -> Any:
    """All that the role may do, by the tag that it knows its volumes by."""
    mine = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in tags.items()}}
    volumes, snapshots = f"arn:{partition}:ec2:*:*:volume/*", f"arn:{partition}:ec2:*::snapshot/*"
    look = ["ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
    make = ["ec2:CreateSnapshot", "ec2:CreateTags"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": look, "Resource": "*"},
            {"Effect": "Allow", "Action": "ec2:CreateSnapshot", "Resource": volumes, "Condition": mine},
            {"Effect": "Allow", "Action": make, "Resource": snapshots},
            {"Effect": "Allow", "Action": "ec2:DeleteSnapshot", "Resource": snapshots, "Condition": mine},
        ],
    }


VENDOR: Final = _Ebs(
    name="ebs-csi",
    kind="storage",
    terraform=("aws_dlm_", "aws_iam_"),
    drivers=frozenset({_DRIVER}),
    resources=frozenset({_LIFECYCLE, _ROLE, _RIGHTS}),
    kept=(
        (_GROUP, "volumesnapshots", OWN_NAMESPACE),
        (_GROUP, "volumesnapshotcontents", "spec.volumeSnapshotRef.namespace"),
    ),
)
