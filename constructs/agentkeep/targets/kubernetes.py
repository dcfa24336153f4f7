"""The manifests of a platform: one cdk8s chart for each file of the app's folder."""

from __future__ import annotations

from cdk8s import App, Chart
from constructs import Construct

from agentkeep.delivery.admission import AdmissionKubernetes
from agentkeep.delivery.argocd import DeliveryKubernetes
from agentkeep.delivery.namespace import NamespaceKubernetes
from agentkeep.egress_lockdown.declaration import EgressLockdown
from agentkeep.egress_lockdown.kubernetes import EgressLockdownKubernetes
from agentkeep.isolated_llm_proxy.declaration import IsolatedLLMProxy
from agentkeep.isolated_llm_proxy.kubernetes import IsolatedLLMProxyKubernetes
from agentkeep.pages import Pages
from agentkeep.platform import Platform
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.sandboxed_agent.kubernetes import SandboxedAgentKubernetes
from agentkeep.tunnel_site.declaration import TunnelSite
from agentkeep.tunnel_site.kubernetes import TunnelSiteKubernetes

# Applied with the app of apps, not by the Application itself: it must not be able to change its own limits.
BOOTSTRAP_PAGES = ("admission", "application", "appproject")


class ChartPages(Pages):
    """
    Every page a chart of its own, which cdk8s writes to a file of its own.

    Args:
        app: The cdk8s app.
    """

    def __init__(self, app: Construct) -> None:
        super().__init__(app)
        self.charts: dict[str, Chart] = {}
        self.about: dict[str, str] = {}

    def page(self, name: str, about: str) -> Construct:
        """The chart called *name*, made when it is asked for first."""
        if name not in self.charts:
            # Names and labels are given in full by the halves; the engine must not add its own.
            self.charts[name] = Chart(self._scope, name, disable_resource_name_hashes=True)
            self.about[name] = about
        return self.charts[name]


def manifests(app: App, platform: Platform) -> ChartPages:
    """Build every manifest of *platform* in *app*; returns the pages, by file name."""
    platform.seal()
    pages = ChartPages(app)
    # Beside the charts, so that a half may have the name of a page.
    halves = Construct(app, "halves")
    NamespaceKubernetes(halves, "namespace", platform, pages=pages)
    for lockdown in platform.parts(EgressLockdown):
        EgressLockdownKubernetes(halves, lockdown.id, lockdown, pages=pages)
    for proxy in platform.parts(IsolatedLLMProxy):
        IsolatedLLMProxyKubernetes(halves, proxy.id, proxy, pages=pages)
    for agent in platform.parts(SandboxedAgent):
        SandboxedAgentKubernetes(halves, agent.id, agent, pages=pages)
    for site in platform.parts(TunnelSite):
        TunnelSiteKubernetes(halves, site.id, site, pages=pages)
    AdmissionKubernetes(halves, "admission", platform, pages=pages)
    DeliveryKubernetes(halves, "delivery", platform, pages=pages)
    return pages
