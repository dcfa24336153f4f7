"""
The incident, replayed: every way that we know to hurt a platform's data, with all protections, and with each one alone.

A row is a harm; a column says which protections stand. Each cell is a platform of its own in one cluster, with a volume
that must still be there. docs/incident.md is written from this table, and the cells are run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import yaml

from tools.lab.client import Object, Refused
from tools.lab.delivered import APPLICATION, CLAIM, PROJECT, Delivery, Platform
from tools.lab.lab import ARGOCD
from tools.lab.storage import NAMESPACE, VOLUME

SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
CASCADE = "resources-finalizer.argocd.argoproj.io"
POLICY = "networking.k8s.io/v1/NetworkPolicy"
PV = "v1/PersistentVolume"

Harm = Callable[[Delivery], object]


# --- protections -----------------------------------------------------------------------------------------------------


def without_admission(platform: Platform) -> Platform:
    """The API server takes whatever it is asked."""
    return _each(platform, lambda item: None if _is(item, "ValidatingAdmissionPolicyBinding", "-keep-") else item)


def without_argocds_settings(platform: Platform) -> Platform:
    """ArgoCD prunes by itself, deletes what it is told to, and its project allows everything."""

    def change(item: Object) -> Object:
        item["metadata"].get("annotations", {}).pop(SYNC_OPTIONS, None)
        if item["kind"] == "Application":
            item["spec"]["syncPolicy"]["automated"] = {"prune": True, "selfHeal": True, "allowEmpty": True}
            item["spec"]["syncPolicy"]["syncOptions"] = []
        if item["kind"] == "AppProject":
            everything = [{"group": "*", "kind": "*"}]
            item["spec"].update(clusterResourceWhitelist=everything, namespaceResourceWhitelist=everything)
            item["spec"]["destinations"] = [{"server": "*", "namespace": "*"}]
        return item

    return _each(platform, change)


def without_retain(platform: Platform) -> Platform:
    """A class as most clusters have it: the data goes with the claim."""

    def change(item: Object) -> Object:
        if item["kind"] == "StorageClass":
            item["reclaimPolicy"] = "Delete"
        return item

    return _each(platform, change)


def _each(platform: Platform, change: Callable[[Object], Object | None]) -> Platform:
    def rewritten(texts: Mapping[str, str]) -> dict[str, str]:
        return {
            name: text
            if name == "kustomization.yaml"
            else yaml.safe_dump_all([new for item in yaml.safe_load_all(text) if item and (new := change(item))])
            for name, text in texts.items()
        }

    return replace(platform, administrators=rewritten(platform.administrators), delivered=rewritten(platform.delivered))


def _what_holds_data(platform: Platform) -> Platform:
    """Without what takes no part: configuration, secrets, and pods that have no volume claim."""
    kinds = {"Namespace", "StorageClass", "NetworkPolicy", "PersistentVolumeClaim"}

    def takes_part(item: Object) -> bool:
        holds = item["kind"] == "Deployment" and any(
            "persistentVolumeClaim" in volume for volume in item["spec"]["template"]["spec"].get("volumes", [])
        )
        return holds or item["kind"] in kinds

    texts = {
        name: text
        for name, text in platform.delivered.items()
        if name != "kustomization.yaml" and all(takes_part(item) for item in yaml.safe_load_all(text) if item)
    }
    kustomization = yaml.safe_load(platform.delivered["kustomization.yaml"])
    kustomization["resources"] = [name for name in kustomization["resources"] if name in texts]
    texts["kustomization.yaml"] = yaml.safe_dump(kustomization)
    kept = _each(platform, lambda item: None if "-hold-pods" in item["metadata"]["name"] else item)
    return replace(kept, delivered=texts)


def _is(item: Object, kind: str, ending: str) -> bool:
    return item["kind"] == kind and ending in item["metadata"]["name"]


COLUMNS: Mapping[str, tuple[Callable[[Platform], Platform], ...]] = {
    "all": (),
    "admission alone": (without_argocds_settings, without_retain),
    "ArgoCD's settings alone": (without_admission, without_retain),
    "Retain alone": (without_admission, without_argocds_settings),
    "none": (without_admission, without_argocds_settings, without_retain),
}


# --- harms -----------------------------------------------------------------------------------------------------------


def _kubectl(*arguments: str) -> Harm:
    """kubectl with *arguments*, in which {name}, {claim}, {class} and {volume} stand for the platform's."""

    def harm(delivery: Delivery) -> None:
        claim = delivery.platform.claims()[0]
        found = delivery.api.get(CLAIM, claim, delivery.platform.name)
        words = {
            "name": delivery.platform.name,
            "claim": claim,
            "class": found["spec"]["storageClassName"],
            "volume": found["spec"]["volumeName"],
        }
        ran = delivery.lab.kubectl(*(argument.format_map(words) for argument in arguments))
        if ran.returncode:
            raise Refused(ran.returncode, ran.stderr.strip())

    return harm


def _all(*harms: Harm) -> Harm:
    def harm(delivery: Delivery) -> None:
        for one in harms:
            one(delivery)

    return harm


def _patch(kind: str, name: str, change: str) -> Harm:
    return _kubectl("patch", kind, name, "--type=merge", f"--patch={change}".replace("{", "{{").replace("}", "}}"))


def empty_the_folder(delivery: Delivery) -> None:
    """Somebody merges a change that removes every file."""
    nothing = {
        "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"
    }
    delivery.repository.commit(
        {f"{delivery.platform.path}/{name}": nothing.get(name) for name in delivery.platform.delivered}
    )
    delivery.refresh()


def move_the_path(delivery: Delivery) -> None:
    """The Application is pointed at another folder, and somebody syncs with pruning."""
    other = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "other", "namespace": delivery.platform.name},
    }
    delivery.repository.commit({"elsewhere/other.yaml": yaml.safe_dump(other)})
    change = {
        "spec": {"source": {"path": "elsewhere"}},
        "operation": {"sync": {"prune": True}, "initiatedBy": {"username": "somebody"}},
    }
    delivery.api.patch(APPLICATION, delivery.platform.name, change, ARGOCD)


def ask_to_replace(delivery: Delivery) -> None:
    """A merged file asks ArgoCD to replace the claim by force: to delete it, and make it anew."""

    def change(item: Object) -> Object:
        if item["kind"] == "PersistentVolumeClaim":
            item["metadata"].setdefault("annotations", {})[SYNC_OPTIONS] = "Replace=true,Force=true"
            item["spec"]["accessModes"] = ["ReadWriteOncePod"]
        return item

    delivery.commit(_each(delivery.platform, change))
    delivery.refresh()


def cascade(delivery: Delivery) -> None:
    """What the UI's Delete does: the finalizer first, then the deletion."""
    change = {"metadata": {"finalizers": [CASCADE]}}
    delivery.api.patch(APPLICATION, delivery.platform.name, change, ARGOCD)
    delivery.api.delete(APPLICATION, delivery.platform.name, ARGOCD)


def delete_collection(delivery: Delivery) -> None:
    """``kubectl delete applications --all``, held to one platform by its label."""
    delivery.api.delete_all(APPLICATION, ARGOCD, labelSelector=f"app.kubernetes.io/part-of={delivery.platform.name}")


def delete_longhorns_volume(delivery: Delivery) -> None:
    """Below Kubernetes' own objects: the volume in Longhorn."""
    delivery.api.delete(VOLUME, delivery.volume()[1], NAMESPACE)


@dataclass(frozen=True)
class Row:
    """One harm and what comes of it in each column."""

    name: str
    what: str
    harm: Harm
    cells: tuple[str, ...] = ()


ROWS = (
    Row("application", "`kubectl delete application`", _kubectl("-n", "argocd", "delete", "application", "{name}", "--wait=false")),
    Row("cascade", "the UI's Delete: cascade finalizer, then deletion", cascade),
    Row("collection", "`kubectl delete applications --all`", delete_collection),
    Row("emptied", "folder emptied in git", empty_the_folder),
    Row("moved", "another path, and a sync that prunes", move_the_path),
    Row("replaced", "a merged file asks to replace the claim by force", ask_to_replace),
    Row("project", "`kubectl delete appproject`", _kubectl("-n", "argocd", "delete", "appproject", "{name}", "--wait=false")),
    Row("namespace", "`kubectl delete namespace`", _kubectl("delete", "namespace", "{name}", "--wait=false")),
    Row("class", "`kubectl delete storageclass`", _kubectl("delete", "storageclass", "{class}", "--wait=false")),
    Row("claim", "`kubectl delete pvc`, and the pods", _kubectl("-n", "{name}", "delete", "deployment,pvc", "--all", "--wait=false")),
    Row("volume", "`kubectl delete pv`", _kubectl("delete", "pv", "{volume}", "--wait=false")),
    Row(
        "unretained", "`kubectl patch pv` to `Delete`, then the claim and its pods",
        _all(
            _kubectl("patch", "pv", "{volume}", "--patch", '{{"spec": {{"persistentVolumeReclaimPolicy": "Delete"}}}}'),
            _kubectl("-n", "{name}", "delete", "deployment,pvc", "--all", "--wait=false"),
        ),
    ),
    Row(
        "unclaimed", "`kubectl patch pv` without its claimRef, then `delete pv`",
        _all(
            _kubectl("patch", "pv", "{volume}", "--type=merge", "--patch", '{{"spec": {{"claimRef": null}}}}'),
            _kubectl("delete", "pv", "{volume}", "--wait=false"),
        ),
    ),
    Row("longhorn", "`kubectl delete volumes.longhorn.io`", delete_longhorns_volume),
)  # fmt: skip


@dataclass(frozen=True)
class Before:
    """What a platform had before it was hurt."""

    claim: str
    volume: str
    policies: int


def before(delivery: Delivery) -> Before:
    """Look at an unhurt platform."""
    claim, volume = delivery.volume()
    return Before(claim, volume, len(delivery.api.list(POLICY, delivery.platform.name)))


def outcome(delivery: Delivery, was: Before) -> str:
    """What is left of a platform."""
    api, name = delivery.api, delivery.platform.name
    if not api.find(VOLUME, was.volume, NAMESPACE):
        return "data lost"
    if not api.find(PV, was.volume):
        return "data left in Longhorn"
    claim = api.find(CLAIM, delivery.platform.claims()[0], name)
    if not claim or claim["metadata"]["uid"] != was.claim or "deletionTimestamp" in claim["metadata"]:
        return "volume left, unclaimed"
    if len(api.list(POLICY, name)) < was.policies:
        return "claim left, the rest gone"
    if not api.find(APPLICATION, name, ARGOCD) or not api.find(PROJECT, name, ARGOCD):
        return "all left, not delivered any more"
    return "all left"


def slug(row: int, column: int) -> str:
    """The name of a cell's platform."""
    return f"r{row:02}{'abcdefgh'[column]}"


def platform_of(template: Platform, row: int, column: int) -> Platform:
    """A cell's platform: what the data hangs on, so that many fit into one cluster."""
    made = _what_holds_data(template).renamed(slug(row, column))
    for change in list(COLUMNS.values())[column]:
        made = change(made)
    return made
