"""REF013: the chart says the same."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import Chart, Workload, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.documents import parse_json, parse_yaml
from agentkeep.verify.verdict import Report

# How a template writes two braces that are meant as such.
_ESCAPED: Final = re.compile(r"\{\{-?\s*`([^`]*)`\s*-?\}\}")
_KNOWN: Final = frozenset(
    {
        "openclawVersion", "configMode", "skills", "global", "defaultPodOptions", "controllers", "service",
        "configMaps", "persistence", "networkpolicies", "ingress",
    }
)  # fmt: skip
_LIBRARY_LABELS: Final = frozenset({"app.kubernetes.io/controller", "app.kubernetes.io/instance"})
_PROBES: Final = {"liveness": "livenessProbe", "readiness": "readinessProbe", "startup": "startupProbe"}
_SAME: Final = ("command", "args", "resources", "securityContext", "ports", "lifecycle", "restartPolicy")
_CONTAINER: Final = frozenset({*_SAME, "image", "env", "probes", "dependsOn", "enabled"})


def ref013_the_chart_says_the_same(case: Case, report: Report) -> None:
    """
    REF013: every Helm chart renders the objects that were proved, and the agent's pod as it was proved.

    Templates are compared object by object, the values of the agent's own chart container by container: image, command,
    variables, security, probes, mounts. Helm is not run; a template with logic, or a value that is not known here,
    is refuted.
    """
    if not case.artifacts.charts:
        report.look(len(case.artifacts.objects))
    for chart in case.artifacts.charts:
        _templates(case, chart, report)
        for key, values in chart.values.items():
            inner = mapping(values).get("app-template")
            if not isinstance(inner, dict) or len(mapping(values)) != 1:
                report.unsure(chart.folder, f"has values that are not known: {key}")
            else:
                _values(case, chart, inner, report)


def _templates(case: Case, chart: Chart, report: Report) -> None:
    for file, content in chart.templates:
        report.look()
        plain = _ESCAPED.sub(lambda match: match[1], content)
        if "{{" in _ESCAPED.sub("", content):
            if _outside_directives(content).strip():
                report.unsure(file, "renders what its logic says")
            continue
        if not file.endswith((".yaml", ".yml")):
            report.unsure(file, "is not a manifest")
            continue
        for body in parse_yaml(plain, file):
            meta = mapping(body.get("metadata"))
            kind, name = text(body.get("kind")), text(meta.get("name"))
            found = next(
                (
                    o
                    for o in case.artifacts.kind(kind)
                    if o.name == name and meta.get("namespace") in (o.namespace, None)
                ),
                None,
            )
            if found is None:
                report.find(file, f"renders {kind} {name}, which is among no manifests")
            elif _without_annotations(body) != _without_annotations(found.body):
                report.find(file, f"renders another {kind} {name} than the manifests")


def _outside_directives(content: str) -> str:
    """What a template says outside its directives; all of it, from the first one that does not end."""
    parts: list[str] = []
    position = 0
    while (start := content.find("{{", position)) >= 0:
        end = content.find("}}", start)
        if end < 0:
            break
        parts.append(content[position:start])
        position = end + 2
    return "".join([*parts, content[position:]])


def _without_annotations(body: Mapping[str, Any]) -> dict[str, Any]:
    meta = {k: v for k, v in mapping(body.get("metadata")).items() if k not in ("annotations", "namespace")}
    return {**_without_library_labels(body), "metadata": meta}


def _without_library_labels(value: Any) -> Any:
    """*value* without the labels that the chart's library puts on its pods; selectors there ask for them as well."""
    if isinstance(value, list):
        return [_without_library_labels(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: {k: v for k, v in inner.items() if k not in _LIBRARY_LABELS}
        if key in ("matchLabels", "selector") and isinstance(inner, dict) and set(inner) >= _LIBRARY_LABELS
        else _without_library_labels(inner)
        for key, inner in value.items()
    }


def _values(case: Case, chart: Chart, values: Mapping[str, Any], report: Report) -> None:
    name = text(mapping(values.get("global")).get("fullnameOverride"))
    workload = case.by_name.get(name)
    if workload is None:
        report.unsure(chart.folder, f"names the workload {name or 'nothing'}, which does not exist")
        return
    for key in sorted(set(values) - _KNOWN):
        report.unsure(chart.folder, f"has values that are not known: {key}")
    for key in ("networkpolicies", "ingress"):
        for one, body in mapping(values.get(key)).items():
            if mapping(body).get("enabled") is not False:
                report.find(chart.folder, f"renders {key}.{one}")
    if values.get("skills") or values.get("configMode") != "overwrite":
        report.find(chart.folder, "fetches skills, or keeps what the agent changed of its configuration")
    enabled = {n: b for n, b in mapping(values.get("controllers")).items() if mapping(b).get("enabled") is not False}
    if set(enabled) != {"main"}:
        report.find(chart.folder, f"renders the controllers {', '.join(sorted(enabled)) or 'none'}")
    for problem in (
        *_pod(workload, mapping(values.get("defaultPodOptions"))),
        *_containers(workload, values, mapping(enabled.get("main"))),
        *_mounts(workload, mapping(values.get("persistence"))),
        *_config(case, workload, mapping(values.get("configMaps"))),
        *_service(case, workload, mapping(values.get("service"))),
    ):
        report.look()
        if problem:
            report.find(chart.folder, problem)


def _pod(workload: Workload, options: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(
        {*options, "automountServiceAccountToken", "securityContext", "hostNetwork", "hostPID", "hostIPC"}
    ):
        if key == "labels":
            yield "" if options[key] == workload.labels else "gives the pod other labels"
        elif key != "annotations" and options.get(key) != workload.pod.get(key):
            yield f"gives the pod another {key}"
    account = text(workload.pod.get("serviceAccountName"))
    yield "" if account == workload.name else "runs as another ServiceAccount"


def _containers(workload: Workload, values: Mapping[str, Any], controller: Mapping[str, Any]) -> Iterator[str]:
    version = text(values.get("openclawVersion"))
    wanted = {c.name: c for c in workload.containers}
    found: set[str] = set()
    for group, kinds in (("initContainers", ("init", "sidecar")), ("containers", ("container",))):
        for name, body in mapping(controller.get(group)).items():
            if mapping(body).get("enabled") is False:
                continue
            found.add(name)
            container = wanted.get(name)
            if container is None or container.kind not in kinds:
                yield f"adds the container {name}"
                continue
            for key in sorted(set(body) - _CONTAINER):
                yield f"sets {key} of {name}, which is not known"
            for key, value in _canonical(body, version).items():
                yield "" if value == _plain(container.body.get(key)) else f"gives {name} another {key}"
    for name in sorted(set(wanted) - found):
        yield f"lacks the container {name}"
    strategy = controller.get("strategy")
    yield "" if strategy == mapping(workload.object.spec.get("strategy")).get("type") else "rolls out in another way"
    yield (
        ""
        if controller.get("replicas", 1) == workload.object.spec.get("replicas", 1)
        else "runs another number of pods"
    )


def _canonical(body: Mapping[str, Any], version: str) -> dict[str, Any]:
    """A container of the values, as a container of a pod."""
    image = mapping(body.get("image"))
    tag = text(image.get("tag")).replace("{{ .Values.openclawVersion }}", version)
    digest = f"@{image['digest']}" if image.get("digest") else ""
    env = [
        {"name": name, **(value if isinstance(value, dict) else {"value": value})}
        for name, value in mapping(body.get("env")).items()
    ]
    found: dict[str, Any] = {key: _plain(body.get(key)) for key in _SAME}
    found["image"] = f"{image.get('repository')}:{tag}{digest}"
    found["env"] = _plain(env) if env else None
    for key, probe in _PROBES.items():
        spec = mapping(mapping(body.get("probes")).get(key))
        found[probe] = _plain(spec.get("spec")) if spec.get("enabled") else None
    return found


def _plain(value: Any) -> Any:
    """*value* without what makes no difference: the order of variables, and nothing instead of an empty list."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and "name" in one for one in value):
        return sorted(value, key=lambda one: str(one["name"]))
    return value or None


def _mounts(workload: Workload, persistence: Mapping[str, Any]) -> Iterator[str]:
    found: set[tuple[str, ...]] = set()
    for name, body in persistence.items():
        one = mapping(body)
        if one.get("enabled") is False:
            continue
        if one.get("globalMounts"):
            yield f"mounts {name} everywhere"
        for containers in mapping(one.get("advancedMounts")).values():
            for container, mounts in mapping(containers).items():
                for mount in mappings(mounts):
                    found.add(
                        (
                            container,
                            text(mount.get("path")),
                            text(mount.get("subPath")),
                            str(mount.get("readOnly") is True),
                            _kind(one),
                        )
                    )
        if one.get("type") == "persistentVolumeClaim" and one.get("retain") is not True:
            yield f"deletes {name} with the release"
    volumes = {text(volume.get("name")): volume for volume in workload.volumes}
    wanted = {
        (
            c.name,
            text(m.get("mountPath")),
            text(m.get("subPath")),
            str(m.get("readOnly") is True),
            _volume(volumes.get(text(m.get("name")), {})),
        )
        for c in workload.containers
        for m in c.mounts
    }
    for container, path, *_ in sorted(wanted ^ found):
        yield f"mounts something else at {path} of {container}"


def _kind(body: Mapping[str, Any]) -> str:
    kind = text(body.get("type"))
    if kind == "persistentVolumeClaim":
        return f"{kind} {body.get('forceRename') or body.get('existingClaim')}"
    if kind == "emptyDir":
        return f"{kind} {body.get('medium', '')} {body.get('sizeLimit', '')}"
    # A ConfigMap of the chart's own goes by its identifier.
    return kind


def _volume(volume: Mapping[str, Any]) -> str:
    claim = mapping(volume.get("persistentVolumeClaim"))
    if claim:
        return f"persistentVolumeClaim {claim.get('claimName')}"
    if "emptyDir" in volume:
        scratch = mapping(volume["emptyDir"])
        return f"emptyDir {scratch.get('medium', '')} {scratch.get('sizeLimit', '')}"
    return next((key for key in volume if key != "name"), "")


def _config(case: Case, workload: Workload, maps: Mapping[str, Any]) -> Iterator[str]:
    known = {key: content for key, (_, content) in case.files_of(workload).items()}
    for name, body in maps.items():
        if mapping(body).get("enabled") is False:
            continue
        for key, content in mapping(mapping(body).get("data")).items():
            if not content and key not in known:
                continue
            yield (
                ""
                if _equal(key, _ESCAPED.sub(lambda m: m[1], text(content)), known.get(key, ""))
                else f"gives another {key} in {name}"
            )


def _equal(key: str, one: str, other: str) -> bool:
    if key.endswith(".json"):
        try:
            return parse_json(one, key) == parse_json(other, key)
        except ProofError:
            return False
    return one == other


def _service(case: Case, workload: Workload, services: Mapping[str, Any]) -> Iterator[str]:
    for name, body in services.items():
        one = mapping(body)
        if one.get("enabled") is False:
            continue
        found = case.artifacts.index.get(("Service", workload.namespace, text(one.get("forceRename")) or workload.name))
        if found is None or one.get("type", "ClusterIP") != found.spec.get("type", "ClusterIP"):
            yield f"renders another Service {name}"
            continue
        enabled = [mapping(p) for p in mapping(one.get("ports")).values() if mapping(p).get("enabled") is not False]
        ports = {(str(p.get("port")), str(p.get("protocol", "TCP"))) for p in enabled}
        wanted = {(str(p.get("port")), str(p.get("protocol", "TCP"))) for p in mappings(found.spec.get("ports"))}
        yield "" if ports == wanted else f"opens other ports in Service {name}"
