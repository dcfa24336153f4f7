"""LiteLLM's pod, and the files that it is told by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

import yaml

from agentkeep.core.facts import Image, Port, Resources
from agentkeep.core.model import Model
from agentkeep.core.pod import Container, Files, Mount, Pod, Probe, Volume, fingerprint
from agentkeep.isolated_llm_proxy.litellm import config
from agentkeep.isolated_llm_proxy.models import Provider

UID = 1000
CONFIG_ANNOTATION = "agentkeep/config"


class Proxy(Protocol):
    """What the program must know of the proxy that runs it."""

    id: str
    path: str
    image: Image
    resources: Resources

    @property
    def main_container(self) -> str:
        """The container that does the work."""
        ...

    @property
    def providers(self) -> Sequence[Provider]:
        """Where models come from."""
        ...


def plan(proxy: Proxy, model: Model) -> Pod:
    """LiteLLM with its configuration, its gate and the only secret with provider keys."""
    content = configuration(proxy, model)
    name = f"{proxy.id}-config"
    return Pod(
        user=UID,
        # Limits and budgets are counted in memory, so a second replica would double them.
        replicas=1,
        annotations={CONFIG_ANNOTATION: fingerprint(content)},
        files=(
            Files(
                name,
                content,
                f"{proxy.id}-configmap",
                f"{proxy.path} (IsolatedLLMProxy): models, and who may ask",
                {
                    config.GATE_FILE: "The key check. Without a database LiteLLM knows the master key only; this adds "
                    "keys for inference.",
                    config.CLIENTS_FILE: "Who may ask for which models. Names of variables only; no key is here.",
                    config.CONFIG_FILE: "os.environ/NAME is replaced by LiteLLM when it starts.",
                },
            ),
        ),
        volumes=(Volume("config", "files", of=name), Volume("tmp", "scratch", size="256Mi")),
        containers=(
            Container(
                name=proxy.main_container,
                image=proxy.image,
                args=config.CONTAINER_ARGS,
                secrets=model.variables(proxy.id),
                env=config.CONTAINER_ENV,
                ports=(("http", Port.tcp(config.PORT)),),
                # It loads for 11 to 25 seconds on two cores; give it two minutes.
                startup=Probe.get(config.PROBE_PATH, "http", period=5, failures=24),
                readiness=Probe.get(config.PROBE_PATH, "http", period=10, failures=3),
                liveness=Probe.get(config.PROBE_PATH, "http", period=30, failures=3, timeout=10),
                resources=proxy.resources,
                mounts=(
                    Mount("config", config.CONFIG_FOLDER, read_only=True),
                    Mount("tmp", "/tmp"),  # noqa: S108 - of the pod
                ),
                because={
                    "liveness": "Never /health: it needs a key, and makes one paid request to every model.",
                    "args": "Without --config LiteLLM starts well, with no model and no key check.",
                },
            ),
        ),
        because={
            f"annotations.{CONFIG_ANNOTATION}": "LiteLLM reads its configuration once, so a change of it must restart "
            "the pod.",
            "replicas": "Request limits and budgets are counted in memory; a second replica would double them.",
        },
    )


def configuration(proxy: Proxy, model: Model) -> dict[str, str]:
    """The ConfigMap's files: LiteLLM's configuration, the gate, and whom the gate knows."""
    routes = [
        config.Route(
            model=one.id,
            upstream=one.upstream,
            key_env=provider.key.id if provider.key else None,
            context_window=one.context_window,
            max_output=one.max_output,
            prompt_cache=one.prompt_cache,
            api_base=provider.api_base,
        )
        for provider in proxy.providers
        for one in provider.models
    ]
    budgets = [provider.budget for provider in proxy.providers if provider.budget]
    servings = [serving for serving in model.servings if serving.keeper == proxy.id]
    clients = [
        config.Client(
            name=serving.client,
            key_env=serving.key,
            models=tuple(one.id for one in limits.models),
            rpm=limits.requests_per_minute,
        )
        for serving in servings
        for limits in serving.offer
    ]
    return {
        config.CONFIG_FILE: yaml.safe_dump(
            config.render_config(routes, budgets, path=proxy.path), sort_keys=False, width=120
        ),
        config.CLIENTS_FILE: json.dumps(config.render_clients(clients, routes, path=proxy.path), indent=2) + "\n",
        config.GATE_FILE: config.gate_source(),
    }
