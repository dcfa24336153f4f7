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
DEFINITION = "apiextensions.k8s.io/v1/CustomResourceDefinition"
BINDING = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding"

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


def give_finalizer(delivery: Delivery) -> None:
    """Anybody may who may change an Application."""
    change = {"metadata": {"finalizers": [CASCADE]}}
    delivery.api.patch(APPLICATION, delivery.platform.name, change, ARGOCD)


def delete_the_definition(delivery: Delivery) -> None:
    """Every Application goes with the definition of its kind, and nobody is asked about each."""
    if delivery.api.find(DEFINITION, "applications.argoproj.io"):
        delivery.api.delete(DEFINITION, "applications.argoproj.io")


def cascade(delivery: Delivery) -> None:
    """What the UI's Delete does: the finalizer first, then the deletion."""
    give_finalizer(delivery)
    delivery.api.delete(APPLICATION, delivery.platform.name, ARGOCD)


def delete_collection(delivery: Delivery) -> None:
    """``kubectl delete applications --all``, held to one platform by its label."""
    delivery.api.delete_all(APPLICATION, ARGOCD, labelSelector=f"app.kubernetes.io/part-of={delivery.platform.name}")


def delete_longhorns_volume(delivery: Delivery) -> None:
    """Below Kubernetes' own objects: the volume in Longhorn."""
    delivery.api.delete(VOLUME, delivery.volume()[1], NAMESPACE)


@dataclass(frozen=True)
class Row:
    """
    One harm and what comes of it in each column.

    Args:
        name: In the test's name.
        what: In the page.
        harm: Does it.
        cells: What is left, by column.
        ends_delivery: It hurts every platform of the cluster at once, so it comes last.
    """

    name: str
    what: str
    harm: Harm
    cells: tuple[str, ...]
    ends_delivery: bool = False


# What may be left, from good to bad.
REFUSED = "refused"
LEFT = "all left"
STOPPED = "all left, not delivered any more"
GOING = "all left, the volume goes with its claim"
RULES = "claim left, the rest gone"
UNCLAIMED = "volume left, unclaimed"
BELOW = "data left in Longhorn"
LOST = "data lost"
GUARDED = (REFUSED, REFUSED)

ROWS = (
    Row(
        "application", "`kubectl delete application`",
        _kubectl("-n", "argocd", "delete", "application", "{name}", "--wait=false"),
        (*GUARDED, STOPPED, STOPPED, STOPPED),
    ),
    Row(
        "cascade", "the UI's Delete: a cascade finalizer, then the deletion", cascade,
        (*GUARDED, RULES, UNCLAIMED, LOST),
    ),
    Row(
        "collection", "`kubectl delete applications --all`", delete_collection,
        (*GUARDED, STOPPED, STOPPED, STOPPED),
    ),
    Row("emptied", "the folder emptied in git", empty_the_folder, (LEFT, LEFT, LEFT, UNCLAIMED, LOST)),
    Row(
        "moved", "the Application pointed elsewhere, and a sync that prunes", move_the_path,
        (RULES, LEFT, RULES, UNCLAIMED, LOST),
    ),
    Row(
        "replaced", "a merged file asks to replace the claim by force", ask_to_replace,
        (LEFT, LEFT, LOST, UNCLAIMED, LOST),
    ),
    Row(
        "project", "`kubectl delete appproject`",
        _kubectl("-n", "argocd", "delete", "appproject", "{name}", "--wait=false"),
        (*GUARDED, STOPPED, STOPPED, STOPPED),
    ),
    Row(
        "namespace", "`kubectl delete namespace`", _kubectl("delete", "namespace", "{name}", "--wait=false"),
        (*GUARDED, LOST, UNCLAIMED, LOST),
    ),
    Row(
        "class", "`kubectl delete storageclass`", _kubectl("delete", "storageclass", "{class}", "--wait=false"),
        (LEFT, LEFT, LEFT, LEFT, LEFT),
    ),
    Row(
        "claim", "`kubectl delete pvc`, and its pods",
        _kubectl("-n", "{name}", "delete", "deployment,pvc", "--all", "--wait=false"),
        (*GUARDED, LOST, UNCLAIMED, LOST),
    ),
    Row(
        "volume", "`kubectl delete pv`", _kubectl("delete", "pv", "{volume}", "--wait=false"),
        (*GUARDED, LOST, GOING, LOST),
    ),
    Row(
        "unretained", "`kubectl patch pv` to `Delete`, then its claim and pods",
        _all(
            _kubectl("patch", "pv", "{volume}", "--patch", '{{"spec": {{"persistentVolumeReclaimPolicy": "Delete"}}}}'),
            _kubectl("-n", "{name}", "delete", "deployment,pvc", "--all", "--wait=false"),
        ),
        (*GUARDED, LOST, LOST, LOST),
    ),
    Row(
        "unclaimed", "`kubectl patch pv` without its claimRef, then `delete pv`",
        _all(
            _kubectl("patch", "pv", "{volume}", "--type=merge", "--patch", '{{"spec": {{"claimRef": null}}}}'),
            _kubectl("delete", "pv", "{volume}", "--wait=false"),
        ),
        (*GUARDED, LOST, BELOW, LOST),
    ),
    Row(
        "longhorn", "`kubectl delete volumes.longhorn.io`", delete_longhorns_volume, (*GUARDED, LOST, LOST, LOST),
    ),
    Row(
        "definition", "`kubectl delete crd applications.argoproj.io`", delete_the_definition,
        (*GUARDED, STOPPED, STOPPED, STOPPED), ends_delivery=True,
    ),
    Row(
        "definition-cascade", "the same, after somebody gave the Application a cascade finalizer",
        _all(give_finalizer, delete_the_definition), (*GUARDED, RULES, UNCLAIMED, LOST), ends_delivery=True,
    ),
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
    return _of_the_volume(delivery, was) or (
        RULES
        if len(api.list(POLICY, name)) < was.policies
        else GOING
        if "deletionTimestamp" in api.get(PV, was.volume)["metadata"]
        else LEFT
        if api.find(APPLICATION, name, ARGOCD) and api.find(PROJECT, name, ARGOCD)
        else STOPPED
    )


def _of_the_volume(delivery: Delivery, was: Before) -> str:
    """What became of the volume; nothing, if it is what it was."""
    api, name = delivery.api, delivery.platform.name
    if not api.find(VOLUME, was.volume, NAMESPACE):
        return LOST
    if not api.find(PV, was.volume):
        return BELOW
    claim = api.find(CLAIM, delivery.platform.claims()[0], name)
    if not claim or claim["metadata"]["uid"] != was.claim or "deletionTimestamp" in claim["metadata"]:
        return UNCLAIMED
    return ""


def slug(row: int, column: int) -> str:
    """The name of a cell's platform."""
    return f"r{row:02}{'abcdefgh'[column]}"


def platform_of(template: Platform, row: int, column: int) -> Platform:
    """A cell's platform: what the data hangs on, so that many fit into one cluster."""
    made = _what_holds_data(template).renamed(slug(row, column))
    for change in list(COLUMNS.values())[column]:
        made = change(made)
    return made


PAGE = """\
# The incident, replayed

An agent once deleted an ArgoCD Application, and ArgoCD deleted the data with it. Each row is a way to hurt the data
of a platform, tried by an administrator whom nothing else stops. Each column is a set of protections. Each cell is a
platform of its own in one real cluster, and says what was left of it. `make cluster` runs all of them
(`tests/cluster/test_incident.py`); `python -m tests.cluster.incident` writes this page from the same table.

{table}

| protection | is |
|---|---|
| admission | the policies `<platform>-keep-*`: the API server refuses, whoever asks |
| ArgoCD's settings | no pruning by itself, `Prune=false,Delete=false` on what holds data, a project with few kinds |
| Retain | the class of the volumes keeps a volume whose claim is gone |

How to read a cell:

- *{REFUSED}*: the API server said no, and everything is as it was.
- *{STOPPED}*: what runs goes on; Application or project have to be applied again.
- *{GOING}*: the volume waits for its claim to go, and goes then.
- *{RULES}*: pods and network policies are gone, the claim with its volume is not.
- *{UNCLAIMED}*: claim and pods are gone; a person can bind the volume to a new claim.
- *{BELOW}*: Kubernetes has forgotten the volume; a person can find it in Longhorn.
- *{LOST}*: Longhorn's volume is gone.

What the table shows: ArgoCD's settings do not bind a person with kubectl, and one merged file can ask ArgoCD to
replace a claim. `Retain` loses the claim, and one `kubectl patch` ends it. Admission alone keeps the data in every
row, and is itself an object that an administrator may delete first: then the other columns are what is left.

What no column stops: who may delete a binding may delete it and go on, and who reaches Longhorn's own API, the disks
or etcd does not ask the API server. Snapshots and backups are not protected: deleting a `VolumeSnapshotContent` or a
backup costs a copy, never the volume. Longhorn is played by a stand-in that reclaims in the order of the real
provisioner: the data first, and the PersistentVolume after it.
"""


def page() -> str:
    """docs/incident.md."""
    lines = ["| what somebody does | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += ["| " + " | ".join((row.what, *row.cells)) + " |" for row in ROWS]
    words = {"REFUSED": REFUSED, "STOPPED": STOPPED, "GOING": GOING, "RULES": RULES, "UNCLAIMED": UNCLAIMED}
    return PAGE.format(table="\n".join(lines), **words, BELOW=BELOW, LOST=LOST)


if __name__ == "__main__":
    import sys
    from pathlib import Path

    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/incident.md").write_text(page(), encoding="utf-8")
