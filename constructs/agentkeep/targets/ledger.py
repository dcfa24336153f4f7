"""The ledger: everything that was declared, as plain data. What is proved is that the artifacts say the same."""

from __future__ import annotations

import json
from typing import Any

from agentkeep.edges import Env
from agentkeep.platform import Platform
from agentkeep.secret_param.declaration import Parameter
from agentkeep.tunnel_site.access import Access
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.workload import Workload

FORMAT = "agentkeep/ledger/v2"
FILE = "platform.json"
_PROVIDER = "aws-parameter-store"


def ledger(platform: Platform) -> dict[str, Any]:
    """
    The ledger of a sealed platform.

    Names and reasons only; there is no value of a secret to be had here, nor anywhere in this process.
    """
    cluster = platform.cluster
    return {
        "format": FORMAT,
        "platform": platform.id,
        "namespace": platform.id,
        "vendors": _vendors(platform),
        "cluster": {
            "name": cluster.name,
            "podCidrs": list(cluster.pod_cidrs),
            "serviceCidrs": list(cluster.service_cidrs),
            "nodeCidrs": list(cluster.node_cidrs),
            "ipFamilies": list(cluster.ip_families),
            "apiServer": cluster.api_server,
            "apiServerCidrs": [],
            "cni": cluster.cni,
            "dns": {
                "namespace": cluster.dns.namespace,
                "podLabels": dict(cluster.dns.pod_labels),
                "addresses": [],
            },
            "secretStore": {
                "name": cluster.secret_store.name,
                "kind": cluster.secret_store.kind,
                "provider": _PROVIDER,
            },
        },
        "workloads": [_workload(workload) for workload in platform.parts(Workload)],
        "secrets": [_secret(secret) for secret in platform.parts(Parameter)],
        "neighbours": [],
        "flows": [
            {
                "from": flow.source.id,
                "to": name,
                "protocol": flow.port.protocol,
                "port": flow.port.number,
                "because": flow.because,
            }
            for flow in platform.flows
            for name in flow.ledger_names
        ],
        "sites": [
            {
                "id": site.id,
                "host": published.host,
                "workload": published.workload.id,
                "port": published.port.number,
                "zone": platform.zone.domain if platform.zone else "",
                "access": _access(published.access),
            }
            for site in platform.parts(TunnelSite)
            for published in site.hosts
        ],
        "storage": [
            _storage(platform, workload, claim)
            for workload in platform.parts(Workload)
            for claim in workload.volume_claims()
        ],
        "acknowledgements": [
            {
                "finding": known.finding,
                "because": known.because,
                "owner": known.owner,
                "until": known.until.isoformat() if known.until else None,
            }
            for known in platform.acknowledgements
        ],
        "samples": list(platform.samples),
        "added": [],
    }


def ledger_text(platform: Platform) -> str:
    """The ledger as the text of ``dist/platform.json``."""
    return json.dumps(ledger(platform), indent=2, ensure_ascii=False) + "\n"


def _vendors(platform: Platform) -> dict[str, str | None]:
    """Who stands at the edges of the platform; the proofs leave out rules about vendors that are not here."""
    return {
        "delivery": "argocd",
        "secretStore": _PROVIDER,
        "storage": "longhorn",
        "publishing": "cloudflare" if platform.parts(TunnelSite) else None,
    }


def _workload(workload: Workload) -> dict[str, Any]:
    return {
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
        "containers": list(workload.container_names()),
        "initContainers": list(workload.init_container_names()),
        "privilegedContainers": [name for name, _ in workload.privileged_images()],
        "images": sorted({image.reference for image in workload.images()}),
    }


def _secret(secret: Parameter) -> dict[str, Any]:
    readers = []
    for _, workload in sorted(secret.readers.items()):
        for grant in workload.grants:
            if grant.secret is not secret:
                continue
            env = isinstance(grant.delivery, Env)
            names = grant.delivery.names if isinstance(grant.delivery, Env) else (grant.delivery.path,)
            readers += [
                {
                    "workload": workload.id,
                    "containers": [workload.main_container],
                    "as": "env" if env else "file",
                    "name": name,
                }
                for name in names
            ]
    return {
        "id": secret.id,
        "path": secret.path,
        "role": secret.role,
        "key": secret.ssm_name,
        "filledBy": secret.filled_by,
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


def _storage(platform: Platform, workload: Workload, claim: str) -> dict[str, Any]:
    from agentkeep.sandboxed_agent.declaration import SandboxedAgent  # noqa: PLC0415 - only agents have storage

    size = workload.storage if isinstance(workload, SandboxedAgent) else ""
    return {
        "workload": workload.id,
        "claim": claim,
        "size": size,
        "storageClass": platform.label("retain"),
        "backupGroups": list(platform.cluster.storage.backup_groups),
    }
