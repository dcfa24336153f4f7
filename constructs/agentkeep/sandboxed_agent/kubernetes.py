"""The Kubernetes half of an agent: whatever its runtime is, its files, its volume, its pod and a Secret of its own."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model, model_of
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.secret_param.kubernetes import SecretParamKubernetes


class SandboxedAgentKubernetes(Construct):
    """
    Deployment, Service, claim, ConfigMaps, and a Secret of its own.

    Args:
        scope: A chart.
        id: Construct id.
        agent: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        agent: SandboxedAgent,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(agent)
        writer = Writer(model, pages or Pages(self))
        SecretParamKubernetes(self, "secrets", agent, model=model, pages=writer.pages)
        pod = model.pod(agent.id)
        writer.files(pod)
        writer.claims(pod)
        about = f"{agent.path} (SandboxedAgent)"
        reached = "where the tunnel reaches it" if model.published(agent.id) else "its ports; nobody publishes them"
        writer.service(agent, f"{agent.id}-service", f"{about}: {reached}")
        writer.workload(agent, f"{agent.id}-deployment", f"{about}: the agent itself")
