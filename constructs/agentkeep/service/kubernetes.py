"""The Kubernetes half of a service: its files, its volume, its pod, its Service and a Secret of its own."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model, model_of
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep.secret_param.kubernetes import SecretParamKubernetes
from agentkeep.service.declaration import Service


class ServiceKubernetes(Construct):
    """
    Deployment, Service, ConfigMaps, claim, and a Secret of its own.

    Args:
        scope: A chart.
        id: Construct id.
        service: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        service: Service,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(service)
        writer = Writer(model, pages or Pages(self))
        SecretParamKubernetes(self, "secrets", service, model=model, pages=writer.pages)
        pod = model.pod(service.id)
        writer.files(pod)
        writer.claims(pod)
        about = f"{service.path} (Service)"
        writer.service(service, f"{service.id}-service", f"{about}: where its clients reach it")
        writer.workload(service, f"{service.id}-deployment", f"{about}: what it runs")
