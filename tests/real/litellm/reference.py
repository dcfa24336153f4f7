"""Manifests written by hand around what ``config.py`` renders: two providers, a limited client, a budget."""

import json
from collections.abc import Sequence

import yaml

from agentkeep.isolated_llm_proxy.litellm import config
from agentkeep.isolated_llm_proxy.litellm.config import Budget, Client, Route
from tests.real.litellm.harness import Document

ROUTES = (
    Route("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5-20250929", "ANTHROPIC_API_KEY", 200_000, 64_000, True),
    Route("claude-opus-4-6", "anthropic/claude-opus-4-6", "ANTHROPIC_API_KEY"),
    Route("gpt-5", "openai/gpt-5", "OPENAI_API_KEY"),
)
CLIENT = Client("openclaw", "LITELLM_PROXY_KEY", ("claude-sonnet-4-5", "gpt-5"), rpm=600)
BUDGETS = (Budget("anthropic", 50, "1d"),)


def manifests(client: Client = CLIENT, budgets: Sequence[Budget] = BUDGETS) -> list[Document]:
    """Return a ConfigMap and a Deployment, as the cluster would get them."""
    files = {
        config.CONFIG_FILE: yaml.safe_dump(config.render_config(ROUTES, budgets), sort_keys=False),
        config.CLIENTS_FILE: json.dumps(config.render_clients([client], ROUTES)),
        config.GATE_FILE: config.gate_source(),
    }
    env: list[Document] = [{"name": name, "value": value} for name, value in config.CONTAINER_ENV.items()]
    keys = [config.MASTER_KEY_ENV, client.key_env, *sorted({route.key_env for route in ROUTES if route.key_env})]
    env += [{"name": name, "valueFrom": {"secretKeyRef": {"name": "litellm", "key": name}}} for name in keys]
    container = {
        "name": "litellm",
        "image": "ghcr.io/berriai/litellm:v1.103.2",
        "args": list(config.CONTAINER_ARGS),
        "env": env,
        "volumeMounts": [{"name": "config", "mountPath": config.CONFIG_FOLDER, "readOnly": True}],
    }
    pod = {"containers": [container], "volumes": [{"name": "config", "configMap": {"name": "litellm"}}]}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "litellm"}, "data": files},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "litellm"},
            "spec": {"template": {"spec": pod}},
        },
    ]
