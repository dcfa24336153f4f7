"""The manifests of a platform: one cdk8s chart for each file of the app's folder."""

from __future__ import annotations

from cdk8s import App, Chart
from constructs import Construct, RootConstruct

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
BOOTSTRAP_PAGES = ("admission", "application", "appproject", "namespace", "storageclass")


# For every chart that it writes, cdk8s walks the whole app again. A second app keeps that from growing with the square.
CHARTS_PER_APP = 64


class ChartPages(Pages):
    """
    Every page a chart of its own, which cdk8s writes to a file of its own.

    Args:
        outdir: Where cdk8s writes.
    """

    def __init__(self, outdir: str) -> None:
        self._outdir = outdir
        self._apps = [self._new_app()]
        super().__init__(self._apps[0])
        self.charts: dict[str, Chart] = {}
        self.about: dict[str, str] = {}

    def page(self, name: str, about: str) -> Construct:
        """The chart called *name*, made when it is asked for first."""
        if name not in self.charts:
            # Names and labels are given in full by the halves; the engine must not add its own.
            if self.charts and len(self.charts) % CHARTS_PER_APP == 0:
                self._apps.append(self._new_app())
            self.charts[name] = Chart(self._apps[-1], name, disable_resource_name_hashes=True)
            self.about[name] = about
        return self.charts[name]

    def synth(self) -> None:
        """Write every page to ``<outdir>/<name>.yaml``."""
        for app in self._apps:
            app.synth()

    def _new_app(self) -> App:
        return App(outdir=self._outdir, output_file_extension=".yaml")


def manifests(outdir: str, platform: Platform) -> ChartPages:
    """Build every manifest of *platform*; returns the pages, which are yet to be written to *outdir*."""
    platform.seal()
    pages = ChartPages(outdir)
    # Apart from the charts, so that a half may have the name of a page, and no app walks all halves.
    halves = RootConstruct()
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
