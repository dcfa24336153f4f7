"""From the store to a Secret, and from a Secret to a container: every way that the artifacts spell out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import (
    Artifacts,
    Container,
    Object,
    Place,
    Workload,
    line_in,
    mapping,
    mappings,
    text,
)
from agentkeep.verify.rbac import api_readers
from agentkeep.verify.secret_flow.copying import copies
from agentkeep.verify.secret_flow.model import EVERY_PARAMETER, UNTRACED, Read, SecretFlow, Source

_ANY_KEY: Final = "*"
_TEMPLATE_KEY: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|index\s+\.\s*\"([^\"]+)\"|get\s+\.\s*\"([^\"]+)\"")


def follow(artifacts: Artifacts) -> SecretFlow:
    """Every read in *artifacts*."""
    return _Follower(artifacts).follow()


class _Follower:
    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._unclear: list[tuple[Place, str]] = []
        self._sources: dict[tuple[str, str, str], list[Source]] = {}
        self._keys: dict[tuple[str, str], list[str]] = {}

    def follow(self) -> SecretFlow:
        for item in self._artifacts.kind("ExternalSecret"):
            self._external(item, item.spec, item.namespace)
        for item in self._artifacts.kind("ClusterExternalSecret"):
            self._unclear.append((item.place, f"{item} fills Secrets in namespaces that no artifact names"))
            for namespace in {w.namespace for w in self._artifacts.workloads}:
                self._external(item, mapping(item.spec.get("externalSecretSpec")), namespace)
        for item in self._artifacts.kind("Secret"):
            for key in {**mapping(item.body.get("data")), **mapping(item.body.get("stringData"))}:
                here = (f"Secret {item.namespace}/{item.name} key {key}, literal ({item.place})",)
                self._fill(item.namespace, item.name, key, Source(f"{UNTRACED}{item.name} key {key}", here, item.place))
        for item in self._artifacts.kind("PushSecret"):
            self._unclear.append((item.place, f"{item} carries a Secret out of the cluster"))
        reads = [read for workload in self._artifacts.workloads for read in self._pod(workload)]
        reads.extend(self._by_api())
        found = {key: tuple(sources) for key, sources in self._sources.items()}
        return SecretFlow(tuple(reads), tuple(self._unclear), found)

    # --- store to Secret

    def _fill(self, namespace: str, secret: str, key: str, source: Source) -> None:
        self._sources.setdefault((namespace, secret, key), []).append(source)
        keys = self._keys.setdefault((namespace, secret), [])
        if key not in keys:
            keys.append(key)

    def _external(self, item: Object, spec: Mapping[str, Any], namespace: str) -> None:
        target = mapping(spec.get("target"))
        secret = text(target.get("name")) or item.name
        raw: dict[str, list[Source]] = {}
        for entry in mappings(spec.get("data")):
            ref = mapping(entry.get("remoteRef"))
            at = line_in(entry, item.place)
            key = text(entry.get("secretKey"))
            if "sourceRef" in entry or not key or not text(ref.get("key")):
                self._unclear.append((at, f"{item}: an entry of data that names no parameter of the store"))
                raw.setdefault(key or _ANY_KEY, []).append(self._source(EVERY_PARAMETER, item, key, at))
                continue
            raw.setdefault(key, []).append(self._source(text(ref["key"]), item, key, at))
        for entry in mappings(spec.get("dataFrom")):
            at = line_in(entry, item.place)
            parameter = text(mapping(entry.get("extract")).get("key")) or EVERY_PARAMETER
            self._unclear.append((at, f"{item}: dataFrom fills the Secret with keys that no artifact names"))
            raw.setdefault(_ANY_KEY, []).append(self._source(parameter, item, _ANY_KEY, at))
        for key, sources in raw.items():
            for source in sources:
                self._fill(namespace, secret, key, source)
        self._template(item, target, namespace, secret, raw)

    def _source(self, parameter: str, item: Object, key: str, at: Place) -> Source:
        first = "any key of the store" if parameter == EVERY_PARAMETER else f"key {parameter} of the store"
        return Source(parameter, (first, f"ExternalSecret {item.namespace}/{item.name} key {key} ({at})"), at)

    def _template(
        self, item: Object, target: Mapping[str, Any], namespace: str, secret: str, raw: Mapping[str, list[Source]]
    ) -> None:
        template = target.get("template")
        if template is None:
            return
        at = line_in(template, item.place)
        body = mapping(template)
        if body.get("templateFrom"):
            self._unclear.append((at, f"{item}: a template whose text lies elsewhere"))
        written = {**mapping(body.get("data")), **({_ANY_KEY: ""} if body.get("templateFrom") else {})}
        meta = mapping(body.get("metadata"))
        for where in ("labels", "annotations"):
            if any("{{" in text(value) for value in mapping(meta.get(where)).values()):
                self._unclear.append((at, f"{item}: a template writes into {where}, which everybody can read"))
        for key, content in written.items():
            named = {next(filter(None, groups)) for groups in _TEMPLATE_KEY.findall(text(content))}
            everything = key == _ANY_KEY or _takes_everything(text(content))
            for name, sources in raw.items():
                if everything or name in named or name == _ANY_KEY:
                    for source in sources:
                        hops = (*source.hops, f"template of key {key} ({at})")
                        self._fill(namespace, secret, key, Source(source.parameter, hops, at))

    def _filling(self, namespace: str, secret: str, key: str) -> list[tuple[str, Source]]:
        """(key, source) of what a reader of *key* gets; of every key, if *key* is ``*``."""
        keys = self._keys.get((namespace, secret), []) if key == _ANY_KEY else [key, _ANY_KEY]
        found = [(k, source) for k in keys for source in self._sources.get((namespace, secret, k), ())]
        if found:
            return found
        nothing = Source(
            f"{UNTRACED}{secret} key {key}",
            (f"Secret {namespace}/{secret} key {key}: nothing here fills it",),
            Place("", 1),
        )
        return [(key, nothing)]

    # --- Secret to container

    def _pod(self, workload: Workload) -> Iterator[Read]:
        direct = [read for container in workload.containers for read in self._container(workload, container)]
        yield from direct
        yield from copies(self._artifacts, workload, direct)
        if workload.pod.get("shareProcessNamespace") is True:
            for read in direct:
                for other in workload.containers:
                    if other.name != read.container.name:
                        hop = f"container {workload.name}/{other.name} sees its processes (shareProcessNamespace)"
                        yield Read(
                            read.parameter, workload, other, "processes", read.name, (*read.hops, hop), read.secret
                        )

    def _container(self, workload: Workload, container: Container) -> Iterator[Read]:
        for entry in container.env:
            source = mapping(entry.get("valueFrom"))
            ref = mapping(source.get("secretKeyRef"))
            if ref:
                name = text(entry.get("name"))
                yield from self._read(
                    workload, container, text(ref.get("name")), text(ref.get("key")), "env", name, entry
                )
            elif "fileKeyRef" in source:
                self._unclear.append((line_in(entry, container.place), f"{workload}: env from a file of a volume"))
        for entry in mappings(container.body.get("envFrom")):
            ref = mapping(entry.get("secretRef"))
            if ref:
                prefix = text(entry.get("prefix"))
                yield from self._read(
                    workload, container, text(ref.get("name")), _ANY_KEY, "env", prefix + _ANY_KEY, entry
                )
        volumes = {text(volume.get("name")): volume for volume in workload.volumes}
        for mount in container.mounts:
            volume = volumes.get(text(mount.get("name")))
            if volume is not None:
                yield from self._mounted(workload, container, mount, volume)

    def _mounted(
        self, workload: Workload, container: Container, mount: Mapping[str, Any], volume: Mapping[str, Any]
    ) -> Iterator[Read]:
        at = line_in(volume, container.place)
        if "csi" in volume or "flexVolume" in volume:
            self._unclear.append((at, f"{workload}: a volume of a driver that may hold secrets"))
        parts = [mapping(volume.get("secret"))] if volume.get("secret") else []
        parts += [
            mapping(one.get("secret"))
            for one in mappings(mapping(volume.get("projected")).get("sources"))
            if one.get("secret")
        ]
        below = text(mount.get("subPath"))
        for part in parts:
            secret = text(part.get("secretName")) or text(part.get("name"))
            items = mappings(part.get("items"))
            keys = {text(item.get("key")): text(item.get("path")) for item in items} if items else {_ANY_KEY: _ANY_KEY}
            for key, path in keys.items():
                if below and items and path.split("/")[0] != below.split("/")[0]:
                    continue
                # subPath of a whole Secret picks the file of one key.
                wanted = below if below and not items else key
                folder = text(mount.get("mountPath"))
                file = folder if below else f"{folder}/{path}"
                yield from self._read(workload, container, secret, wanted, "file", file, mount)

    def _read(  # noqa: PLR0917  # a read is all of these
        self, workload: Workload, container: Container, secret: str, key: str, form: str, name: str, entry: Any
    ) -> Iterator[Read]:
        at = line_in(entry, container.place)
        for found, source in self._filling(workload.namespace, secret, key):
            hops = (
                *source.hops,
                f"Secret {workload.namespace}/{secret} key {found}",
                f"container {workload.name}/{container.name}, {form} {name} ({at})",
            )
            shown = name.replace(_ANY_KEY, found) if name.endswith(_ANY_KEY) else name
            yield Read(source.parameter, workload, container, form, shown, hops, (workload.namespace, secret, found))

    # --- any Secret, through the API

    def _by_api(self) -> Iterator[Read]:
        accounts = {
            (w.namespace, text(w.pod.get("serviceAccountName")) or "default"): w
            for w in reversed(self._artifacts.workloads)
        }
        for namespace, account, where, names, hop in api_readers(self._artifacts):
            workload = accounts.get((namespace, account))
            if workload is None:
                continue
            for secret_namespace, secret, key in list(self._sources):
                if where not in ("", secret_namespace) or (names and secret not in names):
                    continue
                for source in self._sources[secret_namespace, secret, key]:
                    hops = (*source.hops, f"Secret {secret_namespace}/{secret} key {key}", hop)
                    for container in workload.containers:
                        yield Read(
                            source.parameter,
                            workload,
                            container,
                            "api",
                            f"{secret}/{key}",
                            hops,
                            (secret_namespace, secret, key),
                        )


def _takes_everything(template: str) -> bool:
    """Whether a template uses the whole map: a dot by itself, as in ``range .`` or ``toJson .``."""
    rest = _TEMPLATE_KEY.sub("", template)
    return any(re.search(r"(?<![\w.\"'`])\.(?![\w.\"'`])|\$(?!\w)", action) for action in rest.split("{{")[1:])
