"""The ledger: everything that was declared, as plain data. What is proved is that the artifacts say the same."""

from __future__ import annotations

import json
from typing import Any

from agentkeep.core.edges import Env
from agentkeep.core.model import Model
from agentkeep.core.workload import Secret, Workload
from agentkeep.tunnel_site.access import Access

FORMAT = "agentkeep/ledger/v1"
FILE = "platform.json"
# What the core calls "the machine" is Terraform in every store that there is so far.
FILLED_BY = {"operator": "operator", "machine": "terraform"}


def ledger(model: Model) -> dict[str, Any]:
    """
    The ledger of a sealed platform.

    Names and reasons only; there is no value of a secret to be had here, nor anywhere in this process.
    """
    cluster = model.cluster
    return {
        "format": FORMAT,
        "platform": model.id,
        "namespace": model.id,
        "cluster": {
            "name": cluster.name,
            "podCidrs": list(cluster.pod_cidrs),
            "serviceCidrs": list(cluster.service_cidrs),
            "nodeCidrs": list(cluster.node_cidrs),
            "ipFamilies": list(cluster.ip_families),
            "apiServer": cluster.api_server,
            "cni": cluster.cni,
            "dns": {"namespace": cluster.dns.namespace, "podLabels": dict(cluster.dns.pod_labels)},
            "secretStore": model.store.name,
        },
        "workloads": [_workload(model, workload) for workload in model.workloads],
        "secrets": [_secret(model, secret) for secret in model.secrets],
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
                "backupGroups": list(cluster.storage.backup_groups),
            }
            for workload in model.workloads
            for claim in model.pod(workload.id).claims
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


def _workload(model: Model, workload: Workload) -> dict[str, Any]:
    pod = model.pod(workload.id)
    return {
        "id": workload.id,
        "path": workload.path,
        "construct": workload.construct,
        "role": "llm-proxy" if workload.role == "keeper" else workload.role,
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
        "ssm": secret.key,
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
