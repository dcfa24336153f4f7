"""
A platform that has nothing in common with the real one but what every platform has: programs of the user's own, plain
manifests on EKS, AWS Secrets Manager, EBS, DNS by address, neighbours, a machine of the LAN, an API server by name.

It is written by hand, without the engines, so that the proofs are tried on what no half has written.
"""

# Tables of harms and of real fields: a long line is one value, and a "/tmp" is a folder of no machine.
# ruff: noqa: E501

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.case import Case
from agentkeep.verify.decide import case_of

Json = dict[str, Any]
FOLDER = "cluster/apps/home"
# What tells the platform's volumes from others, in the class and in the account.
TAG = "plain.home"
MODULE = "aws/terraform/aws/home/cdk.tf.json"
CONFIG = "model:\n  url: http://ollama.local-llm.svc:8080/v1\n"
LAN, DNS = "192.168.10.50", "169.254.20.10"
CLUSTER_WIDE = ("Namespace", "StorageClass", "VolumeSnapshotClass")
RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
SECURITY = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Plain:
    """The platform as data that a test may break."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Json] = {
            (body["kind"], body["metadata"]["name"]): body for body in copy.deepcopy([*_objects()])
        }
        self.admission = copy.deepcopy([*_admission(), *_prepared()])
        self.terraform = copy.deepcopy(_terraform())
        self.ledger = copy.deepcopy(_ledger())
        self.kustomization: Json = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "sortOptions": {"order": "fifo"},
        }
        self.files: dict[str, bytes] = {}

    def pod(self, name: str) -> Json:
        """The pod spec of a workload."""
        kind = "StatefulSet" if name == "redis" else "Deployment"
        found: Json = self.objects[kind, name]["spec"]["template"]["spec"]
        return found

    def container(self, workload: str, name: str = "") -> Json:
        """One container."""
        return next(c for c in self.pod(workload)["containers"] if c["name"] == (name or workload))

    def policy(self, name: str) -> Json:
        """The spec of one NetworkPolicy."""
        found: Json = self.objects["NetworkPolicy", name]["spec"]
        return found

    def declared(self, workload: str) -> Json:
        """The row of one workload in the ledger."""
        return next(row for row in self.ledger["workloads"] if row["id"] == workload)

    def bytes(self) -> dict[str, bytes]:
        """Every file."""
        names = {key: f"{number:02}-{key[0]}-{key[1]}.yaml".lower() for number, key in enumerate(self.objects)}
        files = {f"{FOLDER}/{names[key]}": body for key, body in self.objects.items()}
        # An administrator's, beside what is listed.
        applied = [name for (kind, _), name in names.items() if kind not in CLUSTER_WIDE]
        kustomization = {**self.kustomization, "resources": applied}
        outside = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": ["keep.yaml"]}
        found = {
            **{path: yaml.safe_dump(body).encode() for path, body in files.items()},
            f"{FOLDER}/kustomization.yaml": yaml.safe_dump(kustomization).encode(),
            f"{FOLDER}-admission/keep.yaml": yaml.safe_dump_all(self.admission).encode(),
            f"{FOLDER}-admission/kustomization.yaml": yaml.safe_dump(outside).encode(),
            MODULE: json.dumps(self.terraform).encode(),
            "platform.json": json.dumps(self.ledger).encode(),
        }
        return {**found, **self.files}

    def case(self) -> Case:
        return case_of(assemble("plain", self.bytes()))


Change = Callable[[Plain], Any]


def _prepared() -> Iterator[Json]:
    """Policies against what prepares a deletion, and against that of a definition."""
    claimed = "has(oldObject.spec.claimRef) && oldObject.spec.claimRef.namespace == 'home'"
    policy = "spec.persistentVolumeReclaimPolicy"
    yield from _refusing(
        "home-keep-volumes", "", "persistentvolumes", "UPDATE",
        f"{claimed} && oldObject.{policy} == 'Retain' && object.{policy} != 'Retain'",
        f"{claimed} && !has(object.spec.claimRef)",
        f"{claimed} && has(object.spec.claimRef) && object.spec.claimRef.namespace != 'home'",
    )  # fmt: skip
    definitions = [f"'{kind}.snapshot.storage.k8s.io'" for kind in ("volumesnapshots", "volumesnapshotcontents")]
    yield from _refusing(
        "home-keep-definitions", "apiextensions.k8s.io", "customresourcedefinitions", "DELETE",
        f"oldObject.metadata.name in [{', '.join(definitions)}]",
    )  # fmt: skip


def _refusing(name: str, group: str, resource: str, operation: str, *conditions: str) -> Iterator[Json]:
    api = "admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "operations": [operation],
        "resources": [resource],
        "scope": "*",
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"!({condition})"} for condition in conditions],
    }
    bound = {"policyName": name, "validationActions": ["Deny"]}
    yield {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}
    yield {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": bound}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "home"}


def _of(kind: str, name: str, api: str = "v1", **rest: Any) -> Json:
    meta: Json = {"name": name, "labels": {"app.kubernetes.io/part-of": "home"}}
    if kind not in CLUSTER_WIDE:
        meta["namespace"] = "home"
    return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}


def _objects() -> Iterator[Json]:
    namespace = _of("Namespace", "home")
    for mode in ("enforce", "audit", "warn"):
        namespace["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] = "restricted"
    yield namespace
    yield _of(
        "StorageClass", "home-retain", "storage.k8s.io/v1",
        provisioner="ebs.csi.aws.com", reclaimPolicy="Retain", parameters={"type": "gp3", "encrypted": "true", "tagSpecification_1": f"backup={TAG}"},
    )  # fmt: skip
    yield _of(
        "VolumeSnapshotClass", "home-snapshots", "snapshot.storage.k8s.io/v1",
        driver="ebs.csi.aws.com", deletionPolicy="Retain",
    )  # fmt: skip
    yield from _policies()
    for name in ("hermes", "redis"):
        yield _of("ServiceAccount", name, automountServiceAccountToken=False)
    yield _of("ConfigMap", "hermes-config", data={"config.yaml": CONFIG})
    yield _of(
        "ExternalSecret", "hermes", "external-secrets.io/v1",
        spec={
            "secretStoreRef": {"kind": "SecretStore", "name": "secrets-manager"},
            "refreshInterval": "1h",
            "target": {"name": "hermes-credentials"},
            "data": [{"secretKey": "HERMES_TOKEN", "remoteRef": {"key": "home/HERMES_TOKEN"}}],
        },
    )  # fmt: skip
    for name, port in (("hermes", 9119), ("redis", 6379)):
        yield _of("Service", name, spec={"selector": _labels(name), "ports": [{"port": port, "targetPort": port}]})
    yield _of("Deployment", "hermes", "apps/v1", spec=_hermes())
    yield _of("StatefulSet", "redis", "apps/v1", spec=_redis())


def _policy(name: str, ingress: list[Json], egress: list[Json]) -> Json:
    spec = {
        "podSelector": {"matchLabels": _labels(name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
    return _of("NetworkPolicy", name, "networking.k8s.io/v1", spec=spec)


def elsewhere(namespace: str, **labels: str) -> Json:
    """A peer in another namespace: both selectors in one."""
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": labels},
    }


def _policies() -> Iterator[Json]:
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    yield _of("NetworkPolicy", "default-deny", "networking.k8s.io/v1", spec=closed)
    dns = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    yield _policy(
        "hermes",
        [],
        [
            {"to": [elsewhere("kube-system", **{"k8s-app": "kube-dns"})], "ports": dns},
            {"to": [{"ipBlock": {"cidr": f"{DNS}/32"}}], "ports": dns},
            {"to": [elsewhere("local-llm", app="ollama")], "ports": [{"port": 8080, "protocol": "TCP"}]},
            {"to": [{"podSelector": {"matchLabels": _labels("redis")}}], "ports": [{"port": 6379, "protocol": "TCP"}]},
            {"to": [{"ipBlock": {"cidr": f"{LAN}/32"}}], "ports": [{"port": 8123, "protocol": "TCP"}]},
        ],
    )
    yield _policy(
        "redis",
        [
            {"from": [{"podSelector": {"matchLabels": _labels("hermes")}}], "ports": [{"port": 6379}]},
            {"from": [elsewhere("monitoring", app="prometheus")], "ports": [{"port": 9121}]},
        ],
        [],
    )


def _hermes() -> Json:
    container = {
        "name": "hermes",
        "image": "ghcr.io/acme/hermes:3.2.1",
        "command": ["hermes"],
        "args": ["serve", "--config", "/etc/hermes/config.yaml"],
        "env": [
            {"name": "MODE", "value": "serve"},
            {
                "name": "HERMES_TOKEN",
                "valueFrom": {"secretKeyRef": {"name": "hermes-credentials", "key": "HERMES_TOKEN"}},
            },
        ],
        "ports": [{"name": "http", "containerPort": 9119}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/hermes", "readOnly": True}],
        "resources": RESOURCES,
        "securityContext": SECURITY,
    }
    pod = {
        "automountServiceAccountToken": False,
        "serviceAccountName": "hermes",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "hermes-config"}}],
    }
    template = {"metadata": {"labels": _labels("hermes")}, "spec": pod}
    return {"replicas": 1, "selector": {"matchLabels": _labels("hermes")}, "template": template}


def _redis() -> Json:
    redis = {
        "name": "redis",
        "image": "redis:8.2.1",
        "args": ["--appendonly", "yes"],
        "ports": [{"name": "redis", "containerPort": 6379}],
        "livenessProbe": {"exec": {"command": ["redis-cli", "ping"]}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "resources": RESOURCES,
        "securityContext": SECURITY,
    }
    exporter = {
        "name": "exporter",
        "image": "oliver006/redis_exporter:v1.80.0",
        "ports": [{"name": "metrics", "containerPort": 9121}],
        "resources": RESOURCES,
        "securityContext": SECURITY,
    }
    pod = {
        "automountServiceAccountToken": False,
        "serviceAccountName": "redis",
        "containers": [redis, exporter],
    }
    claim = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "home-retain",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    return {
        "replicas": 1,
        "serviceName": "redis",
        "selector": {"matchLabels": _labels("redis")},
        "template": {"metadata": {"labels": _labels("redis")}, "spec": pod},
        "volumeClaimTemplates": [claim],
    }


def _admission() -> list[Json]:
    kept = {
        "namespaces": "oldObject.metadata.name == 'home'",
        "persistentvolumeclaims": "oldObject.metadata.namespace == 'home' && oldObject.metadata.name in ['data-redis-0']",
        "persistentvolumes": "has(oldObject.spec.claimRef) && oldObject.spec.claimRef.namespace == 'home'",
    }
    snapshots = {
        "volumesnapshots": "oldObject.metadata.namespace == 'home'",
        "volumesnapshotcontents": "has(oldObject.spec.volumeSnapshotRef)"
        " && oldObject.spec.volumeSnapshotRef.namespace == 'home'",
    }
    common = {"operations": ["DELETE"], "scope": "*"}
    rules = [
        {"apiGroups": [""], "apiVersions": ["v1"], "resources": [*kept], **common},
        {"apiGroups": ["snapshot.storage.k8s.io"], "apiVersions": ["*"], "resources": [*snapshots], **common},
    ]
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": rules},
        "validations": [
            {"expression": f"!(request.resource.resource == '{resource}' && {condition})"}
            for resource, condition in (kept | snapshots).items()
        ],
    }
    api, meta = "admissionregistration.k8s.io/v1", {"name": "home-keep-data"}
    bound = {"policyName": "home-keep-data", "validationActions": ["Deny"]}
    return [
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": meta, "spec": spec},
        {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": dict(meta), "spec": bound},
    ]


def _terraform() -> Json:
    backend = {
        "bucket": "home-state",
        "region": "eu-central-1",
        "encrypt": True,
        "key": f"{MODULE.removeprefix('aws/').rpartition('/')[0]}/v1/terraform.tfstate",
    }
    secret = {"name": "home/HERMES_TOKEN", "description": "the token of hermes", "recovery_window_in_days": 30}
    return {
        "terraform": {"backend": {"s3": backend}},
        "provider": {"aws": [{"region": "eu-central-1", "allowed_account_ids": ["123456789012"]}]},
        "resource": {"aws_secretsmanager_secret": {"hermes_token": secret}, **_snapshots()},
    }


def _snapshots() -> Json:
    """What takes snapshots of the volumes that carry the tag, and may do nothing else."""
    tagged = {"StringEquals": {"aws:ResourceTag/backup": TAG}}
    snapshot = "arn:aws:ec2:*::snapshot/*"
    looks = ["ec2:DescribeSnapshots", "ec2:DescribeVolumes"]
    rights: list[Json] = [
        {"Effect": "Allow", "Action": ["ec2:DescribeInstances", *looks], "Resource": "*"},
        {
            "Effect": "Allow", "Action": "ec2:CreateSnapshot", "Resource": "arn:aws:ec2:*:*:volume/*",
            "Condition": tagged,
        },
        {"Effect": "Allow", "Action": ["ec2:CreateSnapshot", "ec2:CreateTags"], "Resource": snapshot},
        {"Effect": "Allow", "Action": "ec2:DeleteSnapshot", "Resource": snapshot, "Condition": tagged},
    ]  # fmt: skip
    trust = {
        "Effect": "Allow", "Principal": {"Service": "dlm.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }  # fmt: skip
    schedule = {
        "name": "nightly", "copy_tags": False, "tags_to_add": {"backup": TAG}, "retain_rule": {"count": 14},
        "create_rule": {"interval": 24, "interval_unit": "HOURS", "times": ["03:00"]},
    }  # fmt: skip
    details = {
        "policy_type": "EBS_SNAPSHOT_MANAGEMENT", "resource_types": ["VOLUME"], "target_tags": {"backup": TAG},
        "schedule": [schedule],
    }  # fmt: skip
    return {
        "aws_dlm_lifecycle_policy": {
            "nightly": {
                "description": "nightly", "state": "ENABLED", "policy_details": details,
                "execution_role_arn": "${aws_iam_role.nightly.arn}",
            }
        },
        "aws_iam_role": {"nightly": {"description": "nightly", "assume_role_policy": _statements(trust)}},
        "aws_iam_role_policy": {
            "nightly": {"name": "snapshots", "role": "${aws_iam_role.nightly.id}", "policy": _statements(*rights)}
        },
    }  # fmt: skip


def _statements(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _row(name: str, role: str, ports: list[Json], images: list[str], declared: Json) -> Json:
    return {
        "id": name, "role": role, "program": "container", "deployment": name, "podLabels": _labels(name),
        "serviceAccount": name, "ports": ports, "containers": [*declared], "initContainers": [], "images": images,
        "declared": declared,
    }  # fmt: skip


def _flow(source: str, target: str, port: int, protocol: str = "TCP") -> Json:
    return {"from": source, "to": target, "protocol": protocol, "port": port, "because": "it needs it"}


def _ledger() -> Json:
    hermes = {
        "command": ["hermes"],
        "args": ["serve", "--config", "/etc/hermes/config.yaml"],
        "env": {"MODE": "serve"},
        "files": {"/etc/hermes/config.yaml": f"sha256:{hashlib.sha256(CONFIG.encode()).hexdigest()}"},
        "probes": {"readiness": {"httpGet": {"path": "/ready", "port": 9119}}},
    }
    redis = {"args": ["--appendonly", "yes"], "probes": {"liveness": {"exec": {"command": ["redis-cli", "ping"]}}}}
    return {
        "format": "agentkeep/ledger/v2",
        "platform": "home",
        "namespace": "home",
        "vendors": {
            "delivery": "plain", "secretStore": "aws-secrets-manager", "storage": "ebs-csi", "publishing": None,
        },
        "cluster": {
            "podCidrs": ["10.0.0.0/16"], "serviceCidrs": ["172.20.0.0/16"], "nodeCidrs": ["192.168.10.0/24"],
            "ipFamilies": ["IPv4"],
            "apiServer": "ABC.gr7.eu-central-1.eks.amazonaws.com:443", "apiServerCidrs": ["3.64.0.0/12"],
            "dns": {"namespace": "kube-system", "podLabels": {"k8s-app": "kube-dns"}, "addresses": [DNS]},
            "secretStore": {"name": "secrets-manager", "kind": "SecretStore", "provider": "aws-secrets-manager"},
        },
        "workloads": [
            _row("hermes", "agent", [{"name": "http", "port": 9119}], ["ghcr.io/acme/hermes:3.2.1"], {"hermes": hermes}),
            _row(
                "redis", "service", [{"name": "redis", "port": 6379}, {"name": "metrics", "port": 9121}],
                ["oliver006/redis_exporter:v1.80.0", "redis:8.2.1"], {"redis": redis, "exporter": {}},
            ),
        ],
        "secrets": [
            {
                "id": "HERMES_TOKEN", "role": "generic", "key": "home/HERMES_TOKEN", "filledBy": "operator",
                "readers": [{"workload": "hermes", "containers": ["hermes"], "as": "env", "name": "HERMES_TOKEN"}],
            }
        ],
        "neighbours": [
            {"id": "local-llm", "namespace": "local-llm", "podLabels": {"app": "ollama"}, "ports": [{"port": 8080}]},
            {"id": "monitoring", "namespace": "monitoring", "podLabels": {"app": "prometheus"}, "ports": []},
        ],
        "flows": [
            _flow("hermes", "dns", 53, "UDP"),
            _flow("hermes", "dns", 53),
            _flow("hermes", "neighbour:local-llm", 8080),
            _flow("hermes", "redis", 6379),
            _flow("hermes", f"cidr:{LAN}/32", 8123),
            _flow("neighbour:monitoring", "redis", 9121),
        ],
        "sites": [],
        "storage": [{"workload": "redis", "claim": "data-redis-0", "backupGroups": ["nightly"]}],
        "acknowledgements": [
            {
                "finding": f"NET006[home/hermes]: may send to the machine {LAN} TCP/8123",
                "because": "the lamps", "owner": "me", "until": None,
            }
        ],
        "added": [],
    }  # fmt: skip
