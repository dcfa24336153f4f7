"""
Longhorn's part in the lab: volumes for claims, and what its reclaim policies do with the data.

A stand-in for the external provisioner and for Longhorn's manager. It works in their order, which matters: with the
policy ``Delete`` the data goes first and the PersistentVolume after it, so a refused deletion of the PersistentVolume
comes too late. The data itself is one object of Longhorn's kind ``Volume``; the data is lost when that is gone.
"""

from __future__ import annotations

import http.client
import threading

from tools.lab.client import Api, Object, Refused

PROVISIONER = "driver.longhorn.io"
NAMESPACE = "longhorn-system"
VOLUME = "longhorn.io/v1beta2/Volume"
# The provisioner holds a volume that it has to clean up after.
FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"

# As much of Longhorn's as policies read.
TEXT: Object = {"type": "string"}
SCHEMA: Object = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "status": {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "properties": {
                "kubernetesStatus": {
                    "type": "object",
                    "properties": {"namespace": TEXT, "pvName": TEXT, "pvcName": TEXT},
                }
            },
        },
    },
}
DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "volumes.longhorn.io"},
    "spec": {
        "group": "longhorn.io",
        "names": {"kind": "Volume", "plural": "volumes", "singular": "volume", "listKind": "VolumeList"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1beta2",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": SCHEMA},
            }
        ],
    },
}


class Storage(threading.Thread):
    """
    Makes volumes for claims of Longhorn's classes, and reclaims them.

    Args:
        api: As the provisioner.
        pause: Seconds between two looks.
    """

    def __init__(self, api: Api, pause: float = 0.3) -> None:
        super().__init__(name="storage", daemon=True)
        self._api = api
        self._pause = pause
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End it, and wait for that."""
        self._stopped.set()
        self.join(timeout=30)

    def run(self) -> None:
        """Look again and again; what fails once is tried again."""
        while not self._stopped.wait(self._pause):
            try:
                self.look()
            except (Refused, OSError, http.client.HTTPException):
                continue

    def look(self) -> None:
        """One round."""
        classes = {item["metadata"]["name"]: item for item in self._api.list("storage.k8s.io/v1/StorageClass")}
        volumes = {item["metadata"]["name"]: item for item in self._api.list("v1/PersistentVolume")}
        for claim in self._api.list("v1/PersistentVolumeClaim"):
            storage = classes.get(claim["spec"].get("storageClassName", ""))
            if claim.get("status", {}).get("phase") == "Pending" and storage and storage["provisioner"] == PROVISIONER:
                waits = storage.get("volumeBindingMode") == "WaitForFirstConsumer"
                chosen = "volume.kubernetes.io/selected-node" in claim["metadata"].get("annotations", {})
                if (chosen or not waits) and _name(claim) not in volumes:
                    self._provision(claim, storage)
        for volume in volumes.values():
            if volume["spec"].get("csi", {}).get("driver") == PROVISIONER:
                self._reclaim(volume)

    def _provision(self, claim: Object, storage: Object) -> None:
        name = _name(claim)
        metadata = claim["metadata"]
        self._api.apply(
            {
                "apiVersion": "longhorn.io/v1beta2",
                "kind": "Volume",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "status": {
                    "kubernetesStatus": {
                        "namespace": metadata["namespace"],
                        "pvName": name,
                        "pvcName": metadata["name"],
                    }
                },
            }
        )
        policy = storage.get("reclaimPolicy", "Delete")
        self._api.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {
                    "name": name,
                    "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER},
                    "finalizers": [FINALIZER] if policy == "Delete" else [],
                },
                "spec": {
                    "accessModes": claim["spec"]["accessModes"],
                    "capacity": claim["spec"]["resources"]["requests"],
                    "claimRef": {
                        "apiVersion": "v1",
                        "kind": "PersistentVolumeClaim",
                        "name": metadata["name"],
                        "namespace": metadata["namespace"],
                        "uid": metadata["uid"],
                    },
                    "csi": {"driver": PROVISIONER, "fsType": "ext4", "volumeHandle": name},
                    "persistentVolumeReclaimPolicy": policy,
                    "storageClassName": storage["metadata"]["name"],
                    "volumeMode": "Filesystem",
                },
            }
        )

    def _reclaim(self, volume: Object) -> None:
        name = volume["metadata"]["name"]
        released = volume.get("status", {}).get("phase") in ("Released", "Failed")
        going = "deletionTimestamp" in volume["metadata"]
        if volume["spec"]["persistentVolumeReclaimPolicy"] != "Delete" or not (released or going):
            return
        if self._api.find(VOLUME, volume["spec"]["csi"]["volumeHandle"], NAMESPACE):
            self._api.delete(VOLUME, volume["spec"]["csi"]["volumeHandle"], NAMESPACE)
        if not going:
            self._api.delete("v1/PersistentVolume", name)
        self._api.patch("v1/PersistentVolume", name, {"metadata": {"finalizers": None}})


def _name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"
