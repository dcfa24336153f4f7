"""The Kubernetes half of a site: the cloudflared that serves the tunnel."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model, model_of
from agentkeep.halves.kubernetes import Writer
from agentkeep.halves.pages import Pages
from agentkeep.secret_param.kubernetes import SecretParamKubernetes
from agentkeep.tunnel_site.declaration import TunnelSite


class TunnelSiteKubernetes(Construct):
    """
    A cloudflared Deployment with a Secret of its own.

    It is never a sidecar of what it publishes: code in the same pod could reach the origin over loopback and forge the
    header that names the person.

    Args:
        scope: A chart.
        id: Construct id.
        site: What was declared.
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        site: TunnelSite,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(site)
        writer = Writer(model, pages or Pages(self))
        SecretParamKubernetes(self, "secrets", site, model=model, pages=writer.pages)
        hosts = ", ".join(published.host for published in site.hosts(model))
        about = f"{site.path} (TunnelSite): cloudflared, which connects outward and publishes {hosts}"
        writer.workload(site, site.id, about)
