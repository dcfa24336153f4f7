"""The ledger: everything that was declared, as plain data. What is proved is that the artifacts say the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from agentkeep.core.edges import Beside, Env, Neighbour
from agentkeep.core.model import Model, Runs, Secret
from agentkeep.core.pod import Container, Pod, Probe
from agentkeep.tunnel_site.access import Access

FORMAT = "agentkeep/ledger/v2"
FILE = "platform.json"
# What the proofs have no table for: they compare it with what is declared here, value by value.
ANY_PROGRAM = "container"
# What the core calls "the machine" is Terraform in every store that there is so far.
FILLED_BY = {"operator": "operator", "machine": "terraform"}


def ledger(model: Model) -> dict[str, Any]:
    """
    The ledger of a sealed platform.

    Names and reasons only; there is no value of a secret to be had here, nor anywhere in this process.
    """
    return {
        "format": FORMAT,
        "platform": model.id,
        "namespace": model.id,
        "vendors": _vendors(model),
        "cluster": _cluster(model),
        "workloads": [_workload(model, workload) for workload in model.workloads],
        "secrets": [_secret(model, secret) for secret in model.secrets],
        "neighbours": [_neighbour(model, neighbour) for neighbour in model.neighbours],
        "flows": [
            {
                "from": flow.source_name,
                "to": name,
                "protocol": flow.port.protocol,
                "port": flow.port.number,
                "because": flow.because,
            }
            for flow in model.all_flows
            for name in flow.ledger_names
        ],
        "sites": [
            {
                "id": published.site,
                "host": published.host,
                "workload": published.workload,
                "port": published.port.number,
                "zone": published.host.split(".", 1)[1],
                "access": _access(published.access),
            }
            for published in model.publications
        ],
        "storage": [
            {
                "workload": workload.id,
                "claim": claim.name,
                "size": claim.size,
                "storageClass": model.label("retain"),
                "backupGroups": list(model.cluster.storage.backup_groups),
            }
            for workload in model.workloads
            for claim in model.pod(workload.id).claims
        ],
        "added": [
            {"kind": manifest.body["kind"], "name": manifest.name, "because": manifest.because}
            for manifest in model.manifests
        ],
        "acknowledgements": [
            {
                "finding": known.finding,
                "because": known.because,
                "owner": known.owner,
                "until": known.until.isoformat() if known.until else None,
            }
            for known in model.acknowledgements
        ],
        "samples": list(model.samples),
    }


def ledger_text(model: Model) -> str:
    """The ledger as the text of ``dist/platform.json``."""
    return json.dumps(ledger(model), indent=2, ensure_ascii=False) + "\n"


def _vendors(model: Model) -> dict[str, str | None]:
    claims = any(model.pod(workload.id).claims for workload in model.workloads)
    sites = {published.site for published in model.publications}
    return {
        "delivery": model.delivery.provider,
        "secretStore": model.store.provider if model.secrets else None,
        "storage": model.cluster.storage.provider if claims else None,
        "publishing": next((model.parts[site].vendor for site in sorted(sites)), None),
    }


def _cluster(model: Model) -> dict[str, Any]:
    cluster, store = model.cluster, model.store
    return {
        "name": cluster.name,
        "podCidrs": list(cluster.pod_cidrs),
        "serviceCidrs": list(cluster.service_cidrs),
        "nodeCidrs": list(cluster.node_cidrs),
        "ipFamilies": list(cluster.ip_families),
        "apiServer": cluster.api_server,
        "apiServerCidrs": list(cluster.api_server_cidrs),
        "cni": cluster.cni,
        "dns": {
            "namespace": cluster.dns.namespace,
            "podLabels": dict(cluster.dns.pod_labels),
            "addresses": list(cluster.dns.addresses),
        },
        "secretStore": {"name": store.name, "kind": store.kind, "provider": store.provider} if model.secrets else None,
    }


def _neighbour(model: Model, neighbour: Neighbour) -> dict[str, Any]:
    ports = {
        (flow.port.number, flow.port.protocol)
        for flow in model.all_flows
        if isinstance(flow.to, Beside) and flow.to.neighbour == neighbour
    }
    return {
        "id": neighbour.name,
        "namespace": neighbour.namespace,
        "podLabels": dict(sorted(neighbour.labels.items())),
        "ports": [{"port": number, "protocol": protocol} for number, protocol in sorted(ports)],
    }


def _workload(model: Model, workload: Runs) -> dict[str, Any]:
    pod = model.pod(workload.id)
    found = {
        "id": workload.id,
        "path": workload.path,
        "construct": workload.construct,
        "role": workload.role,
        "program": workload.program,
        "deployment": workload.id,
        "podLabels": workload.selector,
        "serviceAccount": workload.id,
        "ports": [
            {"name": name, "port": port.number, "protocol": port.protocol}
            for name, port in sorted(workload.ports.items())
        ],
        "containers": [one.name for one in pod.containers],
        "initContainers": [one.name for one in pod.init_containers],
        "privilegedContainers": [one.name for one in pod.privileged],
        "images": sorted({image.reference for image in (*pod.images, *workload.extra_images())}),
    }
    if workload.program == ANY_PROGRAM:
        found["declared"] = {one.name: _declared(pod, one) for one in pod.every}
    return found


def _declared(pod: Pod, container: Container) -> dict[str, Any]:
    """What a container is told, by value: the proofs know nothing of its program."""
    probes = {"startup": container.startup, "readiness": container.readiness, "liveness": container.liveness}
    found = {
        "command": list(container.command),
        "args": list(container.args),
        "env": dict(sorted(container.env.items())),
        "files": dict(sorted(_files(pod, container))),
        "probes": {kind: _handler(container, probe) for kind, probe in probes.items() if probe is not None},
    }
    return {key: value for key, value in found.items() if value}


def _files(pod: Pod, container: Container) -> Iterator[tuple[str, str]]:
    """Path in the container, and hash, of every text that is mounted into it."""
    texts = {files.name: files.texts for files in pod.files}
    volumes = {volume.name: volume for volume in pod.volumes if volume.source == "files"}
    for mount in container.mounts:
        volume = volumes.get(mount.volume)
        if volume is None:
            continue
        known = texts[volume.of]
        for key, path in volume.items or tuple((key, key) for key in known):
            where = f"{mount.path}/{path}" if mount.sub_path is None else mount.path
            if mount.sub_path in (None, path):
                yield where, f"sha256:{hashlib.sha256(known[key].encode()).hexdigest()}"


def _handler(container: Container, probe: Probe) -> dict[str, Any]:
    how, *words = probe.ask
    if how == "get":
        return {"httpGet": {"path": words[0], "port": dict(container.ports)[words[1]].number}}
    return {"exec": {"command": words}}


def _secret(model: Model, secret: Secret) -> dict[str, Any]:
    readers = [
        {
            "workload": grant.workload,
            "containers": [model.workload(grant.workload).main_container],
            "as": "env" if isinstance(grant.delivery, Env) else "file",
            "name": name,
        }
        for grant in model.readers(secret.id)
        for name in grant.delivery.places
    ]
    return {
        "id": secret.id,
        "path": secret.path,
        "role": model.role(secret.id),
        "key": secret.key,
        "filledBy": FILLED_BY[secret.filled_by],
        "readers": readers,
        "because": secret.about,
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "kind": "people" if access.names_people else "identity-provider",
        "include": [_selector(selector) for selector in access.include],
        "require": [_selector(selector) for selector in access.require],
        "session": access.session,
        "because": access.because,
    }


def _selector(selector: Any) -> dict[str, Any]:
    return {key: value for key, value in selector.model_dump().items() if value}
