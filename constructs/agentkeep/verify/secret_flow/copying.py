"""From container to container: what a script that handles a secret may leave in a volume."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentkeep.verify.artifacts import Artifacts, Container, Workload, mapping, text, texts
from agentkeep.verify.secret_flow.model import Read


def copies(artifacts: Artifacts, workload: Workload, direct: list[Read]) -> Iterator[Read]:
    """
    Reads that follow from copying: a script that handles a secret may leave it in any volume that it can write.

    A program that is given a secret as a variable, and no script that names it, is trusted not to write it down: else
    every cache volume would be a finding, and none would be read.
    """
    volumes = {text(volume.get("name")): volume for volume in workload.volumes}
    for read in direct:
        script = _script(artifacts, workload, read.container)
        if not _handles(read, script):
            continue
        for mount in read.container.mounts:
            if mount.get("readOnly") is True or not _writable(volumes.get(text(mount.get("name")), {})):
                continue
            for other in workload.containers:
                if other.name == read.container.name:
                    continue
                for theirs in other.mounts:
                    if theirs.get("name") == mount.get("name") and _overlap(mount, theirs):
                        hop = (
                            f"container {read.reader} may copy it to volume {mount.get('name')}, "
                            f"which container {workload.name}/{other.name} mounts at {theirs.get('mountPath')}"
                        )
                        yield Read(
                            read.parameter,
                            workload,
                            other,
                            "copy",
                            text(theirs.get("mountPath")),
                            (*read.hops, hop),
                            read.secret,
                        )


def _script(artifacts: Artifacts, workload: Workload, container: Container) -> str:
    """What the container is told to run, together with the scripts of mounted ConfigMaps that it names."""
    words = "\n".join([*texts(container.body.get("command")), *texts(container.body.get("args"))])
    parts = [words]
    volumes = {text(volume.get("name")): volume for volume in workload.volumes}
    for mount in container.mounts:
        name = text(mapping(volumes.get(text(mount.get("name")), {}).get("configMap")).get("name"))
        item = artifacts.index.get(("ConfigMap", workload.namespace, name))
        if item is not None:
            parts.extend(text(content) for key, content in mapping(item.body.get("data")).items() if key in words)
    return "\n".join(parts)


def _handles(read: Read, script: str) -> bool:
    if read.form == "file":
        return read.container.kind == "init" or read.name in script or read.name.rpartition("/")[0] in script
    return bool(re.search(rf"\b{re.escape(read.name)}\b", script)) if read.name else False


def _writable(volume: Mapping[str, Any]) -> bool:
    return not any(kind in volume for kind in ("secret", "configMap", "projected", "downwardAPI"))


def _overlap(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two mounts of one volume share a file: subPaths that lie apart do not."""
    a = [
        part for part in (text(one.get("subPath")) or text(one.get("subPathExpr"))).split("/") if part not in ("", ".")
    ]
    b = [
        part
        for part in (text(other.get("subPath")) or text(other.get("subPathExpr"))).split("/")
        if part not in ("", ".")
    ]
    if one.get("subPathExpr") or other.get("subPathExpr") or ".." in (*a, *b):
        return True
    return a[: len(b)] == b[: len(a)]
