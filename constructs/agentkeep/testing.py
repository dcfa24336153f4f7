"""Facts of an invented cluster, for examples and tests: every address and domain is reserved for documentation."""

from __future__ import annotations

from collections.abc import Sequence

from agentkeep.core.cluster import Cluster, Delivery, SecretStore, Target
from agentkeep.core.platform import Platform
from agentkeep.delivery.argocd import ArgoCd
from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Checksum, Tools
from agentkeep.secret_param.stores.aws import Aws
from agentkeep.secret_param.stores.parameter_store import ParameterStore
from agentkeep.storages.longhorn import Longhorn
from agentkeep.targets.helm import Chart
from agentkeep.targets.kubernetes import Manifests
from agentkeep.targets.terraform import TerraformModules, TerraformState
from agentkeep.tunnel_site.zone import Zone

DEMO_CLUSTER = Cluster(
    name="demo",
    pod_cidrs=("10.244.0.0/16",),
    service_cidrs=("10.96.0.0/12",),
    node_cidrs=("192.168.1.0/24",),
    api_server="192.168.1.10:6443",
    storage=Longhorn(replicas=2, backup_groups=("default",)),
)
DEMO_AWS = Aws(account_id="123456789012", region="eu-central-1")
DEMO_STORE = ParameterStore(name="parameterstore", aws=DEMO_AWS, prefix="/demo")
DEMO_STATE = TerraformState(bucket="demo-state", region="eu-central-1")
DEMO_ARGOCD = ArgoCd(repository="https://git.example.com/demo/cluster")
DEMO_ZONE = Zone(domain="example.com", account_id="a" * 32, zone_id="b" * 32, provider="~> 5")
DEMO_TARGETS = (TerraformModules(folder="terraform", state=DEMO_STATE), Manifests(folder="cluster"), Chart())
DEMO_TOOLS = Tools(
    codex="0.98.0",
    codex_sha512=Checksum("0.98.0", "0" * 128),
    gh="2.97.0",
    gh_sha256=Checksum("2.97.0", "0" * 64),
)


def demo_platform(
    id: str = "demo",  # noqa: A002 - the CDK's own word
    *,
    on: Cluster = DEMO_CLUSTER,
    store: SecretStore = DEMO_STORE,
    delivery: Delivery = DEMO_ARGOCD,
    targets: Sequence[Target] = DEMO_TARGETS,
) -> Platform:
    """An empty platform on the invented cluster."""
    return Platform(id, on=on, store=store, delivery=delivery, targets=targets)
