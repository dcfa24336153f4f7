"""
The values that make the public chart render an agent's pod as the plain manifests have it.

Everything is read off the finished manifests, so the two forms cannot drift. What app-template has no key for is
refused: a chart that silently leaves a line out would be another deployment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from agentkeep.core.facts import Image
from agentkeep.errors import SynthesisError
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.sandboxed_agent.runtimes.openclaw.rendering import CONFIG_FILE
from agentkeep.targets.helm import upstream
from agentkeep.targets.helm.objects import Manifest, Written
from agentkeep.targets.helm.upstream import CONTROLLER
from agentkeep.targets.helm.yaml_text import literal

_NAME = "app.kubernetes.io/name"
_VERSION = "{{ .Values.openclawVersion }}"
_OFF: dict[str, Any] = {"enabled": False}

Identity = tuple[str, str]
"""Kind and name."""


@dataclass(frozen=True, slots=True)
class AgentValues:
    """
    What the public chart is told about one agent.

    Args:
        values: What lies below ``app-template``.
        rendered: The plain objects that the chart renders from it.
        selector: The labels by which the plain form selects the pods.
        selected_by: The labels by which app-template does, besides the name; it puts them on the pods.
    """

    values: dict[str, Any]
    rendered: frozenset[Identity]
    selector: Mapping[str, str]
    selected_by: Mapping[str, str]


class Index:
    """
    The objects of an Application by kind and name, and its Services apart: one index serves every agent.

    Args:
        objects: Every object of the Application.
    """

    def __init__(self, objects: Sequence[Written]) -> None:
        self._objects: dict[Identity, Written] = {(written.kind, written.name): written for written in objects}
        self.services = [
            (identity, found.manifest) for identity, found in self._objects.items() if identity[0] == "Service"
        ]

    def find(self, kind: str, name: str) -> Manifest | None:
        """The object of that kind and name, if there is one."""
        found = self._objects.get((kind, name))
        return None if found is None else found.manifest


def agent_values(agent: SandboxedAgent, index: Index) -> AgentValues:
    """
    Express *agent* in values.

    Args:
        agent: What was declared.
        index: Every object of the Application.

    Raises:
        SynthesisError: Its manifests say something that the chart has no key for.
    """
    return _Agent(agent, index).build()


class _Agent:
    def __init__(self, agent: SandboxedAgent, index: Index) -> None:
        self._agent = agent
        self._find = index.find
        self._services = index.services
        self._deployment = self._object("Deployment", agent.id)
        template = self._deployment["spec"]["template"]
        self._labels: dict[str, str] = dict(template["metadata"].get("labels") or {})
        self._pod: Manifest = template["spec"]
        self._rendered: set[Identity] = {("Deployment", agent.id)}
        self._service = self._find_service()
        self._config = self._find_config()

    def build(self) -> AgentValues:
        agent = self._agent
        selected_by = {
            "app.kubernetes.io/controller": CONTROLLER,
            "app.kubernetes.io/instance": agent.platform.id,
        }
        for label in selected_by:
            if label in self._labels:
                self._cannot(f"a pod label {label}", "app-template gives that label a value of its own")
        name = self._labels.get(_NAME, agent.id)
        values: dict[str, Any] = {
            "openclawVersion": agent.image.tag or agent.image.digest or "",
            "configMode": "overwrite",
            "skills": [],
            "global": {"nameOverride": name, "fullnameOverride": self._deployment["metadata"]["name"]},
            "defaultPodOptions": self._pod_options(),
            "controllers": {CONTROLLER: self._controller()},
            "service": {"main": self._service_values()},
            "configMaps": {"config": self._config_values(), "scripts": _OFF},
            "persistence": self._persistence(),
            "networkpolicies": {"main": _OFF},
            "ingress": {"main": _OFF},
        }
        left = [path for path in _leftovers(values, upstream.DEFAULTS) if path not in upstream.HARMLESS]
        if left:
            self._cannot(f"no {'.'.join(left[0])}", "the chart would put its default there")
        selector = self._deployment["spec"]["selector"]["matchLabels"]
        return AgentValues(values, frozenset(self._rendered), selector, selected_by)

    # --- the pod -----------------------------------------------------------------------------------------------------

    def _pod_options(self) -> dict[str, Any]:
        spec = self._pod
        handled = {"containers", "initContainers", "volumes", "serviceAccountName"}
        self._only(spec, handled | upstream.POD_OPTIONS, "pod")
        options = {key: self._plain(value, key) for key, value in spec.items() if key not in handled}
        # Kubernetes says true where a pod does not say; app-template would say false.
        options.setdefault("enableServiceLinks", True)
        options.setdefault("automountServiceAccountToken", True)
        annotations = self._deployment["spec"]["template"]["metadata"].get("annotations")
        metadata = {"labels": self._labels, "annotations": annotations}
        return {**_texts(metadata), **dict(sorted(options.items()))}

    def _controller(self) -> dict[str, Any]:
        spec = self._deployment["spec"]
        self._only(spec, {"replicas", "revisionHistoryLimit", "selector", "strategy", "template"}, "Deployment")
        strategy = spec.get("strategy", {"type": "RollingUpdate"})
        self._only(strategy, {"type"}, "strategy")
        init = self._containers("initContainers")
        return {
            **_texts(self._deployment["metadata"]),
            "replicas": spec.get("replicas", 1),
            "revisionHistoryLimit": spec.get("revisionHistoryLimit", 10),
            "strategy": strategy["type"],
            "serviceAccount": {"name": self._pod.get("serviceAccountName", "default")},
            "initContainers": {"init-config": _OFF, "init-skills": _OFF, **init},
            "containers": {"main": _OFF, "chromium": _OFF, **self._containers("containers")},
        }

    def _containers(self, field: str) -> dict[str, Any]:
        """The containers in their order: a map of values has none, so each depends on the one before it."""
        found: dict[str, Any] = {}
        previous: str | None = None
        for container in self._pod.get(field) or ():
            key = _container_key(container["name"])
            values: dict[str, Any] = {} if key == container["name"] else {"nameOverride": container["name"]}
            if previous is not None:
                values["dependsOn"] = [previous]
            found[key] = {**values, **self._container(container)}
            previous = key
        return found

    def _container(self, container: Manifest) -> dict[str, Any]:
        name = container["name"]
        handled = {"name", "image", "imagePullPolicy", "env", "volumeMounts", *upstream.PROBES}
        self._only(container, handled | upstream.CONTAINER_FIELDS, f"container {name}")
        values = {
            field: self._plain(value, f"{name}.{field}") for field, value in container.items() if field not in handled
        }
        if env := self._env(container):
            values["env"] = env
        probes = {
            kind: {"enabled": True, "custom": True, "spec": _literals(container[field])}
            for field, kind in upstream.PROBES.items()
            if field in container
        }
        if probes:
            values["probes"] = probes
        return {"image": self._image(container), **dict(sorted(values.items()))}

    def _image(self, container: Manifest) -> dict[str, Any]:
        image, agent = Image(container["image"]), self._agent.image
        # One place to change the version, as the chart itself has it.
        tag = _VERSION if image.reference == agent.reference and image.tag and not image.digest else image.tag or ""
        values: dict[str, Any] = {"repository": image.repository, "tag": tag}
        if image.digest:
            values["digest"] = image.digest
        if "imagePullPolicy" in container:
            values["pullPolicy"] = container["imagePullPolicy"]
        return values

    def _env(self, container: Manifest) -> dict[str, Any]:
        env: dict[str, Any] = {}
        for variable in container.get("env") or ():
            name = variable["name"]
            if name in env:
                self._cannot(f"variable {name} of {container['name']} twice", "a map has each name once")
            if "$(" in variable.get("value", ""):
                self._cannot(
                    f"variable {name} of {container['name']} with a $(REFERENCE)", "a map does not keep their order"
                )
            if "valueFrom" in variable:
                env[name] = {"valueFrom": self._plain(variable["valueFrom"], name)}
            else:
                env[name] = literal(variable.get("value", ""))
        return env

    # --- what it stands on -------------------------------------------------------------------------------------------

    def _find_service(self) -> Manifest | None:
        """The Service in front of the pod; any further one stays a template, which picks the same pod."""
        for identity, manifest in self._services:
            selector = manifest["spec"].get("selector")
            if selector and selector.items() <= self._labels.items():
                spec = manifest["spec"]
                fields = {field for port in spec["ports"] for field in port}
                if spec.keys() <= {"ports", "selector", "type"} and fields <= {
                    "name", "port", "protocol", "targetPort", "appProtocol",
                }:  # fmt: skip
                    self._rendered.add(identity)
                    return manifest
        return None

    def _service_values(self) -> dict[str, Any]:
        if self._service is None:
            return dict(_OFF)
        metadata, spec = self._service["metadata"], self._service["spec"]
        ports: dict[str, Any] = {}
        for port in spec["ports"]:
            name = port.get("name", "http")
            ports[name] = {
                "port": port["port"],
                "targetPort": self._number(port.get("targetPort", port["port"])),
                "protocol": port.get("protocol", "TCP"),
                **{key: port[key] for key in ("appProtocol",) if key in port},
            }
        return {
            "forceRename": metadata["name"],
            "controller": CONTROLLER,
            **_texts(metadata),
            "type": spec.get("type", "ClusterIP"),
            "ipFamilyPolicy": "SingleStack",
            "ipFamilies": [self._agent.platform.cluster.ip_families[0]],
            "ports": {**({} if "http" in ports else {"http": _OFF}), **ports},
        }

    def _number(self, port: int | str) -> int:
        """The number behind the name of a port of the pod: app-template wants numbers."""
        if isinstance(port, int):
            return port
        declared = [entry for container in self._pod["containers"] for entry in container.get("ports") or ()]
        found = next((entry["containerPort"] for entry in declared if entry.get("name") == port), None)
        if found is None:
            self._cannot(f"a Service to port {port!r}", "no container has a port of that name")
        return int(found)

    def _find_config(self) -> Manifest | None:
        for volume in self._pod.get("volumes") or ():
            name = str((volume.get("configMap") or {}).get("name"))
            manifest = self._find("ConfigMap", name)
            if manifest and CONFIG_FILE in (manifest.get("data") or {}) and "binaryData" not in manifest:
                self._rendered.add(("ConfigMap", name))
                return manifest
        return None

    def _config_values(self) -> dict[str, Any]:
        if self._config is None:
            return dict(_OFF)
        data = {key: literal(text) for key, text in self._config["data"].items()}
        return {
            "enabled": True,
            "forceRename": self._config["metadata"]["name"],
            **_texts(self._config["metadata"]),
            "includeInChecksum": False,
            # The chart has an alias for shells there; a file must stay, so it stays empty.
            "data": {"bash_aliases": "", **data},
        }

    def _persistence(self) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(sorted(upstream.RESERVED_VOLUMES), _OFF)
        for volume in self._pod.get("volumes") or ():
            name = volume["name"]
            mounts = self._mounts(name)
            if not mounts:
                self._cannot(f"volume {name!r}, which no container mounts", "app-template would mount it into all")
            item = self._volume(volume)
            # The chart's own 'data' is a claim; anything else of that name would be laid over it.
            reserved = name in upstream.RESERVED_VOLUMES or (name == "data" and "accessMode" not in item)
            found[f"agent-{name}" if reserved else name] = {**item, "advancedMounts": {CONTROLLER: mounts}}
        found.setdefault("data", _OFF)
        return found

    def _volume(self, volume: Manifest) -> dict[str, Any]:
        kind = next((key for key in volume if key != "name"), "emptyDir")
        source = dict(volume.get(kind) or {})
        what = f"volume {volume['name']!r}"
        match kind:
            case "emptyDir":
                self._only(source, {"medium", "sizeLimit"}, what)
                return {"type": "emptyDir", **source}
            case "configMap":
                self._only(source, {"name", "items", "defaultMode"}, what)
                name = source.pop("name")
                is_config = self._config is not None and name == self._config["metadata"]["name"]
                reference = {"identifier": "config"} if is_config else {"name": name}
                return {"type": "configMap", **reference, **self._plain(source, what)}
            case "secret":
                self._only(source, {"secretName", "items", "defaultMode"}, what)
                return {"type": "secret", "name": source.pop("secretName"), **self._plain(source, what)}
            case "persistentVolumeClaim":
                self._only(source, {"claimName"}, what)
                return self._claim(source["claimName"])
            case _:
                return {"type": "custom", "volumeSpec": self._plain({kind: source}, what)}

    def _claim(self, name: str) -> dict[str, Any]:
        manifest = self._find("PersistentVolumeClaim", name)
        spec = manifest["spec"] if manifest else {}
        storage = (spec.get("resources") or {}).get("requests") or {}
        fits = spec.keys() <= {"accessModes", "resources", "storageClassName", "volumeMode"} and storage.keys() == {
            "storage"
        }
        if manifest is None or not fits or len(spec["accessModes"]) != 1 or spec.get("volumeMode", "") == "Block":
            return {"type": "persistentVolumeClaim", "existingClaim": name}
        self._rendered.add(("PersistentVolumeClaim", name))
        values = {
            "type": "persistentVolumeClaim",
            "enabled": True,
            "forceRename": name,
            **_texts(manifest["metadata"]),
            "accessMode": spec["accessModes"][0],
            "size": storage["storage"],
            "retain": True,
        }
        if "storageClassName" in spec:
            values["storageClass"] = spec["storageClassName"] or "-"
        return values

    def _mounts(self, volume: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for container in (*(self._pod.get("initContainers") or ()), *self._pod["containers"]):
            for mount in container.get("volumeMounts") or ():
                if mount["name"] == volume:
                    what = f"a mount of {volume!r} in {container['name']}"
                    self._only(mount, {"name", *upstream.MOUNT_FIELDS}, what)
                    values = {
                        ours: self._plain(mount[theirs], what)
                        for theirs, ours in upstream.MOUNT_FIELDS.items()
                        if theirs in mount
                    }
                    found.setdefault(_container_key(container["name"]), []).append(values)
        return found

    # --- refusing ----------------------------------------------------------------------------------------------------

    def _object(self, kind: str, name: str) -> Manifest:
        found = self._find(kind, name)
        if found is None:
            raise SynthesisError(
                self._agent.path, f"the manifests hold no {kind} {name!r}", "synthesize the Kubernetes half"
            )
        return found

    def _only(self, given: Mapping[str, Any], known: Iterable[str], what: str) -> None:
        unknown = sorted(given.keys() - set(known))
        if unknown:
            self._cannot(f"{what} with {', '.join(unknown)}", "app-template has no such key")

    def _plain(self, value: Any, what: str) -> Any:
        """Refuse braces where app-template 4 takes text as it is and 5 takes it for a template."""
        match value:
            case str() if "{{" in value:
                self._cannot(f"'{{{{' in {what}", "whether that is text depends on app-template's version")
            case dict():
                return {key: self._plain(item, f"{what}.{key}") for key, item in value.items()}
            case list():
                return [self._plain(item, what) for item in value]
        return value

    def _cannot(self, what: str, because: str) -> NoReturn:
        raise SynthesisError(
            self._agent.path, f"the chart cannot express {what} ({because})", "deploy the plain manifests instead"
        )


def _container_key(name: str) -> str:
    """
    Its key in the values.

    Never one of the chart's own containers: helm 4 cannot take a default away, and a probe of ours over one of theirs
    would have two handlers.
    """
    return f"agent-{name}" if name in upstream.RESERVED_CONTAINERS else name


def _texts(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Labels and annotations; app-template evaluates both."""
    return {field: _literals(metadata[field]) for field in ("labels", "annotations") if metadata.get(field)}


def _literals(value: Any) -> Any:
    """The same, with every text safe from one pass of the template engine."""
    match value:
        case str():
            return literal(value)
        case Mapping():
            return {key: _literals(item) for key, item in value.items()}
        case list():
            return [_literals(item) for item in value]
    return value


def _leftovers(
    values: Mapping[str, Any], defaults: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Iterable[tuple[str, ...]]:
    """The paths of defaults that *values* let stand."""
    for key, default in defaults.items():
        here = (*path, key)
        if key not in values:
            yield from _leaves(default, here)
        elif (
            isinstance(default, Mapping)
            and isinstance(values[key], Mapping)
            and values[key].get("enabled") is not False
        ):
            yield from _leftovers(values[key], default, here)


def _leaves(default: Any, path: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    if isinstance(default, Mapping):
        for key, item in default.items():
            yield from _leaves(item, (*path, key))
    else:
        yield path
