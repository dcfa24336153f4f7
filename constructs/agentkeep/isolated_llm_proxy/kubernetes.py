"""The Kubernetes half of the LLM proxy: the program's files and pod, and the only Secret with provider keys."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model, model_of
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep.isolated_llm_proxy.declaration import IsolatedLLMProxy
from agentkeep.secret_param.kubernetes import SecretParamKubernetes


class IsolatedLLMProxyKubernetes(Construct):
    """
    Deployment, Service, ConfigMap, and a Secret of its own.

    Args:
        scope: A chart.
        id: Construct id.
        proxy: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        proxy: IsolatedLLMProxy,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(proxy)
        writer = Writer(model, pages or Pages(self))
        SecretParamKubernetes(self, "secrets", proxy, model=model, pages=writer.pages)
        writer.files(model.pod(proxy.id))
        about = f"{proxy.path} (IsolatedLLMProxy)"
        writer.service(proxy, f"{proxy.id}-service", f"{about}: where agents reach it")
        writer.workload(proxy, f"{proxy.id}-deployment", f"{about}: the only pod that holds provider keys")
