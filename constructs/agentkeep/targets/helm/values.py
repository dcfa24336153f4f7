"""
The values that make the public chart render an agent's pod as the plain manifests have it.

Both forms are written from the same `Pod`. What app-template takes otherwise than the pod means it is refused: a chart
that is silently another deployment would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from constructs import RootConstruct

from agentkeep.core.model import Model
from agentkeep.core.pod import Container, Files, Pod, Probe, Volume
from agentkeep.errors import SynthesisError
from agentkeep.halves.kubernetes import (
    WAVE_CONFIG,
    Writer,
    common_labels,
    container_security,
    in_order,
    plain,
    pod_security,
    probe_of,
    resource_limits,
)
from agentkeep.halves.pages import Pages
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.sandboxed_agent.runtimes.openclaw.rendering import CONFIG_FILE
from agentkeep.targets.helm import upstream
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


def agent_values(agent: SandboxedAgent, model: Model) -> AgentValues:
    """
    Express *agent* in values.

    Args:
        agent: What was declared.
        model: The platform.

    Raises:
        SynthesisError: Its pod says something that the chart takes otherwise.
    """
    return _Agent(agent, model).build()


class _Agent:
    def __init__(self, agent: SandboxedAgent, model: Model) -> None:
        self._agent = agent
        self._model = model
        self._pod: Pod = model.pod(agent.id)
        self._labels = in_order({**common_labels(model), **agent.selector})
        self._writer = Writer(model, Pages(RootConstruct()))
        self._config: Files | None = next((one for one in self._pod.files if CONFIG_FILE in one.texts), None)

    def build(self) -> AgentValues:
        agent = self._agent
        selected_by = {"app.kubernetes.io/controller": CONTROLLER, "app.kubernetes.io/instance": self._model.id}
        rendered = set(self._rendered())
        for override in self._model.overrides:
            if (override.kind, override.name) in rendered:
                self._cannot(f"the override of {override.kind} {override.name!r}", "its own chart renders it")
        values: dict[str, Any] = {
            "openclawVersion": agent.image.tag or agent.image.digest or "",
            "configMode": "overwrite",
            "skills": [],
            "global": {"nameOverride": self._labels[_NAME], "fullnameOverride": agent.id},
            "defaultPodOptions": self._pod_options(),
            "controllers": {CONTROLLER: self._controller()},
            "service": {"main": self._service()},
            "configMaps": {"config": self._config_map(), "scripts": _OFF},
            "persistence": self._persistence(),
            "networkpolicies": {"main": _OFF},
            "ingress": {"main": _OFF},
        }
        left = [path for path in _leftovers(values, upstream.DEFAULTS) if path not in upstream.HARMLESS]
        if left:
            self._cannot(f"no {'.'.join(left[0])}", "the chart would put its default there")
        return AgentValues(values, frozenset(rendered), agent.selector, selected_by)

    def _rendered(self) -> Iterator[Identity]:
        yield "Deployment", self._agent.id
        if self._agent.ports:
            yield "Service", self._agent.id
        if self._config is not None:
            yield "ConfigMap", self._config.name
        for claim in self._pod.claims:
            yield "PersistentVolumeClaim", claim.name

    # --- the pod -----------------------------------------------------------------------------------------------------

    def _pod_options(self) -> dict[str, Any]:
        pod = self._pod
        options: dict[str, Any] = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "nodeSelector": {"kubernetes.io/arch": pod.architecture} if pod.architecture else None,
            "securityContext": pod_security(pod.user),
            "terminationGracePeriodSeconds": pod.grace_seconds,
            "tolerations": [
                in_order({"key": one.key, "operator": "Equal", "value": one.value, "effect": one.effect})
                for one in pod.tolerations
            ],
        }
        metadata = {"labels": self._labels, "annotations": in_order(pod.annotations)}
        return {**_texts(metadata), **{key: value for key, value in options.items() if value not in (None, [])}}

    def _controller(self) -> dict[str, Any]:
        pod = self._pod
        return {
            **_texts({"labels": self._labels}),
            "replicas": pod.replicas,
            "revisionHistoryLimit": 3,
            "strategy": "Recreate" if pod.one_at_a_time else "RollingUpdate",
            "serviceAccount": {"name": self._agent.id},
            "initContainers": {"init-config": _OFF, "init-skills": _OFF, **self._containers(pod.init_containers)},
            "containers": {"main": _OFF, "chromium": _OFF, **self._containers(pod.containers)},
        }

    def _containers(self, containers: Iterable[Container]) -> dict[str, Any]:
        """The containers in their order: a map of values has none, so each depends on the one before it."""
        found: dict[str, Any] = {}
        previous: str | None = None
        for container in containers:
            key = _container_key(container.name)
            values: dict[str, Any] = {} if key == container.name else {"nameOverride": container.name}
            if previous is not None:
                values["dependsOn"] = [previous]
            found[key] = {**values, **self._container(container)}
            previous = key
        return found

    def _container(self, container: Container) -> dict[str, Any]:
        hook = {"postStart": {"exec": {"command": list(container.post_start)}}} if container.post_start else None
        probes = {"startup": container.startup, "readiness": container.readiness, "liveness": container.liveness}
        values: dict[str, Any] = {
            "args": list(container.args),
            "command": list(container.command),
            "env": self._env(container),
            "lifecycle": hook,
            "ports": [
                {
                    "containerPort": port.number,
                    "name": key,
                    **({"protocol": port.protocol} if container.protocols else {}),
                }
                for key, port in container.ports
            ],
            "probes": {kind: self._probe(probe) for kind, probe in sorted(probes.items()) if probe is not None},
            "resources": plain(resource_limits(container.resources)),
            "restartPolicy": "Always" if container.stays else None,
            "securityContext": container_security(container),
        }
        for field in ("args", "command", "lifecycle"):
            self._expect_plain(values[field], f"{container.name}.{field}")
        kept = {key: value for key, value in values.items() if value not in (None, [], {})}
        return {"image": self._image(container), **kept}

    def _image(self, container: Container) -> dict[str, Any]:
        image, agent = container.image, self._agent.image
        # One place to change the version, as the chart itself has it.
        tag = _VERSION if image.reference == agent.reference and image.tag and not image.digest else image.tag or ""
        return {"repository": image.repository, "tag": tag, **({"digest": image.digest} if image.digest else {})}

    def _env(self, container: Container) -> dict[str, Any]:
        for name, value in container.env.items():
            if "$(" in value:
                self._cannot(
                    f"variable {name} of {container.name} with a $(REFERENCE)", "a map does not keep their order"
                )
        secret = self._agent.secret_name
        return {
            **{name: {"valueFrom": {"secretKeyRef": {"key": key, "name": secret}}} for name, key in container.secrets},
            **{name: literal(container.env[name]) for name in sorted(container.env)},
        }

    def _probe(self, probe: Probe) -> dict[str, Any]:
        return {"enabled": True, "custom": True, "spec": _literals(in_order(plain(probe_of(probe))))}

    # --- what it stands on -------------------------------------------------------------------------------------------

    def _service(self) -> dict[str, Any]:
        agent = self._agent
        if not agent.ports:
            return dict(_OFF)
        ports: dict[str, Any] = {
            name: {"port": port.number, "targetPort": port.number, "protocol": port.protocol}
            for name, port in sorted(agent.ports.items())
        }
        return {
            "forceRename": agent.id,
            "controller": CONTROLLER,
            **_texts({"labels": in_order(common_labels(self._model))}),
            "type": "ClusterIP",
            "ipFamilyPolicy": "SingleStack",
            "ipFamilies": [self._model.cluster.ip_families[0]],
            "ports": {**({} if "http" in ports else {"http": _OFF}), **ports},
        }

    def _config_map(self) -> dict[str, Any]:
        if self._config is None:
            return dict(_OFF)
        metadata = {
            "labels": in_order(common_labels(self._model)),
            "annotations": self._writer.annotations(None, WAVE_CONFIG),
        }
        return {
            "enabled": True,
            "forceRename": self._config.name,
            **_texts(metadata),
            "includeInChecksum": False,
            # The chart has an alias for shells there; a file must stay, so it stays empty.
            "data": {"bash_aliases": "", **{key: literal(text) for key, text in self._config.texts.items()}},
        }

    def _persistence(self) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(sorted(upstream.RESERVED_VOLUMES), _OFF)
        for volume in self._pod.volumes:
            mounts = self._mounts(volume.name)
            if not mounts:
                self._cannot(
                    f"volume {volume.name!r}, which no container mounts", "app-template would mount it into all"
                )
            item = self._volume(volume)
            # The chart's own 'data' is a claim; anything else of that name would be laid over it.
            reserved = volume.name in upstream.RESERVED_VOLUMES or (volume.name == "data" and "accessMode" not in item)
            key = f"agent-{volume.name}" if reserved else volume.name
            found[key] = {**item, "advancedMounts": {CONTROLLER: mounts}}
        found.setdefault("data", _OFF)
        return found

    def _volume(self, volume: Volume) -> dict[str, Any]:
        listed: dict[str, Any] = {}
        if volume.mode is not None:
            listed["defaultMode"] = volume.mode
        if volume.items:
            listed["items"] = [{"key": key, "path": path} for key, path in volume.items]
        match volume.source:
            case "memory":
                return {"type": "emptyDir", "medium": "Memory", "sizeLimit": volume.size}
            case "scratch":
                return {"type": "emptyDir", "sizeLimit": volume.size}
            case "secret":
                return {"type": "secret", "name": volume.of, **listed}
            case "claim":
                return self._claim(volume.of)
            case "files":
                is_config = self._config is not None and volume.of == self._config.name
                return {
                    "type": "configMap",
                    **({"identifier": "config"} if is_config else {"name": volume.of}),
                    **listed,
                }

    def _claim(self, name: str) -> dict[str, Any]:
        (claim,) = (one for one in self._pod.claims if one.name == name)
        labels = {**common_labels(self._model), **self._model.cluster.storage.claim_labels()}
        metadata = {"labels": in_order(labels), "annotations": in_order(self._writer.claim_annotations() or {})}
        return {
            "type": "persistentVolumeClaim",
            "enabled": True,
            "forceRename": name,
            **_texts(metadata),
            "accessMode": "ReadWriteOnce",
            "size": claim.size,
            "retain": True,
            "storageClass": self._model.label("retain"),
        }

    def _mounts(self, volume: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for container in self._pod.every:
            for mount in container.mounts:
                if mount.volume != volume:
                    continue
                self._expect_plain([mount.path, mount.sub_path], f"a mount of {volume!r} in {container.name}")
                values: dict[str, Any] = {"path": mount.path}
                if mount.sub_path is not None:
                    values["subPath"] = mount.sub_path
                if mount.read_only:
                    values["readOnly"] = True
                found.setdefault(_container_key(container.name), []).append(values)
        return found

    # --- refusing ----------------------------------------------------------------------------------------------------

    def _expect_plain(self, value: Any, what: str) -> None:
        """Refuse braces where app-template 4 takes text as it is and 5 takes it for a template."""
        match value:
            case str() if "{{" in value:
                self._cannot(f"'{{{{' in {what}", "whether that is text depends on app-template's version")
            case dict():
                for key, item in value.items():
                    self._expect_plain(item, f"{what}.{key}")
            case list():
                for item in value:
                    self._expect_plain(item, what)

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
