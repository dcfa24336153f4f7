"""
What can somebody do who merges one file into the folder that ArgoCD follows? The cluster's answer to each try.

Three gates stand in the way: ArgoCD's project, the API server's admission, and `agentkeep verify` in the pull request.
A try says who stops it. What passes the first two reaches the cluster, and must be refuted by the third.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from agentkeep.verify.artifacts import load
from agentkeep.verify.decide import case_of, decide
from tools.lab.client import Object, Refused
from tools.lab.delivered import APPLICATION, Delivery, Platform, app_folders
from tools.lab.lab import ARGOCD, ROOT, Lab

pytestmark = pytest.mark.cluster

NAME = "merged"
FOLDER = app_folders(ROOT / "dist")[0]


def _object(version: str, kind: str, name: str = "extra", namespace: str | None = NAME, **body: object) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _pod(change: Callable[[Object], object], workload: str = "extra") -> Object:
    """A Deployment whose pod is all that the policy asks of a stranger, but for one thing."""
    labels = {"app.kubernetes.io/name": workload, "app.kubernetes.io/part-of": NAME}
    spec: Object = {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "extra",
                "image": "busybox:1.37.0",
                "command": ["sleep", "1d"],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    change(spec)
    body = {"selector": {"matchLabels": labels}, "template": template}
    return _object("apps/v1", "Deployment", spec=body)


def _takes(secret: str) -> Callable[[Object], object]:
    key = {"secretKeyRef": {"name": secret, "key": "ANTHROPIC_API_KEY"}}
    return lambda pod: pod["containers"][0].update(env=[{"name": "KEY", "valueFrom": key}])


def _borrows_the_daemon(pod: Object) -> None:
    pod["containers"].append(
        {
            "name": "dind",
            "image": "docker:29.8.0-dind",
            "command": ["sh", "-c", "mount /dev/sda1 /mnt"],
            "securityContext": {"privileged": True},
        }
    )


BY_THE_PROJECT: Mapping[str, Object] = {
    "a binding to an administrator's role": _object(
        "rbac.authorization.k8s.io/v1", "RoleBinding",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
    ),
    "labels for kube-system": _object(
        "v1", "Namespace", "kube-system", None
    ),
    "a second storage class": _object(
        "storage.k8s.io/v1", "StorageClass", "merged-delete", None, provisioner="driver.longhorn.io"
    ),
    "a pod by itself": _object("v1", "Pod", spec={"containers": [{"name": "x", "image": "busybox:1.37.0"}]}),
    "a Secret": _object("v1", "Secret", stringData={"a": "b"}),
    "an object in another namespace": _object("v1", "ConfigMap", namespace="kube-system", data={"a": "b"}),
    "a policy that admits everything": _object(
        "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "merged-hold-pods", None,
        spec={"policyName": "merged-hold-pods", "validationActions": ["Audit"]},
    ),
}  # fmt: skip
BY_ADMISSION: Mapping[str, Object] = {
    "a folder of the node": _pod(lambda pod: pod.update(volumes=[{"name": "node", "hostPath": {"path": "/"}}])),
    "the node's network": _pod(lambda pod: pod.update(hostNetwork=True)),
    "a token for the API server": _pod(lambda pod: pod.update(automountServiceAccountToken=True)),
    "a token as a volume": _pod(
        lambda pod: pod.update(
            volumes=[{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]
        )
    ),
    "a stranger that takes the provider's key": _pod(_takes("litellm-credentials")),
    "the agent's labels, and the provider's key": _pod(_takes("litellm-credentials"), NAME),
    "the proxy's labels, and its key, in an image of somebody else": _pod(_takes("litellm-credentials"), "litellm"),
    "a borrowed name for a privileged container": _pod(_borrows_the_daemon, NAME),
    "a privileged container": _pod(lambda pod: pod["containers"][0].update(securityContext={"privileged": True})),
    "root": _pod(lambda pod: pod["securityContext"].update(runAsUser=0)),
}
BY_VERIFY_ALONE: Mapping[str, Object] = {
    "a policy that lets the agent out everywhere": _object(
        "networking.k8s.io/v1", "NetworkPolicy",
        spec={
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
            "policyTypes": ["Egress"],
            "egress": [{}],
        },
    ),
    "a Secret of the operator's with another reader's key": _object(
        "external-secrets.io/v1", "ExternalSecret",
        spec={
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": "parameterstore"},
            "target": {"name": "extra-credentials"},
            "data": [{"secretKey": "KEY", "remoteRef": {"key": f"/lolice/{NAME}/ANTHROPIC_API_KEY"}}],
        },
    ),
    "a stranger's pod that takes nothing": _pod(lambda _: None),
    "a service to the outside": _object(
        "v1", "Service", spec={"type": "ExternalName", "externalName": "example.com"}
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def delivery(lab: Lab) -> Iterator[Delivery]:
    """A delivered platform."""
    delivered = Delivery(lab, Platform.read(FOLDER).renamed(NAME))
    delivered.begin()
    delivered.wait_until_delivered()
    yield delivered
    lab.api.patch(APPLICATION, NAME, {"spec": {"syncPolicy": {"automated": None}}}, ARGOCD)


@pytest.mark.parametrize("item", BY_THE_PROJECT.values(), ids=BY_THE_PROJECT.keys())
def test_the_project_refuses(delivery: Delivery, item: Object) -> None:
    good = delivery.platform

    delivery.merge("extra.yaml", yaml.safe_dump(item))
    try:
        delivery.lab.wait_for("ArgoCD's word", lambda: "not permitted" in _said(delivery), 60)
        found = delivery.api.find(
            f"{item['apiVersion']}/{item['kind']}", item["metadata"]["name"], item["metadata"].get("namespace")
        )
        assert found is None or "argocd.argoproj.io/tracking-id" not in found["metadata"].get("annotations", {})
    finally:
        _undo(delivery, good)


@pytest.mark.parametrize("item", BY_ADMISSION.values(), ids=BY_ADMISSION.keys())
def test_the_api_server_refuses_the_pods_of(delivery: Delivery, item: Object) -> None:
    """ArgoCD applies the Deployment; what it stands for is refused when its first pod comes."""
    template = item["spec"]["template"]
    pod = _object("v1", "Pod", spec=template["spec"])
    pod["metadata"]["labels"] = template["metadata"]["labels"]

    with pytest.raises(Refused, match=rf"ValidatingAdmissionPolicy '{NAME}-hold-pods'"):
        delivery.api.create(pod, dryRun="All")


def test_a_stranger_that_asks_for_nothing_is_admitted(delivery: Delivery) -> None:
    """Else the refusals above would say nothing."""
    template = BY_VERIFY_ALONE["a stranger's pod that takes nothing"]["spec"]["template"]
    pod = _object("v1", "Pod", spec=template["spec"])
    pod["metadata"]["labels"] = template["metadata"]["labels"]

    delivery.api.create(pod, dryRun="All")


def test_after_all_of_that_the_platform_is_what_was_declared(delivery: Delivery) -> None:
    delivery.wait_until_delivered()

    declared = {item["metadata"]["name"] for item in delivery.platform.objects() if item["kind"] == "Deployment"}
    running = {item["metadata"]["labels"]["app.kubernetes.io/name"] for item in delivery.api.list("v1/Pod", NAME)}
    assert declared == running


@pytest.mark.parametrize("item", BY_VERIFY_ALONE.values(), ids=BY_VERIFY_ALONE.keys())
def test_the_cluster_takes_and_verify_refutes(delivery: Delivery, item: Object, tmp_path: Path) -> None:
    """What neither gate of the cluster stops is refuted before the merge."""
    good = delivery.platform

    kind = f"{item['apiVersion']}/{item['kind']}"

    delivery.merge("extra.yaml", yaml.safe_dump(item))
    try:
        delivery.lab.wait_for("the object", lambda: delivery.api.find(kind, "extra", NAME), 120)
        # A sync that still waits for the object's health would hold up the next one.
        delivery.lab.wait_for("the end of the sync", lambda: _phase(delivery) == "Succeeded", 60)
    finally:
        delivery.api.patch(APPLICATION, NAME, {"spec": {"syncPolicy": {"automated": {"selfHeal": False}}}}, ARGOCD)
        _undo(delivery, good)
        delivery.api.delete(kind, "extra", NAME)
        delivery.api.patch(APPLICATION, NAME, {"spec": {"syncPolicy": {"automated": {"selfHeal": True}}}}, ARGOCD)

    assert _refuted_by(tmp_path / "before", None) == set()
    assert _refuted_by(tmp_path / "after", item) != set()


def _said(delivery: Delivery) -> str:
    status = delivery.application().get("status", {})
    conditions = " ".join(item["message"] for item in status.get("conditions", []))
    operation = status.get("operationState", {})
    results = " ".join(item.get("message", "") for item in operation.get("syncResult", {}).get("resources", []))
    return f"{conditions} {operation.get('message', '')} {results}"


def _phase(delivery: Delivery) -> str:
    return str(delivery.application()["status"].get("operationState", {}).get("phase"))


def _undo(delivery: Delivery, good: Platform) -> None:
    """Take the file out of the folder again, and let ArgoCD see it."""
    delivery.repository.commit({f"{good.path}/extra.yaml": None})
    delivery.commit(good)
    delivery.refresh()
    delivery.lab.wait_for("the fix", lambda: "extra" not in str(delivery.application()["status"].get("conditions")), 60)


def _refuted_by(dist: Path, item: Object | None) -> set[str]:
    """Ids of the rules that refute dist/ with *item* merged into its folder."""
    shutil.copytree(ROOT / "dist", dist)
    if item is not None:
        folder = dist / FOLDER.relative_to(ROOT / "dist")
        text = yaml.safe_dump(deepcopy(item)).replace(NAME, FOLDER.name)
        (folder / "extra.yaml").write_text(text, encoding="utf-8")
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        kustomization["resources"].append("extra.yaml")
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), encoding="utf-8")
    return {verdict.rule for verdict in decide(case_of(load(dist))) if not verdict.proved}
