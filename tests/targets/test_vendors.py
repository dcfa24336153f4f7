"""What EBS, Secrets Manager and plain manifests come out as, each half alone, and together with every other vendor."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentkeep import EbsCsi, Image, Longhorn, Manifests, Plain, Platform, TerraformModules
from agentkeep.core.cluster import Delivery, SecretStore, Storage
from agentkeep.targets.synthesis import synthesize
from agentkeep.testing import DEMO_ARGOCD, DEMO_AWS, DEMO_STATE, DEMO_STORE, DEMO_ZONE, demo_platform
from agentkeep.verify.command import verify
from tests.targets.test_admission import Admission
from tests.targets.test_kubernetes_halves import synthesized as objects_of
from tests.targets.test_terraform_halves import plain
from tests.targets.test_terraform_halves import synthesized as module_of
from tests.unit.test_vendors import EBS, FLUX, ON_EBS, STORE, on
from tests.worlds import World, world

pytestmark = pytest.mark.usefixtures("engines")


@pytest.fixture
def built() -> World:
    found = world(platform=demo_platform(on=ON_EBS, store=STORE, delivery=FLUX))
    found.platform.seal()
    return found


# --- Secrets Manager -------------------------------------------------------------------------------------------------


def test_a_secret_has_a_placeholder_that_terraform_leaves_alone(built: World) -> None:
    from agentkeep.secret_param.stores.secrets_manager.terraform import SecretTerraform

    found = module_of(lambda stack: SecretTerraform(stack, "any", built.gateway_token))

    assert plain(found["resource"]) == {
        "aws_secretsmanager_secret": {
            "openclaw_gateway_token": {
                "name": "agents/demo/OPENCLAW_GATEWAY_TOKEN",
                "description": "what clients of the gateway show",
                "recovery_window_in_days": 30,
            }
        },
        "aws_secretsmanager_secret_version": {
            "openclaw_gateway_token": {
                "secret_id": "${aws_secretsmanager_secret.openclaw_gateway_token.id}",
                "secret_string": "dummy",
                "lifecycle": {"ignore_changes": ["secret_string"]},
            }
        },
    }


def test_its_readers_are_named_beside_it(built: World) -> None:
    from agentkeep.secret_param.stores.secrets_manager.terraform import SecretTerraform

    found = module_of(lambda stack: SecretTerraform(stack, "any", built.proxy_key), with_comments=True)

    assert "Read by agent, llm only." in json.dumps(found["resource"]["aws_secretsmanager_secret"])


def test_what_terraform_makes_itself_follows_every_change() -> None:
    from agentkeep.tunnel_site.terraform import TunnelSiteTerraform

    built = world(platform=demo_platform(store=STORE))
    site = built.publish("agent")
    built.platform.seal()
    resources = module_of(lambda stack: TunnelSiteTerraform(stack, "any", site))["resource"]
    (version,) = resources["aws_secretsmanager_secret_version"].values()

    assert "lifecycle" not in version
    assert version["secret_string"].startswith("${")
    assert [one["name"] for one in resources["aws_secretsmanager_secret"].values()] == ["agents/demo/tunnel-token"]


# --- EBS -------------------------------------------------------------------------------------------------------------


def test_a_schedule_takes_snapshots_of_what_the_class_tags(built: World) -> None:
    from agentkeep.storages.ebs_csi.terraform import SnapshotsTerraform

    found = module_of(lambda stack: SnapshotsTerraform(stack, "any", built.model))["resource"]
    (policy,) = found["aws_dlm_lifecycle_policy"].values()
    (schedule,) = policy["policy_details"]["schedule"]
    (key, value) = EBS.parameters("demo", "demo")["tagSpecification_1"].split("=")

    assert policy["policy_details"]["target_tags"] == schedule["tags_to_add"] == {key: value}
    assert policy["execution_role_arn"] == "${aws_iam_role.demo_snapshots.arn}"
    assert policy["state"] == "ENABLED"
    assert (schedule["create_rule"]["times"], schedule["retain_rule"]) == (["03:00"], {"count": 14})
    assert schedule["copy_tags"] is False


def test_its_role_deletes_nothing_but_its_own_snapshots(built: World) -> None:
    from agentkeep.storages.ebs_csi.terraform import SnapshotsTerraform

    found = module_of(lambda stack: SnapshotsTerraform(stack, "any", built.model))["resource"]
    (role,), (rights,) = (found[kind].values() for kind in ("aws_iam_role", "aws_iam_role_policy"))
    statements = json.loads(rights["policy"])["Statement"]
    deletes = [one for one in statements if "ec2:DeleteSnapshot" in one["Action"]]
    (trusted,) = json.loads(role["assume_role_policy"])["Statement"]

    assert [one["Condition"]["StringEquals"] for one in deletes] == [{"aws:ResourceTag/agentkeep-backup": "demo.demo"}]
    assert trusted["Principal"] == {"Service": "dlm.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": DEMO_AWS.account_id}}


def test_it_has_a_module_of_its_own(built: World, tmp_path: Path) -> None:
    _, tree = synthesize(built.model, tmp_path / "dist", only="terraform")
    secrets, snapshots = (json.loads(tree[f"terraform/{one}/demo/cdk.tf.json"]) for one in ("aws", "ebs"))

    assert {*secrets["resource"]} == {"aws_secretsmanager_secret", "aws_secretsmanager_secret_version"}
    assert {*snapshots["resource"]} == {"aws_dlm_lifecycle_policy", "aws_iam_role", "aws_iam_role_policy"}
    assert snapshots["terraform"]["backend"]["s3"]["key"] != secrets["terraform"]["backend"]["s3"]["key"]


def test_snapshots_outlive_their_objects(built: World) -> None:
    from agentkeep.storages.ebs_csi.kubernetes import SnapshotsKubernetes

    found = objects_of(lambda chart: SnapshotsKubernetes(chart, "any", built.model))
    made = found[("VolumeSnapshotClass", "demo-retain")]

    assert (made["apiVersion"], made["driver"]) == ("snapshot.storage.k8s.io/v1", "ebs.csi.aws.com")
    assert made["deletionPolicy"] == "Retain"
    assert made["metadata"]["annotations"] == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}


def test_a_volume_is_made_where_its_pod_is(built: World) -> None:
    from agentkeep.delivery.namespace import NamespaceKubernetes

    found = objects_of(lambda chart: NamespaceKubernetes(chart, "any", built.model))
    made = found[("StorageClass", "demo-retain")]

    assert (made["volumeBindingMode"], made["reclaimPolicy"]) == ("WaitForFirstConsumer", "Retain")


SNAPSHOT = "volumesnapshots"
CONTENT = "volumesnapshotcontents"


def asked(resource: str, *, namespace: str | None = None, of: str | None = None) -> dict[str, Any]:
    """A request to delete one snapshot, or what a cluster knows of one."""
    return {
        "request": {
            "operation": "DELETE",
            "resource": {"group": "snapshot.storage.k8s.io", "version": "v1", "resource": resource},
        },
        "oldObject": {
            "metadata": {"name": "any", **({"namespace": namespace} if namespace else {})},
            "spec": {"volumeSnapshotRef": {"namespace": of, "name": "any"}} if of else {},
        },
    }


@pytest.mark.parametrize(
    ("resource", "request_", "refused"),
    [
        (SNAPSHOT, asked(SNAPSHOT, namespace="demo"), True),
        (SNAPSHOT, asked(SNAPSHOT, namespace="staging"), False),
        (CONTENT, asked(CONTENT, of="demo"), True),
        (CONTENT, asked(CONTENT, of="staging"), False),
        (CONTENT, asked(CONTENT), False),
    ],
)
def test_the_api_server_refuses_to_delete_snapshots(
    built: World, resource: str, request_: dict[str, Any], refused: bool
) -> None:
    from agentkeep.delivery.admission import AdmissionKubernetes

    found = objects_of(lambda chart: AdmissionKubernetes(chart, "any", built.model))
    policy = Admission(found[("ValidatingAdmissionPolicy", f"demo-keep-{resource}")])

    assert policy.matches("DELETE", "snapshot.storage.k8s.io", resource)
    assert bool(policy.denials(**request_)) is refused


def test_it_protects_nothing_that_is_not_there() -> None:
    from agentkeep.delivery.admission import AdmissionKubernetes

    keep = demo_platform(on=ON_EBS, delivery=Plain())
    found = objects_of(lambda chart: AdmissionKubernetes(chart, "any", world(platform=keep).model))
    policies = {name.removeprefix("demo-keep-") for kind, name in found if kind == "ValidatingAdmissionPolicy"}

    assert policies == {
        *("namespaces", "persistentvolumeclaims", "persistentvolumes"),
        *("volumesnapshots", "volumesnapshotcontents", "customresourcedefinitions"),
        "demo-hold-pods",
    }
    assert [word for word in ("argo", "longhorn") if word in str(found).lower()] == []


def test_what_has_no_definition_keeps_none() -> None:
    from agentkeep.delivery.admission import AdmissionKubernetes

    keep = demo_platform(on=ON_EBS, delivery=Plain())
    found = objects_of(lambda chart: AdmissionKubernetes(chart, "any", keep.model))

    assert ("ValidatingAdmissionPolicy", "demo-keep-customresourcedefinitions") not in found
    assert ("ValidatingAdmissionPolicy", "demo-keep-namespaces") in found


# --- delivery --------------------------------------------------------------------------------------------------------


def test_the_kustomization_keeps_its_order_and_leaves_the_limits_to_an_administrator(
    built: World, tmp_path: Path
) -> None:
    _, tree = synthesize(built.model, tmp_path / "dist", only="kubernetes")
    text = tree["cluster/apps/demo/kustomization.yaml"]
    found = yaml.safe_load(text)

    assert found["sortOptions"] == {"order": "fifo"}
    assert found["resources"].index("networkpolicy.yaml") < found["resources"].index("agent-deployment.yaml")
    administrators = {"admission.yaml", "namespace.yaml", "storageclass.yaml", "volumesnapshotclass.yaml"}
    assert administrators & {*found["resources"]} == set()
    assert f"# Not here: {', '.join(sorted(administrators))}.\n# An administrator applies them first" in text


def test_without_flux_nothing_is_said_of_it(tmp_path: Path) -> None:
    built = world(platform=demo_platform(delivery=Plain()))
    _, tree = synthesize(built.platform.seal(), tmp_path / "dist", only="kubernetes")
    manifests = {name: text for name, text in tree.items() if name.startswith("cluster/")}

    assert [name for name, text in manifests.items() if "flux" in text.lower()] == []
    assert "'kubectl apply' never deletes it" in manifests["cluster/apps/demo/namespace.yaml"]


def test_a_job_that_differs_is_made_anew_by_flux(built: World, tmp_path: Path) -> None:
    again = world(platform=demo_platform(on=ON_EBS, store=STORE, delivery=FLUX))
    again.lockdown.check_in_cluster(again.agent, image=Image("busybox:1.37.0"))
    _, tree = synthesize(again.platform.seal(), tmp_path / "dist", only="kubernetes")
    jobs = [one for one in yaml.safe_load_all(tree["cluster/apps/demo/agent-check.yaml"]) if one["kind"] == "Job"]

    assert [one["metadata"]["annotations"] for one in jobs] == [{"kustomize.toolkit.fluxcd.io/force": "enabled"}]


# --- each vendor with every other ------------------------------------------------------------------------------------

LONGHORN = Longhorn(replicas=2, backup_groups=("default",))


def platform(storage: Storage, store: SecretStore, delivery: Delivery) -> Platform:
    modules = TerraformModules(folder="terraform", state=DEMO_STATE, modules="terraform/{module}/{platform}")
    return demo_platform(
        on=on(storage),
        store=store,
        delivery=delivery,
        targets=(modules, Manifests(folder="cluster")),
    )


# Every pair of two kinds of vendor at least once.
TOGETHER: dict[str, tuple[Delivery, SecretStore, EbsCsi | Longhorn, bool]] = {
    "kubectl, Secrets Manager, EBS, published": (Plain(), STORE, EBS, True),
    "kubectl, Parameter Store, Longhorn": (Plain(), DEMO_STORE, LONGHORN, False),
    "Flux, Secrets Manager, Longhorn, published": (FLUX, STORE, LONGHORN, True),
    "Flux, Parameter Store, EBS": (FLUX, DEMO_STORE, EBS, False),
    "ArgoCD, Secrets Manager, EBS": (DEMO_ARGOCD, STORE, EBS, False),
    "ArgoCD, Parameter Store, EBS, published": (DEMO_ARGOCD, DEMO_STORE, EBS, True),
}


@pytest.mark.parametrize("vendors", TOGETHER)
def test_every_promise_holds(vendors: str, tmp_path: Path) -> None:
    delivery, store, storage, published = TOGETHER[vendors]
    built = world(platform=platform(storage, store, delivery), zone=DEMO_ZONE)
    if published:
        built.publish("agent")
    built.platform.acknowledge("POD003[agent/dind]: privileged", because="Docker needs it", owner="demo")
    synthesize(built.platform.seal(), tmp_path / "dist")

    _, verdicts = verify(str(tmp_path / "dist"))

    assert [finding.line for verdict in verdicts for finding in verdict.findings] == []
    assert [verdict.rule for verdict in verdicts if not verdict.proved] == []
