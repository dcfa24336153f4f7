"""
What every Kubernetes half needs: objects of cdk8s-plus-28 from plain values, and a `Pod` as a Deployment or a Job.

The typed kinds of cdk8s-plus-28 make each object and serialize it field by field; what they are told is plain data, put
in by one patch for each top-level field (docs/decisions/0010-pods-as-data.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.core.facts import Port, Resources
from agentkeep.core.model import Model
from agentkeep.core.pod import Container, Mount, Pod, Probe, Volume
from agentkeep.core.workload import Workload
from agentkeep.halves.pages import Pages, Step

# What is applied first stands before what needs it: what closes comes before what runs.
WAVE_NAMESPACE = -30
WAVE_POLICY = -20
WAVE_CONFIG = -10

Json = dict[str, Any]

# What an object is told when it is made, by field and keyword: plain values alone, each of which spares it a patch.
_TOLD: Mapping[str, Mapping[str, str]] = {
    "ConfigMap": {"data": "data"},
    "ServiceAccount": {"automountServiceAccountToken": "automount_service_account_token"},
    "StorageClass": {"provisioner": "provisioner"},
}

_POD: tuple[Step, ...] = ("spec", "template", "spec")
_CONTAINER_FIELDS: Mapping[str, tuple[Step, ...]] = {
    "startup": ("startupProbe",),
    "readiness": ("readinessProbe",),
    "liveness": ("livenessProbe",),
    "stays": ("restartPolicy",),
    "privileged": ("securityContext", "privileged"),
    "post_start": ("lifecycle",),
}
_POD_FIELDS: Mapping[str, tuple[Step, ...]] = {
    "one_at_a_time": ("spec", "strategy"),
    "replicas": ("spec", "replicas"),
}


class Writer:
    """
    Writes the objects of one platform.

    Args:
        model: The platform.
        pages: Which file gets what.
    """

    def __init__(self, model: Model, pages: Pages) -> None:
        self.model = model
        self.pages = pages

    # --- objects -----------------------------------------------------------------------------------------------------

    def object(
        self,
        page: Construct,
        kind: str,
        name: str,
        body: Mapping[str, Any],
        *,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        wave: int | None = None,
        namespaced: bool = True,
    ) -> None:
        """
        Put an object of a built-in kind on *page*, with the platform's namespace and common labels.

        Args:
            page: Where it goes.
            kind: Such as ``Deployment``.
            name: Its name.
            body: Its top-level fields besides ``metadata``, in the API's own names. Quantities and references to ports
                are made by `quantity` and `port_reference`.
            labels: Further labels.
            annotations: Annotations.
            wave: Its place in the order of delivery.
            namespaced: Whether it is in a namespace.
        """
        metadata = k8s.ObjectMeta(
            name=name,
            namespace=self.model.id if namespaced else None,
            labels={**common_labels(self.model), **(labels or {})},
            annotations=self.annotations(annotations, wave),
        )
        told = _TOLD.get(kind, {})
        keywords = {told[key]: value for key, value in body.items() if key in told}
        made: ApiObject = getattr(k8s, f"Kube{kind}")(page, f"{name}-{kind.lower()}", metadata=metadata, **keywords)
        for key, value in body.items():
            if key not in told:
                made.add_json_patch(JsonPatch.add(f"/{key}", in_order(value)))

    def metadata(
        self,
        name: str,
        *,
        namespace: str | None = "",
        annotations: Mapping[str, str] | None = None,
        wave: int | None = None,
    ) -> ApiObjectMetadata:
        """Metadata of a custom kind; in the platform's namespace unless another is named, in none for None."""
        return ApiObjectMetadata(
            name=name,
            namespace=self.model.id if namespace == "" else namespace,
            labels=common_labels(self.model),
            annotations=self.annotations(annotations, wave),
        )

    def annotations(self, given: Mapping[str, str] | None, wave: int | None) -> dict[str, str] | None:
        """Annotations with those of the delivery's order."""
        waves = {} if wave is None else self.model.delivery.wave(wave)
        return {**(given or {}), **waves} or None

    def claim_annotations(self) -> dict[str, str] | None:
        """Annotations of every claim: it is kept, and applied in no earlier wave than its pod."""
        # Storage that binds when its first pod comes would never be healthy there, and the sync would wait for ever.
        return self.annotations(self.model.delivery.kept(), None)

    # --- workloads ---------------------------------------------------------------------------------------------------

    def files(self, pod: Pod) -> None:
        """The ConfigMaps of a pod, each on its page."""
        for files in pod.files:
            page = self.pages.page(files.page, files.about)
            self.object(page, "ConfigMap", files.name, {"data": dict(files.texts)}, wave=WAVE_CONFIG)
            for key, because in files.because.items():
                self.pages.explain("ConfigMap", files.name, "data", key, because=because)

    def claims(self, pod: Pod) -> None:
        """The volume claims of a pod, each on its page."""
        storage = self.model.cluster.storage
        for claim in pod.claims:
            self.object(
                self.pages.page(claim.page, claim.about),
                "PersistentVolumeClaim",
                claim.name,
                {
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": quantity(claim.size)}},
                        "storageClassName": self.model.label("retain"),
                    }
                },
                labels=storage.claim_labels(),
                annotations=self.claim_annotations(),
            )
            for key, because in self.model.delivery.kept_comments():
                self.pages.explain("PersistentVolumeClaim", claim.name, "metadata", "annotations", key, because=because)
            if comment := storage.claim_comment():
                self.pages.explain(
                    "PersistentVolumeClaim", claim.name, "metadata", "labels", comment.key, because=comment.because
                )

    def service(self, workload: Workload, page: str, about: str) -> None:
        """The Service of a workload's ports, if it has any."""
        if not workload.ports:
            return
        self.object(
            self.pages.page(page, about),
            "Service",
            workload.id,
            {
                "spec": {
                    "ports": [
                        {
                            "name": name,
                            "port": port.number,
                            "protocol": port.protocol,
                            "targetPort": port_reference(name),
                        }
                        for name, port in sorted(workload.ports.items())
                    ],
                    "selector": workload.selector,
                    "type": "ClusterIP",
                }
            },
        )

    def workload(self, workload: Workload, page: str, about: str) -> None:
        """The account of a workload, and the Deployment or Job that runs its pod."""
        pod = self.model.pod(workload.id)
        where = self.pages.page(page, about)
        self.object(where, "ServiceAccount", workload.id, {"automountServiceAccountToken": False})
        template = self._template(workload, pod)
        if pod.runs == "once":
            kind = "Job"
            spec: Json = {"activeDeadlineSeconds": 300, "backoffLimit": 0, "template": template}
            self.object(where, kind, workload.id, {"spec": spec}, annotations=self.model.delivery.after())
        else:
            kind = "Deployment"
            spec = {
                "replicas": pod.replicas,
                "revisionHistoryLimit": 3,
                "selector": {"matchLabels": workload.selector},
                "template": template,
            }
            if pod.one_at_a_time:
                spec["strategy"] = {"type": "Recreate"}
            self.object(where, kind, workload.id, {"spec": spec}, labels=workload.selector)
        self._explain(kind, workload.id, pod)

    def _template(self, workload: Workload, pod: Pod) -> Json:
        metadata: Json = {"labels": {**common_labels(self.model), **workload.selector}}
        if pod.annotations:
            metadata["annotations"] = dict(pod.annotations)
        return {"metadata": metadata, "spec": self._pod(workload, pod)}

    def _pod(self, workload: Workload, pod: Pod) -> Json:
        secret = workload.secret_name
        spec: Json = {
            "automountServiceAccountToken": False,
            "containers": [_container(one, secret) for one in pod.containers],
            "enableServiceLinks": False,
            "initContainers": [_container(one, secret) for one in pod.init_containers],
            "nodeSelector": {"kubernetes.io/arch": pod.architecture} if pod.architecture else None,
            "restartPolicy": "Never" if pod.runs == "once" else None,
            "securityContext": pod_security(pod.user),
            "serviceAccountName": workload.id,
            "terminationGracePeriodSeconds": pod.grace_seconds,
            "tolerations": [
                {"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect}
                for one in pod.tolerations
            ],
            "topologySpreadConstraints": [
                {
                    "labelSelector": {"matchLabels": workload.selector},
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                }
            ]
            if pod.spread
            else [],
            "volumes": [_volume(volume) for volume in pod.volumes],
        }
        return {key: value for key, value in spec.items() if value not in (None, [])}

    def _explain(self, kind: str, name: str, pod: Pod) -> None:
        def explain(*path: Step, because: str) -> None:
            self.pages.explain(kind, name, *path, because=because)

        for field, because in pod.because.items():
            if field.startswith("annotations."):
                key = field.removeprefix("annotations.")
                explain("spec", "template", "metadata", "annotations", key, because=because)
            else:
                explain(*_POD_FIELDS[field], because=because)
        for field, containers in (("containers", pod.containers), ("initContainers", pod.init_containers)):
            for container in containers:
                where = (*_POD, field, f"name={container.name}")
                for key, because in container.because.items():
                    explain(*where, *_CONTAINER_FIELDS.get(key, (key,)), because=because)
                for mount in container.mounts:
                    if mount.because:
                        explain(*where, "volumeMounts", f"mountPath={mount.path}", because=mount.because)


def plain(value: Any) -> Any:
    """The same as the API has it: quantities and references to ports without the form of the typed kinds."""
    match value:
        case {"value": inner} if len(value) == 1:
            return inner
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def in_order(value: Any) -> Any:
    """The same with every mapping in the order of its keys, as the engine writes what it is told otherwise."""
    match value:
        case Mapping():
            return {key: in_order(value[key]) for key in sorted(value)}
        case list():
            return [in_order(item) for item in value]
    return value


def common_labels(model: Model) -> dict[str, str]:
    """Labels of every object of a platform."""
    return {"app.kubernetes.io/part-of": model.id, "app.kubernetes.io/managed-by": "agentkeep"}


def quantity(text: str) -> Json:
    """A quantity such as ``500m`` or ``1Gi``, in the form that the typed kinds serialize."""
    return {"value": text}


def port_reference(port: str | int) -> Json:
    """A port by name or number, in the form that the typed kinds serialize."""
    return {"value": port}


def policy_port(port: Port) -> Json:
    """A port of a NetworkPolicy's rule."""
    return {"port": port_reference(port.number), "protocol": port.protocol}


# --- parts of a pod --------------------------------------------------------------------------------------------------


def container_security(container: Container) -> Json:
    """What a container may do: what Pod Security 'restricted' asks, or, of a privileged one, that it is root."""
    if container.privileged:
        return {
            "privileged": True,
            "readOnlyRootFilesystem": container.read_only_root,
            "runAsGroup": 0,
            "runAsNonRoot": False,
            "runAsUser": 0,
        }
    user = {} if container.user is None else {"runAsUser": container.user}
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": container.read_only_root,
        "runAsNonRoot": True,
        **user,
    }


def _container(container: Container, secret: str) -> Json:
    found: Json = {
        "args": list(container.args),
        "command": list(container.command),
        "env": [
            *(
                {"name": name, "valueFrom": {"secretKeyRef": {"key": key, "name": secret}}}
                for name, key in container.secrets
            ),
            *({"name": name, "value": container.env[name]} for name in sorted(container.env)),
        ],
        "image": container.image.reference,
        "lifecycle": {"postStart": {"exec": {"command": list(container.post_start)}}} if container.post_start else None,
        "livenessProbe": probe_of(container.liveness),
        "name": container.name,
        "ports": [
            {"containerPort": port.number, "name": name, **({"protocol": port.protocol} if container.protocols else {})}
            for name, port in container.ports
        ],
        "readinessProbe": probe_of(container.readiness),
        "resources": resource_limits(container.resources),
        "restartPolicy": "Always" if container.stays else None,
        "securityContext": container_security(container),
        "startupProbe": probe_of(container.startup),
        "volumeMounts": [_mount(mount) for mount in container.mounts],
    }
    return {key: value for key, value in found.items() if value not in (None, [])}


def pod_security(uid: int) -> Json:
    """What Pod Security 'restricted' asks of a pod, with a numeric user: the name of one proves nothing."""
    return {
        "fsGroup": uid,
        # The volume is not walked at every start.
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsGroup": uid,
        "runAsNonRoot": True,
        "runAsUser": uid,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def resource_limits(resources: Resources) -> Json:
    """Requests and limits."""
    return {
        "limits": {"cpu": quantity(resources.cpu_limit), "memory": quantity(resources.memory_limit)},
        "requests": {"cpu": quantity(resources.cpu), "memory": quantity(resources.memory)},
    }


def probe_of(probe: Probe | None) -> Json | None:
    """How the API writes a probe."""
    if probe is None:
        return None
    how, *words = probe.ask
    asked: Json = (
        {"httpGet": {"path": words[0], "port": port_reference(words[1])}}
        if how == "get"
        else {"exec": {"command": words}}
    )
    return {
        **asked,
        "failureThreshold": probe.failures,
        "periodSeconds": probe.period,
        "timeoutSeconds": probe.timeout,
    }


def _mount(mount: Mount) -> Json:
    found: Json = {"mountPath": mount.path, "name": mount.volume}
    if mount.read_only:
        found["readOnly"] = True
    if mount.sub_path is not None:
        found["subPath"] = mount.sub_path
    return found


def _volume(volume: Volume) -> Json:
    items = [{"key": key, "path": path} for key, path in volume.items]
    found: Json
    match volume.source:
        case "scratch" | "memory":
            found = {"sizeLimit": quantity(volume.size)}
            if volume.source == "memory":
                found["medium"] = "Memory"
            return {"emptyDir": found, "name": volume.name}
        case "claim":
            return {"name": volume.name, "persistentVolumeClaim": {"claimName": volume.of}}
        case "files":
            found, kind = {"name": volume.of}, "configMap"
        case "secret":
            found, kind = {"secretName": volume.of}, "secret"
    if items:
        found["items"] = items
    if volume.mode is not None:
        found["defaultMode"] = volume.mode
    return {kind: found, "name": volume.name}
