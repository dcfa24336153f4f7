"""
OpenClaw's Kubernetes objects as the documentation of cdk8s-plus has it: its own classes where it has one.

Run as ``python -m bench.programs.documented_kubernetes OUTDIR``. What the objects say is read from the committed
``dist/``, so that there are as many, of the same kinds and names and with as many containers, variables and mounts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml
from cdk8s import ApiObject, ApiObjectMetadata, App, Chart, Duration, JsonPatch, Size
from cdk8s_plus_28 import (
    Capability,
    ConfigMap,
    ContainerPort,
    ContainerProps,
    ContainerResources,
    ContainerSecurityContextProps,
    ContainerSecutiryContextCapabilities,
    Cpu,
    CpuResources,
    Deployment,
    EmptyDirMedium,
    EnvValue,
    IPersistentVolumeClaim,
    MemoryResources,
    Namespace,
    PersistentVolumeAccessMode,
    PersistentVolumeClaim,
    PodSecurityContextProps,
    Probe,
    Secret,
    SecretValue,
    Service,
    ServiceAccount,
    ServicePort,
    Volume,
    VolumeMount,
    k8s,
)

from agentkeep.core.facts import quantity

MANIFESTS = Path("dist/lolice")
Manifest = dict[str, Any]


class OpenClaw(Chart):
    """Every object of the manifests."""

    def __init__(self, app: App, manifests: list[Manifest]) -> None:
        super().__init__(app, "openclaw", disable_resource_name_hashes=True)
        makers = {
            "ConfigMap": self._config_map,
            "Deployment": self._deployment,
            "Namespace": self._namespace,
            "NetworkPolicy": self._network_policy,
            "PersistentVolumeClaim": self._claim,
            "Service": self._service,
            "ServiceAccount": self._account,
            "StorageClass": self._storage_class,
        }
        for manifest in manifests:
            identity = f"{manifest['kind']}-{manifest['metadata']['name']}"
            makers.get(manifest["kind"], self._custom)(identity, manifest)

    def _config_map(self, identity: str, manifest: Manifest) -> None:
        ConfigMap(self, identity, metadata=metadata(manifest), data=manifest["data"])

    def _namespace(self, identity: str, manifest: Manifest) -> None:
        Namespace(self, identity, metadata=metadata(manifest))

    def _account(self, identity: str, manifest: Manifest) -> None:
        ServiceAccount(self, identity, metadata=metadata(manifest), automount_token=False)

    def _claim(self, identity: str, manifest: Manifest) -> None:
        PersistentVolumeClaim(
            self,
            identity,
            metadata=metadata(manifest),
            access_modes=[PersistentVolumeAccessMode.READ_WRITE_ONCE],
            storage=mebibytes(manifest["spec"]["resources"]["requests"]["storage"]),
            storage_class_name=manifest["spec"]["storageClassName"],
        )

    def _service(self, identity: str, manifest: Manifest) -> None:
        Service(
            self,
            identity,
            metadata=metadata(manifest),
            ports=[ServicePort(port=port["port"], name=port["name"]) for port in manifest["spec"]["ports"]],
        )

    def _storage_class(self, identity: str, manifest: Manifest) -> None:
        k8s.KubeStorageClass(
            self,
            identity,
            metadata=k8s.ObjectMeta(name=manifest["metadata"]["name"]),
            provisioner=manifest["provisioner"],
            parameters=manifest["parameters"],
            reclaim_policy=manifest["reclaimPolicy"],
        )

    def _network_policy(self, identity: str, manifest: Manifest) -> None:
        spec = manifest["spec"]
        k8s.KubeNetworkPolicy(
            self,
            identity,
            metadata=k8s.ObjectMeta(name=manifest["metadata"]["name"]),
            spec=k8s.NetworkPolicySpec(
                pod_selector=selector(spec["podSelector"]),
                policy_types=spec["policyTypes"],
                ingress=[
                    k8s.NetworkPolicyIngressRule(
                        from_=[peer(one) for one in rule["from"]], ports=[port(one) for one in rule["ports"]]
                    )
                    for rule in spec.get("ingress", ())
                ],
                egress=[
                    k8s.NetworkPolicyEgressRule(
                        to=[peer(one) for one in rule["to"]], ports=[port(one) for one in rule["ports"]]
                    )
                    for rule in spec.get("egress", ())
                ],
            ),
        )

    def _deployment(self, identity: str, manifest: Manifest) -> None:
        pod = manifest["spec"]["template"]["spec"]
        volumes = {volume["name"]: self._volume(identity, volume) for volume in pod.get("volumes", ())}
        deployment = Deployment(
            self,
            identity,
            metadata=metadata(manifest),
            pod_metadata=metadata(manifest["spec"]["template"]),
            replicas=manifest["spec"]["replicas"],
            automount_service_account_token=False,
            security_context=PodSecurityContextProps(ensure_non_root=True, user=1000, group=1000, fs_group=1000),
        )
        for container in pod.get("initContainers", ()):
            if container.get("restartPolicy"):
                # cdk8s-plus knows no native sidecars with probes among the init containers.
                deployment.add_container(**container_arguments(self, container, volumes))
            else:
                deployment.add_init_container(**container_arguments(self, container, volumes))
        for container in pod["containers"]:
            deployment.add_container(**container_arguments(self, container, volumes))

    def _volume(self, identity: str, volume: Manifest) -> Volume:
        name = f"{identity}-{volume['name']}"
        if "emptyDir" in volume:
            memory = volume["emptyDir"].get("medium") == "Memory"
            return Volume.from_empty_dir(
                self,
                name,
                volume["name"],
                medium=EmptyDirMedium.MEMORY if memory else EmptyDirMedium.DEFAULT,
                size_limit=mebibytes(volume["emptyDir"]["sizeLimit"]),
            )
        if "configMap" in volume:
            source = ConfigMap.from_config_map_name(self, f"{name}-source", volume["configMap"]["name"])
            return Volume.from_config_map(self, name, source, name=volume["name"])
        claim: IPersistentVolumeClaim = PersistentVolumeClaim.from_claim_name(
            self, f"{name}-claim", volume["persistentVolumeClaim"]["claimName"]
        )
        return Volume.from_persistent_volume_claim(self, name, claim, name=volume["name"])

    def _custom(self, identity: str, manifest: Manifest) -> None:
        custom = ApiObject(
            self, identity, api_version=manifest["apiVersion"], kind=manifest["kind"], metadata=metadata(manifest)
        )
        custom.add_json_patch(JsonPatch.add("/spec", manifest["spec"]))


def container_arguments(chart: Chart, container: Manifest, volumes: dict[str, Volume]) -> dict[str, Any]:
    """The keywords of `ContainerProps`, as `Deployment.add_container` takes them."""
    variables = {}
    for variable in container.get("env", ()):
        if "value" in variable:
            variables[variable["name"]] = EnvValue.from_value(variable["value"])
        else:
            reference = variable["valueFrom"]["secretKeyRef"]
            known = f"{container['name']}-{variable['name']}"
            secret = Secret.from_secret_name(chart, known, reference["name"])
            variables[variable["name"]] = EnvValue.from_secret_value(SecretValue(secret=secret, key=reference["key"]))
    resources = container["resources"]
    long_running = "livenessProbe" in container
    arguments: dict[str, Any] = {
        "name": container["name"],
        "image": container["image"],
        "command": container.get("command"),
        "args": container.get("args"),
        "env_variables": variables,
        "ports": [ContainerPort(number=one["containerPort"], name=one["name"]) for one in container.get("ports", ())],
        "liveness": probe(container["livenessProbe"]) if long_running else None,
        "startup": probe(container["startupProbe"]) if "startupProbe" in container else None,
        "readiness": probe(container["readinessProbe"]) if "readinessProbe" in container else None,
        "resources": ContainerResources(
            cpu=CpuResources(request=millis(resources["requests"]["cpu"]), limit=millis(resources["limits"]["cpu"])),
            memory=MemoryResources(
                request=mebibytes(resources["requests"]["memory"]), limit=mebibytes(resources["limits"]["memory"])
            ),
        ),
        "security_context": ContainerSecurityContextProps(
            allow_privilege_escalation=container["securityContext"].get("allowPrivilegeEscalation"),
            privileged=container["securityContext"].get("privileged"),
            ensure_non_root=container["securityContext"].get("runAsNonRoot"),
            read_only_root_filesystem=container["securityContext"].get("readOnlyRootFilesystem"),
            capabilities=ContainerSecutiryContextCapabilities(drop=[Capability.ALL]),
        ),
        "volume_mounts": [
            VolumeMount(
                path=mount["mountPath"],
                volume=volumes[mount["name"]],
                sub_path=mount.get("subPath"),
                read_only=mount.get("readOnly"),
            )
            for mount in container.get("volumeMounts", ())
        ],
    }
    # Checks the keywords as the typed way does; add_container takes them one by one.
    ContainerProps(**arguments)
    return arguments


def probe(manifest: Manifest) -> Probe:
    """A probe over HTTP or by a command."""
    timing: dict[str, Any] = {
        "failure_threshold": manifest.get("failureThreshold"),
        "period_seconds": Duration.seconds(manifest["periodSeconds"]),
        "timeout_seconds": Duration.seconds(manifest["timeoutSeconds"]),
    }
    if "exec" in manifest:
        return Probe.from_command(manifest["exec"]["command"], **timing)
    return Probe.from_http_get(manifest["httpGet"]["path"], **timing)


def metadata(manifest: Manifest) -> ApiObjectMetadata:
    """Name, namespace, labels and annotations."""
    given = manifest["metadata"]
    return ApiObjectMetadata(
        name=given.get("name"),
        namespace=given.get("namespace"),
        labels=given.get("labels"),
        annotations=given.get("annotations"),
    )


def selector(manifest: Manifest) -> k8s.LabelSelector:
    """A selector by labels."""
    return k8s.LabelSelector(match_labels=manifest.get("matchLabels"))


def peer(manifest: Manifest) -> k8s.NetworkPolicyPeer:
    """One end of a flow."""
    if "ipBlock" in manifest:
        block = manifest["ipBlock"]
        return k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=block["cidr"], except_=block.get("except")))
    space = manifest.get("namespaceSelector")
    return k8s.NetworkPolicyPeer(
        pod_selector=selector(manifest["podSelector"]), namespace_selector=selector(space) if space else None
    )


def port(manifest: Manifest) -> k8s.NetworkPolicyPort:
    """A port by its number."""
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(manifest["port"]), protocol=manifest["protocol"])


def mebibytes(text: str) -> Size:
    """A quantity of memory or storage."""
    return Size.mebibytes(int((quantity(text) or 0) // 2**20))


def millis(text: str) -> Cpu:
    """A quantity of processor time."""
    return Cpu.millis(int((quantity(text) or 0) * 1000))


def read(folder: Path) -> list[Manifest]:
    """Every object of the manifests in *folder*; a kustomization is not one."""
    return [
        manifest
        for path in sorted(folder.rglob("*.yaml"))
        if path.name != "kustomization.yaml"
        for manifest in yaml.load_all(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    ]


def main() -> None:
    """Synthesize every object, and make sure that none is missing."""
    wanted = read(MANIFESTS)
    app = App(outdir=sys.argv[1])
    OpenClaw(app, wanted)
    app.synth()
    made = read(Path(sys.argv[1]))
    missing = {identity(one) for one in wanted} - {identity(one) for one in made}
    if missing:
        raise SystemExit(f"not made: {sorted(missing)}")


def identity(manifest: Manifest) -> tuple[str, str]:
    """What tells objects apart."""
    return manifest["kind"], manifest["metadata"]["name"]


if __name__ == "__main__":
    main()
