"""A pod of OpenClaw, written by hand around the renderers: what the manifests in dist/ are measured against."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from agentkeep.sandboxed_agent.runtimes.openclaw.config import (
    CONFIG_PATH,
    GATEWAY_ENV,
    STATE_DIR,
    WORKSPACE_DIR,
    ChannelSettings,
    ChatModel,
    DockerSandbox,
    EnvSecret,
    OpenClawSettings,
    render_openclaw,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.policy import AgentPolicy, Opening, Tool
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import config_map_key, render_workspace
from lolice.versions import PLUGINS

OWNER = "123456789012345678"
SETTINGS = OpenClawSettings(
    models=(
        ChatModel("claude-sonnet-4-5", "Claude Sonnet 4.5", "Sonnet", 200_000, 64_000),
        ChatModel("claude-opus-4-6", "Claude Opus 4.6", "Opus", 200_000, 64_000),
    ),
    proxy_url="http://litellm.openclaw.svc.cluster.local:4000/v1",
    proxy_key=EnvSecret("LITELLM_PROXY_KEY"),
    gateway_token=EnvSecret("OPENCLAW_GATEWAY_TOKEN"),
    trusted_proxies=("192.178.0.0/16",),
    origins=("https://openclaw.b0xp.io",),
    sandbox=DockerSandbox("openclaw-sandbox:bookworm-slim", network="bridge"),
    channels=(
        ChannelSettings("discord", {"token": EnvSecret("DISCORD_BOT_TOKEN")}, users=(OWNER,), elevated=(OWNER,)),
    ),
)
SECRETS = ("CODEX_API_KEY", "DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "LITELLM_PROXY_KEY", "OPENCLAW_GATEWAY_TOKEN")
POLICY = AgentPolicy(
    sandbox="docker",
    sandbox_network=True,
    elevated=True,
    openings=(
        Opening("インターネット", "TCP 443", "Discord、GitHub、Web検索"),
        Opening("LiteLLM", "TCP 4000", "モデル呼び出し"),
    ),
    tools=(Tool("codex", "0.98.0", "コードレビュー"), Tool("gh", "2.97.0", "GitHub操作"), Tool("git", "", "版管理")),
    secrets=SECRETS,
    elsewhere=("ANTHROPIC_API_KEY",),
    repositories=("boxp/arch", "boxp/lolice"),
    review=True,
    channels=("Discord",),
    language="ja",
)
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "runAsGroup": 1000,
    "runAsNonRoot": True,
    "runAsUser": 1000,
}
IMAGE = "ghcr.io/openclaw/openclaw:2026.9.6"

Document = dict[str, Any]


def documents() -> list[Document]:
    """Return the Deployment, its ConfigMaps and its ExternalSecret."""
    workspace = render_workspace(POLICY)
    folder = files("agentkeep.sandboxed_agent.runtimes.openclaw").joinpath("files")
    scripts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".sh")}
    return [
        _config_map("openclaw-config", {"openclaw.json": json.dumps(render_openclaw(SETTINGS), indent=2)}),
        _config_map("openclaw-policy", {config_map_key(path): text for path, text in workspace.items()}),
        _config_map("openclaw-scripts", scripts),
        {
            "kind": "ExternalSecret",
            "metadata": {"name": "openclaw"},
            "spec": {"target": {"name": "openclaw"}, "data": [{"secretKey": name} for name in SECRETS]},
        },
        {"kind": "Deployment", "metadata": {"name": "openclaw"}, "spec": {"template": {"spec": _pod(list(workspace))}}},
    ]


def _config_map(name: str, data: dict[str, str]) -> Document:
    return {"kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _pod(workspace: list[str]) -> Document:
    return {
        "securityContext": {"fsGroup": 1000, "fsGroupChangePolicy": "OnRootMismatch", "runAsNonRoot": True},
        "volumes": [
            {"name": "state", "persistentVolumeClaim": {"claimName": "openclaw"}},
            {"name": "scratch", "emptyDir": {}},
            {"name": "config", "emptyDir": {"medium": "Memory"}},
            {"name": "tools", "emptyDir": {}},
            {"name": "config-source", "configMap": {"name": "openclaw-config"}},
            {
                "name": "policy-source",
                "configMap": {
                    "name": "openclaw-policy",
                    "items": [{"key": config_map_key(path), "path": path} for path in workspace],
                },
            },
            {"name": "scripts", "configMap": {"name": "openclaw-scripts", "defaultMode": 0o555}},
        ],
        "initContainers": [
            {
                "name": "prepare-state",
                "image": IMAGE,
                "command": ["sh", "/opt/agentkeep/prepare-state.sh"],
                "env": [
                    {"name": "DISCORD_PLUGIN_VERSION", "value": PLUGINS[0].version},
                    {"name": "DISCORD_PLUGIN_SHA512", "value": PLUGINS[0].sha512},
                    {"name": "HOME", "value": "/scratch"},
                    {"name": "TMPDIR", "value": "/scratch"},
                ],
                "securityContext": RESTRICTED,
                "volumeMounts": [
                    {"name": "state", "mountPath": STATE_DIR},
                    {"name": "scratch", "mountPath": "/scratch"},
                    {"name": "scratch", "mountPath": "/tmp", "subPath": "prepare"},  # noqa: S108 - a mount
                    *_sync_mounts(),
                ],
            },
            {
                "name": "sync-files",
                "image": IMAGE,
                "restartPolicy": "Always",
                "command": ["sh", "/opt/agentkeep/sync-files.sh", "watch"],
                "env": [{"name": "SYNC_SECONDS", "value": "1"}],
                "securityContext": RESTRICTED,
                "volumeMounts": [
                    {"name": "state", "mountPath": WORKSPACE_DIR, "subPath": "workspace"},
                    *_sync_mounts(),
                ],
            },
        ],
        "containers": [
            {
                "name": "gateway",
                "image": IMAGE,
                "ports": [{"name": "gateway", "containerPort": SETTINGS.port}],
                "env": [
                    *({"name": name, "value": value} for name, value in GATEWAY_ENV.items()),
                    {"name": "NODE_OPTIONS", "value": "--max-old-space-size=3072"},
                    {"name": "PATH", "value": "/opt/agent-tools/bin:/usr/local/bin:/usr/bin:/bin"},
                    *(
                        {"name": name, "valueFrom": {"secretKeyRef": {"name": "openclaw", "key": name}}}
                        for name in SECRETS
                    ),
                ],
                "startupProbe": {"httpGet": {"path": "/startupz", "port": "gateway"}},
                "readinessProbe": {"httpGet": {"path": "/startupz", "port": "gateway"}},
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": "gateway"}},
                "securityContext": RESTRICTED,
                "volumeMounts": [
                    {"name": "scratch", "mountPath": "/home/node", "subPath": "home"},
                    {"name": "state", "mountPath": STATE_DIR},
                    {"name": "scratch", "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108 - a mount
                    {"name": "config", "mountPath": CONFIG_PATH.rpartition("/")[0], "readOnly": True},
                    {"name": "tools", "mountPath": "/opt/agent-tools", "readOnly": True},
                ],
            }
        ],
    }


def _sync_mounts() -> list[Document]:
    return [
        {"name": "config", "mountPath": CONFIG_PATH.rpartition("/")[0]},
        {"name": "config-source", "mountPath": "/etc/openclaw-source", "readOnly": True},
        {"name": "policy-source", "mountPath": "/etc/openclaw-policy", "readOnly": True},
        {"name": "scripts", "mountPath": "/opt/agentkeep", "readOnly": True},
    ]
