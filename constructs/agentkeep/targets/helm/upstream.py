"""
What the public chart brings along, as facts: chart ``openclaw`` 1.5, which wraps bjw-s' app-template 4.6.2.

helm lays our values over the chart's own. What we do not say is therefore not absent: it is the chart's default. The
tree below names every key that has one (source: the chart's ``values.schema.json``, version 1.5.37), so that
``values.yaml`` can answer each and ``values.schema.json`` can tell a default from a key that somebody misspelt.
"""

from __future__ import annotations

from typing import Any

TEMPLATE = "app-template"
"""Key of the chart that renders everything; all values lie below it."""

CONTROLLER = "main"
"""The chart's name for the Deployment, in values only."""

TEXT, NUMBER, FLAG, LIST, ANY = "string", "integer", "boolean", "array", "any"

DEFAULTS: dict[str, Any] = {
    "openclawVersion": TEXT,
    "chromiumVersion": TEXT,
    "configMode": TEXT,
    "skills": LIST,
    "defaultPodOptions": {"securityContext": {"fsGroup": NUMBER, "fsGroupChangePolicy": TEXT}},
    "controllers": {
        CONTROLLER: {
            "replicas": NUMBER,
            "strategy": TEXT,
            "initContainers": {"init-config": ANY, "init-skills": ANY},
            "containers": {"main": ANY, "chromium": ANY},
        }
    },
    "configMaps": {
        "config": {"enabled": FLAG, "data": {"bash_aliases": TEXT, "openclaw.json": TEXT}},
        "scripts": ANY,
    },
    "service": {
        "main": {
            "controller": TEXT,
            "ipFamilyPolicy": TEXT,
            "ipFamilies": LIST,
            "ports": {"http": {"port": NUMBER}},
        }
    },
    "ingress": {"main": ANY},
    "networkpolicies": {"main": ANY},
    "persistence": {
        "config": ANY,
        "bash-aliases": ANY,
        "scripts": ANY,
        "tmp": ANY,
        "data": {
            "enabled": FLAG,
            "type": TEXT,
            "accessMode": TEXT,
            "size": TEXT,
            "advancedMounts": {CONTROLLER: {"init-config": LIST, "init-skills": LIST, "main": LIST}},
        },
    },
}
"""Every key with a default: a leaf is its JSON type, ``ANY`` is something that is switched off as a whole."""

HARMLESS = frozenset(
    {
        # Of the image that is not run.
        ("chromiumVersion",),
        # Mounts of containers that are switched off.
        *(
            ("persistence", "data", "advancedMounts", CONTROLLER, container)
            for container in ("init-config", "init-skills", "main")
        ),
    }
)
"""Defaults that may stand, by path."""

RESERVED_CONTAINERS = frozenset({"main", "chromium", "init-config", "init-skills"})
RESERVED_VOLUMES = frozenset({"config", "bash-aliases", "scripts", "tmp"})
"""Keys that mean something of the chart's own; what has such a name in the manifests gets another key."""

POD_OPTIONS = frozenset(
    {
        "affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases",
        "hostIPC", "hostNetwork", "hostPID", "hostUsers", "hostname", "imagePullSecrets", "nodeSelector",
        "priorityClassName", "resources", "restartPolicy", "runtimeClassName", "schedulerName", "securityContext",
        "shareProcessNamespace", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
    }
)  # fmt: skip
"""Fields of a pod that app-template 4.6.2 takes under the same name."""

CONTAINER_FIELDS = frozenset(
    {
        "args", "command", "envFrom", "lifecycle", "ports", "resources", "restartPolicy", "securityContext", "stdin",
        "terminationMessagePath", "terminationMessagePolicy", "tty", "workingDir",
    }
)  # fmt: skip
"""Fields of a container that it takes under the same name."""

MOUNT_FIELDS = {
    "mountPath": "path",
    "subPath": "subPath",
    "subPathExpr": "subPathExpr",
    "readOnly": "readOnly",
    "mountPropagation": "mountPropagation",
}
"""Fields of a mount, and what they are called in values."""

PROBES = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}
