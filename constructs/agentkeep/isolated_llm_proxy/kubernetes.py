"""The Kubernetes half of the LLM proxy: LiteLLM, its configuration and gate, and the only Secret with provider keys."""

from __future__ import annotations

import json
from importlib.resources import files

import yaml
from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.isolated_llm_proxy import config
from agentkeep.isolated_llm_proxy.declaration import PORT, IsolatedLLMProxy
from agentkeep.manifests import (
    WAVE_CONFIG,
    common_labels,
    digest,
    http_probe,
    metadata,
    plain_env,
    pod_security,
    port_name,
    quantity,
    requirements,
    restricted,
    secret_env,
)
from agentkeep.pages import Pages
from agentkeep.secret_param.kubernetes import SecretParamKubernetes

UID = 1000
CONFIG_ANNOTATION = "agentkeep/config"


class IsolatedLLMProxyKubernetes(Construct):
    """
    LiteLLM: Deployment, Service, ConfigMap, and a Secret of its own.

    Args:
        scope: A chart.
        id: Construct id.
        proxy: What was declared.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, proxy: IsolatedLLMProxy, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._pages = pages or Pages(self)
        self._proxy = proxy
        self._platform = proxy.platform
        SecretParamKubernetes(self, "secrets", proxy, pages=self._pages)
        content = configuration(proxy)
        self._config_map(content)
        self._service()
        self._deployment(digest(content))

    def _config_map(self, content: dict[str, str]) -> None:
        name = f"{self._proxy.id}-config"
        page = self._pages.page(
            f"{self._proxy.id}-configmap", f"{self._proxy.path} (IsolatedLLMProxy): models, and who may ask"
        )
        k8s.KubeConfigMap(page, name, metadata=metadata(self._platform, name, wave=WAVE_CONFIG), data=content)
        for key, about in (
            (
                config.GATE_FILE,
                "The key check. Without a database LiteLLM knows the master key only; this adds keys for inference.",
            ),
            (config.CLIENTS_FILE, "Who may ask for which models. Names of variables only; no key is here."),
            (config.CONFIG_FILE, "os.environ/NAME is replaced by LiteLLM when it starts."),
        ):
            self._pages.explain("ConfigMap", name, "data", key, because=about)

    def _service(self) -> None:
        proxy = self._proxy
        page = self._pages.page(f"{proxy.id}-service", f"{proxy.path} (IsolatedLLMProxy): where agents reach it")
        k8s.KubeService(
            page,
            f"{proxy.id}-service",
            metadata=metadata(self._platform, proxy.id),
            spec=k8s.ServiceSpec(
                type="ClusterIP",
                selector=proxy.selector,
                ports=[
                    k8s.ServicePort(
                        name="http",
                        port=PORT.number,
                        protocol=PORT.protocol,
                        target_port=port_name("http"),
                    )
                ],
            ),
        )

    def _deployment(self, fingerprint: str) -> None:
        proxy = self._proxy
        page = self._pages.page(
            f"{proxy.id}-deployment", f"{proxy.path} (IsolatedLLMProxy): the only pod that holds provider keys"
        )
        k8s.KubeServiceAccount(
            page,
            f"{proxy.id}-account",
            metadata=metadata(self._platform, proxy.id),
            automount_service_account_token=False,
        )
        k8s.KubeDeployment(
            page,
            f"{proxy.id}-deployment",
            metadata=metadata(self._platform, proxy.id, labels=proxy.selector),
            spec=k8s.DeploymentSpec(
                # Limits and budgets are counted in memory, so a second replica would double them.
                replicas=1,
                revision_history_limit=3,
                selector=k8s.LabelSelector(match_labels=proxy.selector),
                template=k8s.PodTemplateSpec(
                    metadata=k8s.ObjectMeta(
                        labels={**common_labels(self._platform), **proxy.selector},
                        annotations={CONFIG_ANNOTATION: fingerprint},
                    ),
                    spec=k8s.PodSpec(
                        service_account_name=proxy.id,
                        automount_service_account_token=False,
                        enable_service_links=False,
                        security_context=pod_security(UID),
                        containers=[
                            k8s.Container(
                                name=proxy.main_container,
                                image=proxy.image.reference,
                                args=list(config.CONTAINER_ARGS),
                                env=[*secret_env(proxy), *plain_env(config.CONTAINER_ENV)],
                                ports=[k8s.ContainerPort(name="http", container_port=PORT.number)],
                                # It loads for 11 to 25 seconds on two cores; give it two minutes.
                                startup_probe=http_probe(config.PROBE_PATH, "http", period=5, failures=24),
                                readiness_probe=http_probe(config.PROBE_PATH, "http", period=10, failures=3),
                                liveness_probe=http_probe(config.PROBE_PATH, "http", period=30, failures=3, timeout=10),
                                resources=requirements(proxy.resources),
                                security_context=restricted(),
                                volume_mounts=[
                                    k8s.VolumeMount(name="config", mount_path=config.CONFIG_FOLDER, read_only=True),
                                    k8s.VolumeMount(name="tmp", mount_path="/tmp"),  # noqa: S108 - of the pod
                                ],
                            )
                        ],
                        volumes=[
                            k8s.Volume(name="config", config_map=k8s.ConfigMapVolumeSource(name=f"{proxy.id}-config")),
                            k8s.Volume(
                                name="tmp",
                                empty_dir=k8s.EmptyDirVolumeSource(size_limit=quantity("256Mi")),
                            ),
                        ],
                    ),
                ),
            ),
        )
        explain = self._pages.explain
        pod = ("spec", "template", "spec")
        explain(
            "Deployment", proxy.id, "spec", "template", "metadata", "annotations", CONFIG_ANNOTATION,
            because="LiteLLM reads its configuration once, so a change of it must restart the pod.",
        )  # fmt: skip
        explain(
            "Deployment", proxy.id, "spec", "replicas",
            because="Request limits and budgets are counted in memory; a second replica would double them.",
        )  # fmt: skip
        explain(
            "Deployment", proxy.id, *pod, "containers", 0, "livenessProbe",
            because="Never /health: it needs a key, and makes one paid request to every model.",
        )  # fmt: skip
        explain(
            "Deployment", proxy.id, *pod, "containers", 0, "args",
            because="Without --config LiteLLM starts well, with no model and no key check.",
        )  # fmt: skip


def configuration(proxy: IsolatedLLMProxy) -> dict[str, str]:
    """The ConfigMap's files: LiteLLM's configuration, the gate, and whom the gate knows."""
    routes = [
        config.Route(
            model=model.id,
            upstream=model.upstream,
            key_env=provider.key.id,
            context_window=model.context_window,
            max_output=model.max_output,
            prompt_cache=model.prompt_cache,
        )
        for provider in proxy.providers
        for model in provider.models
    ]
    budgets = [provider.budget for provider in proxy.providers if provider.budget]
    clients = [
        config.Client(
            name=client.agent.id,
            key_env=client.key.id,
            models=tuple(model.id for model in client.models),
            rpm=client.requests_per_minute,
        )
        for client in proxy.clients
    ]
    gate = files("agentkeep.isolated_llm_proxy").joinpath("files", config.GATE_FILE).read_text(encoding="utf-8")
    return {
        config.CONFIG_FILE: yaml.safe_dump(
            config.render_config(routes, budgets, path=proxy.path), sort_keys=False, width=120
        ),
        config.CLIENTS_FILE: json.dumps(config.render_clients(clients, routes, path=proxy.path), indent=2) + "\n",
        config.GATE_FILE: gate,
    }
